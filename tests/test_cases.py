"""Worked examples as data: every file in tests/cases is scored and compared with what its source prints."""

from pathlib import Path

import pandas as pd
import pytest

from perfkit import rules, tables
from perfkit.measure import scorecard
from perfkit.rules import notation

FOLDER = Path(__file__).with_name("cases")
FILES = sorted(FOLDER.glob("*.yaml"))
NEEDED = {"title", "source", "pack", "on", "indicators", "values", "expected"}
OPTIONAL = {"scheme", "denominator", "units"}
TOTALS = {"total": "points", "low": "points_low", "high": "points_high", "coverage": "coverage", "grade": "grade"}
ITEM = {
    "points": "points",
    "low": "points_low",
    "high": "points_high",
    "share": "share",
    "status": "status",
    "sentence": "why_zh",
    "sentence_en": "why_en",
}


class CaseFile(notation.UniqueKeys):
    """YAML in which ``on`` is a word, as in order files, not YAML 1.1's yes."""


CaseFile.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:bool"]
    for first, pairs in notation.UniqueKeys.yaml_implicit_resolvers.items()
}


def read(path):
    case = notation.parse(path.read_text(encoding="utf-8"), CaseFile)
    assert set(case) >= NEEDED, f"{path.name} lacks {NEEDED - set(case)}"
    assert set(case) <= NEEDED | OPTIONAL, f"{path.name}: unknown {set(case) - NEEDED - OPTIONAL}"
    return case


def score(case):
    held = rules.load(case["pack"], case["on"])
    library = tables.check(pd.DataFrame(case["indicators"]), "indicators")
    values = pd.DataFrame([{"unit_id": "case", **row} for row in case["values"]])
    units = pd.DataFrame([{"unit_id": "case", "name": case["title"], **row} for row in case.get("units", [])])
    rest = held.value("full_points") - library["points"].sum()
    if rest > 0:
        filler = {"indicator_id": "rest", "level1": "其余", "level3": "其余指标", "kind": "reported", "points": rest}
        library = tables.check(pd.concat([library, pd.DataFrame([filler])]), "indicators")
        years = values[["unit_id", *(["year"] if "year" in values else [])]].drop_duplicates()
        values = pd.concat([values, years.assign(indicator_id="rest", points_reported=rest)])
    return scorecard.score(
        tables.check(values.reset_index(drop=True), "values"),
        library,
        held,
        units=tables.check(units, "units") if len(units) else None,
        scheme=case.get("scheme"),
        denominator=case.get("denominator", "self_form"),
    )


def differences(case):
    """Return what comes out otherwise than expected, one line each."""
    card = score(case)
    items = card.items.set_index("indicator_id")
    wanted = dict(case["expected"])
    checks = [(name, TOTALS[name], card.results.iloc[0], wanted.pop(name)) for name in TOTALS if name in wanted]
    for code, parts in wanted.items():
        assert code in items.index, f"expected: no indicator {code!r}"
        assert set(parts) <= set(ITEM), f"expected of {code}: unknown {set(parts) - set(ITEM)}"
        checks += [(f"{code} {name}", ITEM[name], items.loc[code], want) for name, want in parts.items()]
    assert checks, "nothing is expected"
    got = [(name, row[column], want) for name, column, row, want in checks]
    return [f"{name}: {have!r}, expected {want!r}" for name, have, want in got if not same(have, want)]


def same(have, want):
    if want is None:
        return bool(pd.isna(have))
    return have == (pytest.approx(want, abs=1e-9) if isinstance(want, int | float) else want)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_case(path):
    assert differences(read(path)) == []


def test_there_are_cases():
    assert len(FILES) >= 10


def test_every_case_names_a_source_outside():
    for path in FILES:
        source = read(path)["source"]
        assert len(source) > 5
        assert "perfkit" not in source


def test_a_wrong_expectation_is_caught():
    case = read(FOLDER / "yongde-o1-pupils.yaml")
    assert len(differences({**case, "expected": {"O1": {"points": 9, "sentence": "x"}, "grade": "良"}})) == 3


def test_an_unknown_key_is_caught(tmp_path):
    text = (FOLDER / "yongde-o1-pupils.yaml").read_text(encoding="utf-8")
    (tmp_path / "a.yaml").write_text(text + "\npages: 3\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="pages"):
        read(tmp_path / "a.yaml")
