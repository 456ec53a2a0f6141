"""Orders: what is carried out, and every refusal with its message."""

import re
import textwrap
import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import nbformat
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook

from perfkit.errors import OrderError
from perfkit.reporting.orders import load, signature
from perfkit.reporting.orders.names import slug
from perfkit.reporting.signatures import ParameterSpec

PARAMETERS = """\
unit_id: str = ""  # required: the unit
on: str = "2022-12-31"  # the day
data: str = ""  # where the forms are
rate: float | None = None  # a rate
n: int = 5
strict: bool = False
groups: list[str] = []
cuts: list[float] = [60, 80.5]
lang: str = "zh"
"""


@pytest.fixture
def office(tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "reports").mkdir()
    notebook(tmp_path / "notebooks/42_key_evaluation.ipynb")
    return tmp_path


def notebook(path, source=PARAMETERS, tags=("parameters",)):
    nbformat.write(new_notebook(cells=[new_code_cell(source, metadata={"tags": list(tags)})]), path)
    return path


def order(office, text, name="key-2022.yaml"):
    path = office / "reports" / name
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def ask(office, runs, common="{}", more=""):
    return order(
        office,
        f"title: 试\nnotebook: notebooks/42_key_evaluation.ipynb\ncommon: {common}\nruns: {runs}\n{more}",
    )


def refusal(path):
    with pytest.raises(OrderError) as caught:
        load(path)
    return str(caught.value)


def test_a_signature_has_unions_comments_and_what_is_required(tmp_path):
    specs = {spec.name: spec for spec in signature(notebook(tmp_path / "a.ipynb"))}
    assert specs["unit_id"] == ParameterSpec("unit_id", "str", "", True, "required: the unit")
    assert specs["rate"] == ParameterSpec("rate", "float | None", None, False, "a rate")
    assert specs["n"] == ParameterSpec("n", "int", 5)
    assert specs["cuts"].default == [60, 80.5]
    assert list(specs) == ["unit_id", "on", "data", "rate", "n", "strict", "groups", "cuts", "lang"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1", "not a declaration with a type"),
        ("x: int = 1\nimport os", "not a declaration with a type"),
        ("x: dict = {}", "a type that is not supported"),
        ("x: int = f()", "no literal default"),
        ("x: int = '1'", "x has the wrong type"),
        ("x: int = 1\nx: int = 2", "declared twice"),
        ("x: int = ", "is not Python"),
        ("%matplotlib inline", "is not Python"),
    ],
)
def test_a_parameters_cell_is_declarations_only(tmp_path, source, message):
    with pytest.raises(OrderError, match=message):
        signature(notebook(tmp_path / "a.ipynb", source))


def test_a_chinese_required_and_a_hash_inside_text(tmp_path):
    specs = signature(notebook(tmp_path / "a.ipynb", 'x: str = "#1"  # 必填：编码\n# alone\ny: str = ""'))
    assert specs[0] == ParameterSpec("x", "str", "#1", True, "必填：编码")
    assert specs[1].comment == ""


def test_a_notebook_without_such_a_cell_or_that_is_none(tmp_path):
    with pytest.raises(OrderError, match="tagged parameters"):
        signature(notebook(tmp_path / "a.ipynb", tags=()))
    (tmp_path / "b.ipynb").write_text("no")
    with pytest.raises(OrderError, match="not a notebook"):
        signature(tmp_path / "b.ipynb")


def test_an_order_becomes_jobs(office):
    (office / "forms").mkdir()
    path = ask(office, '[{unit_id: "001"}, {unit_id: 乙, rate: 1, on: 2023-01-31}]', "{on: 2022-12-31, data: forms}")
    made = load(path)
    assert made.root == office
    assert made.formats == ("html",)
    assert [dict(job.parameters) for job in made.jobs] == [
        {"on": "2022-12-31", "data": "forms", "unit_id": "001"},
        {"on": "2023-01-31", "data": "forms", "unit_id": "乙", "rate": 1.0},
    ]
    assert isinstance(made.jobs[1].parameters["rate"], float)
    assert made.jobs[0].settings["cuts"] == [60, 80.5]
    assert made.jobs[0].lang == "zh"


def test_each_from_values_and_from_files(office):
    (office / "u.csv").write_bytes("unit_id,year,n\n001,2022,7\n001,2023,8\n002,2022,x\n,2022,1\n".encode("gb18030"))
    pd.DataFrame({"unit_id": ["007", "NA"]}).to_excel(office / "u.xlsx", index=False)
    named = [job.parameters["unit_id"] for job in load(ask(office, "{each: unit_id, from: u.csv}")).jobs]
    assert named == ["001", "002"]
    excel = [job.parameters["unit_id"] for job in load(ask(office, "{each: unit_id, from: u.xlsx}")).jobs]
    assert excel == ["007", "NA"]
    values = load(ask(office, '{each: unit_id, values: ["a", "b"]}')).jobs
    assert [job.title for job in values] == ["key_evaluation a", "key_evaluation b"]
    assert "got 'x' (str)" in refusal(ask(office, "{each: n, from: u.csv}", '{unit_id: "1"}'))


def test_parts_make_different_reports(office):
    notebook(office / "notebooks/10_ex_ante.ipynb", 'unit_id: str = ""')
    made = load(
        order(
            office,
            """
            title: 两种
            parts:
              - {notebook: notebooks/42_key_evaluation.ipynb, runs: [{unit_id: "1"}]}
              - {notebook: notebooks/10_ex_ante.ipynb, common: {unit_id: "1"}, runs: [{}]}
            """,
        )
    )
    assert [job.slug.rpartition("-")[0] for job in made.jobs] == ["key_evaluation-1", "ex_ante"]


@pytest.mark.parametrize(
    ("runs", "common", "message"),
    [
        ("[{unit_id: 007}]", "{}", 'quote it, as it is written: unit_id: "…"'),
        ("[{unit_id: 007}]", "{}", "got 7 (int)"),
        ('[{unit_id: "1", unit: 2}]', "{}", "did you mean unit_id?"),
        ('[{unit_id: "1", zzz: 2}]', "{}", "known: unit_id, on, data"),
        ('[{n: 1}, {unit_id: "1"}]', "{}", "required parameter unit_id is missing · key-2022.yaml › runs[1]"),
        ("[{n: 1}, {n: 2}]", "{}", "required parameter unit_id is missing · key-2022.yaml › common"),
        ('[{unit_id: "1", n: true}]', "{}", "n has the wrong type"),
        ('[{unit_id: "1", n: 1.5}]', "{}", "expected int · got 1.5 (float)"),
        ('[{unit_id: "1", n: null}]', "{}", "got None"),
        ('[{unit_id: "1", rate: "1e5"}]', "{}", "write the number without quotes"),
        ('[{unit_id: "1", rate: .nan}]', "{}", "rate has the wrong type"),
        ('[{unit_id: "1", strict: yes}]', "{}", "write true or false"),
        ('[{unit_id: "1", groups: [a, 1]}]', "{}", "groups [2]"),
        ('[{unit_id: "1", groups: a}]', "{}", "expected list[str]"),
        ('[{unit_id: "1", a-b: 1}]', "{}", "not a name of a parameter"),
        ('[{unit_id: "1", class: 1}]', "{}", "not a name of a parameter"),
        ('[{unit_id: "1"}, {unit_id: "1"}]', "{}", "the same run stands twice"),
        ("[]", "{}", "no runs at all"),
        ("{each: unit_id, values: []}", "{}", "no runs at all"),
        ("{each: unit_id}", "{}", "a list of runs, {each, from} or {each, values}"),
        ("{each: unit_id, from: nowhere.csv}", "{}", "cannot read the file"),
        ('[{unit_id: "1"}]', "{data: nowhere}", "no such data"),
        ('[{unit_id: "1", unit_id: "2"}]', "{}", "the key 'unit_id' stands twice"),
        ("[{unit_id: a", "{}", "not valid YAML"),
    ],
)
def test_refusals(office, runs, common, message):
    assert message in refusal(ask(office, runs, common))


def test_the_key_on_is_a_name_not_a_truth(office):
    assert load(ask(office, '[{unit_id: "no", on: "2021-01-01"}]')).jobs[0].parameters["on"] == "2021-01-01"


def test_all_problems_are_told_at_once(office):
    told = refusal(ask(office, "[{unit_id: 7}, {uint_id: x}]", "{n: a, data: nowhere}", "formats: [odt]"))
    for message in (
        "6 problems",
        "quote it",
        "did you mean unit_id",
        "n has the wrong",
        "no such data",
        "format not",
    ):
        assert message in told
    assert "expected html, docx, pdf · got odt" in told
    assert "请加引号" in told


def test_a_column_that_the_file_has_not(office):
    (office / "u.csv").write_text("code\n1\n")
    assert "expected unit_id · got code" in refusal(ask(office, "{each: unit_id, from: u.csv}"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: 试\nnotebook: notebooks/none.ipynb\nruns: [{}]", "no such notebook"),
        ("title: 试\nnotebok: x\nruns: [{}]", "did you mean notebook?"),
        ("title: 试\nruns: [{}]", "key missing · key-2022.yaml › notebook"),
        ("title: 试\nparts: []", "no parts"),
        ("title: 试\nparts: [{notebook: a.ipynb, runs: [{}], formats: [html]}]", "unknown key"),
        ("", "wrong value"),
    ],
)
def test_refusals_of_form(office, text, message):
    assert message in refusal(order(office, text))


def test_refusals_of_the_file_itself(office):
    assert "no such file" in refusal(office / "reports/none.yaml")
    assert "not the name of an order" in refusal(office / "reports/none")
    assert "not available" in refusal(ask(office, '[{unit_id: "1"}]', more="formats: [odt]"))


@pytest.mark.parametrize(
    ("unit", "slug"),
    [
        ("../../etc/passwd", "key_evaluation-etc-passwd"),
        ("甲小学（东区）?*", "key_evaluation-甲小学-东区"),
        ("a b", "key_evaluation-a-b"),
        ("长" * 200, "key_evaluation-" + "长" * 45),
        ("C:\\\\CON.txt", "key_evaluation-C-CON-txt"),
    ],
)
def test_slugs_are_safe_file_names(office, unit, slug):
    made = load(ask(office, f'[{{unit_id: "{unit}"}}]')).jobs[0].slug
    plain, _, digest = made.rpartition("-")
    assert plain == slug
    assert len(digest) == 8
    assert int(digest, 16) >= 0


def test_a_slug_tells_apart_what_looks_alike_and_stays_the_same(office):
    first, second = (job.slug for job in load(ask(office, '[{unit_id: "a/b"}, {unit_id: "a?b"}]')).jobs)
    assert first.rpartition("-")[0] == second.rpartition("-")[0]
    assert first != second
    again = load(ask(office, '[{unit_id: "a/b"}]')).jobs[0].slug
    assert again == first


@given(st.lists(st.text(), min_size=1, max_size=3))
@example(["../x"])
@example(["\u202e\u200fexe.gpj"])
@example(["CON"])
@example(["a."])
@example([" x "])
@example(["甲" * 300])
@example(["\U00020000" * 300])
@example(["\ud800"])
def test_any_words_make_a_file_name(words):
    made = slug(words, {"words": words})
    # 255 bytes is what file systems allow; the ending and the mark of an unfinished file come to it.
    assert len(f".{made}.ipynb.abcdefgh.part".encode()) <= 255
    assert not set(made) & set('/\\:*?"<>|. \0')
    assert all(unicodedata.category(each)[0] in "LN" or each in "-_" for each in made)
    assert PureWindowsPath(made).name == PurePosixPath(made).name == made
    assert not PureWindowsPath(f"{made}.html").is_reserved()
    assert re.fullmatch(r"[^-].*-[0-9a-f]{8}", made, re.DOTALL)


def test_a_long_name_is_a_file(tmp_path):
    path = tmp_path / f".{slug(['𠀀' * 300], {})}.ipynb.abcdefgh.part"
    path.write_text("x")
    assert path.exists()


def test_a_run_for_each_file(office):
    for name in ("b.xlsx", "a.xlsx", "~$a.xlsx", ".b.xlsx", "c.csv", "sub/d.xlsx"):
        path = office / "forms" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")

    def found(pattern):
        asked = ask(office, f'{{each: data, glob: "{pattern}"}}', '{unit_id: "1"}')
        return [job.parameters["data"] for job in load(asked).jobs]

    assert found("forms/*.xlsx") == ["forms/a.xlsx", "forms/b.xlsx"]
    assert found("forms/**/*.xlsx") == ["forms/a.xlsx", "forms/b.xlsx", "forms/sub/d.xlsx"]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("forms/*.ods", "no runs at all"),
        ("../*.xlsx", "leaves the order's root"),
        ("/etc/*", "leaves the order's root"),
        ("C:/x/*", "leaves the order's root"),
        ("", "leaves the order's root"),
    ],
)
def test_refusals_of_patterns(office, pattern, message):
    assert message in refusal(ask(office, f'{{each: data, glob: "{pattern}"}}', '{unit_id: "1"}'))
