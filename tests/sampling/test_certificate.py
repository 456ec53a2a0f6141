"""A draw that anyone can verify: the same certificate everywhere, and a clear word when something was changed."""

import hashlib

import numpy as np
import pandas as pd
import pytest
import yaml

from perfkit import sampling, tables
from perfkit.errors import SampleError

VALUE = "2022065期 03 09 11 20 25 31 + 07"
TERMS = {"title": "抽评", "announced": "某彩票 2022065 期开奖号码", "method": "srs", "strata": ("department",)}


@pytest.fixture
def frame():
    rng = np.random.default_rng(5)
    made = pd.DataFrame(
        {
            "unit_id": [f"P{at:03d}" for at in range(120)],
            "department": np.where(np.arange(120) % 3, "教育厅", "水利厅"),
            "budget": rng.integers(1, 900, 120) * 1000.5,
            "points_reported": rng.integers(120, 200, 120) / 2,
            "recommended": np.arange(120) % 20 == 0,
            "name": [f"项目{at}" for at in range(120)],
        }
    )
    return tables.check(made, "frame")


def issued(frame, tmp_path, **terms):
    plan = sampling.announce(frame, **{**TERMS, "sizes": {"教育厅": 8, "水利厅": 5}, "reserve": 2, **terms})
    drawn = sampling.certify(plan, frame, VALUE)
    path = tmp_path / "证书.yaml"
    path.write_text(drawn.text, encoding="utf-8", newline="\n")
    return path, drawn


def test_csv_parquet_excel_and_row_order_give_the_same_bytes(frame, tmp_path):
    _, first = issued(frame, tmp_path)
    shuffled = frame.sample(frac=1, random_state=3)
    for name in ("框.csv", "框.parquet", "框.xlsx"):
        file = tmp_path / name
        if name.endswith("csv"):
            shuffled.to_csv(file, index=False)
        elif name.endswith("parquet"):
            shuffled.to_parquet(file)
        else:
            tables.write({"frame": shuffled}, file)
        path, again = issued(tables.read(file, "frame"), tmp_path)
        assert again.text == first.text
        assert path.read_bytes() == first.text.encode()
        pd.testing.assert_frame_equal(again.sample, first.sample)


def test_the_certificate_holds_and_gives_the_sample_back(frame, tmp_path):
    path, drawn = issued(frame, tmp_path)
    again = sampling.verify(path, frame.iloc[::-1])
    pd.testing.assert_frame_equal(again.sample, drawn.sample)
    counts = drawn.sample["part"].value_counts().to_dict()
    assert counts == {"random": 13, "recommended": 6, "reserve": 4}
    assert {part: n for part, n in drawn.certificate["sample"].items() if n and part != "sha256"} == counts


def test_the_steps_can_be_done_by_hand(frame, tmp_path):
    """The seed, a unit's number and who is drawn, with nothing but SHA-256 and sorting."""
    _, drawn = issued(frame, tmp_path)
    seed = hashlib.sha256(f"perfkit sampling seed|{VALUE}".encode()).hexdigest()
    assert drawn.certificate["seed"] == seed

    def number(unit):
        first = int.from_bytes(hashlib.sha256(f"{seed}|{unit}".encode()).digest()[:8], "big")
        return ((first >> 11) | 1) / 2**53

    for department, n in {"教育厅": 8, "水利厅": 5}.items():
        open_ = frame[frame["department"].eq(department) & ~frame["recommended"].astype(bool)]["unit_id"]
        by_hand = sorted(sorted(open_, key=number)[:n])
        random = drawn.sample[drawn.sample["part"].eq("random") & drawn.sample["stratum"].eq(department)]
        assert random["unit_id"].tolist() == by_hand


def test_the_public_value_alone_moves_the_sample(frame, tmp_path):
    _, drawn = issued(frame, tmp_path)
    other = sampling.certify(drawn.plan, frame, VALUE.replace("07", "08"))
    assert other.certificate["plan_sha256"] == drawn.certificate["plan_sha256"]
    assert other.certificate["sample"]["sha256"] != drawn.certificate["sample"]["sha256"]
    assert sampling.certify(drawn.plan, frame, f"  {VALUE} ").text == drawn.text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda frame: frame.assign(budget=frame["budget"].where(frame["unit_id"].ne("P007"), 1.0)), "列 budget"),
        (lambda frame: frame.assign(name=frame["name"].str.replace("项目9", "工程9")), "列 name"),
        (lambda frame: frame.iloc[1:], "行数 · 应为 120 · 实为 119"),
        (lambda frame: frame.assign(department=frame["department"].replace("水利厅", "林业局")), "列 department"),
    ],
)
def test_a_changed_frame_is_named_by_its_column(frame, tmp_path, change, said):
    path, _ = issued(frame, tmp_path)
    with pytest.raises(SampleError, match="抽样框与方案不符") as caught:
        sampling.verify(path, change(frame))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda held: held["plan"]["sizes"].update(教育厅=9), "方案与所公布的不同"),
        (lambda held: held.update(public_value="2022065期 01"), "种子与公开值不符"),
        (lambda held: held["sample"].update(random=14), "证书在出具后被改动"),
        (lambda held: held.update(seed="0" * 64), "种子与公开值不符"),
        (lambda held: held.update(form="other"), "不是抽样证书"),
        (lambda held: held["plan"].pop("method"), "缺少字段"),
        (lambda held: held.update(sample="zzz"), "字段取值不正确"),
        (lambda held: held.update(inspector="somebody"), "多余的字段"),
    ],
)
def test_a_tampered_certificate_is_caught(frame, tmp_path, change, said):
    path, _ = issued(frame, tmp_path)
    held = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(held)
    path.write_text(yaml.safe_dump(held, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with pytest.raises(SampleError, match=said):
        sampling.verify(path, frame)


def test_files_that_are_no_certificate_are_refused(frame, tmp_path):
    for content in (b"\xff\xfe\x00", b"- 1\n- 2\n", b"{: :", b"a: 1"):
        path = tmp_path / "坏.yaml"
        path.write_bytes(content)
        with pytest.raises(SampleError):
            sampling.verify(path, frame)
    with pytest.raises(SampleError, match="无法读取"):
        sampling.read_plan(tmp_path / "没有.yaml")


def test_last_years_numbers_keep_a_panel_or_move_away_from_it(frame, tmp_path):
    _, last = issued(frame, tmp_path)
    earlier = {"numbers_of": last.certificate["seed"], "numbers_from": last.certificate["sha256"]}
    drawn_last = set(last.sample.loc[last.sample["part"].eq("random"), "unit_id"])

    def now(value, way):
        sizes = {"教育厅": 8, "水利厅": 5}
        plan = sampling.announce(frame, **TERMS, sizes=sizes, coordinate=way, **earlier)
        return sampling.certify(plan, frame, value)

    kept, moved, other = now("今年的公开值", "keep"), now("今年的公开值", "move"), now("另一个公开值", "move")
    assert set(kept.sample.loc[kept.sample["part"].eq("random"), "unit_id"]) == drawn_last
    assert "与公开值无关" in kept.certificate["how"]["zh"]
    for each in (moved, other):
        assert not drawn_last & set(each.sample.loc[each.sample["part"].eq("random"), "unit_id"])
        assert 0.25 <= each.certificate["read_from"] <= 0.75
    # Where to read from follows from the public value: whoever plans cannot choose it.
    assert moved.certificate["sample"]["sha256"] != other.certificate["sample"]["sha256"]
    with pytest.raises(SampleError):
        sampling.announce(frame, **TERMS, sizes={"教育厅": 8, "水利厅": 5}, numbers_of="a" * 64)


def test_an_unknown_column_of_the_file_may_change(frame, tmp_path):
    path, _ = issued(frame.assign(memo="a"), tmp_path)
    sampling.verify(path, frame.assign(memo="b"))


def test_a_plan_is_read_back_as_written(frame, tmp_path):
    plan = sampling.announce(frame, **TERMS, sizes={"教育厅": 8, "水利厅": 5})
    path = tmp_path / "方案.yaml"
    path.write_text(sampling.write_plan(plan), encoding="utf-8")
    assert sampling.read_plan(path) == plan
    with pytest.raises(SampleError, match="字段取值不正确"):
        sampling.announce(frame, **{**TERMS, "method": "choice"}, sizes={"教育厅": 8})


@pytest.mark.parametrize(
    "terms", [{"method": "pps_systematic"}, {"size": "budget"}, {"method": "systematic", "coordinate": "move"}]
)
def test_a_plan_that_can_never_be_drawn_is_not_made(frame, terms):
    earlier = {"numbers_of": "a" * 64} if "coordinate" in terms else {}
    with pytest.raises(SampleError):
        sampling.announce(frame, **{**TERMS, **terms, **earlier}, sizes={"教育厅": 8, "水利厅": 5})


def resealed(held, path):
    rest = {key: value for key, value in held.items() if key != "sha256"}
    style = {"allow_unicode": True, "sort_keys": False, "width": 100_000, "default_flow_style": False}
    rest["sha256"] = hashlib.sha256(yaml.safe_dump(rest, **style).encode()).hexdigest()
    path.write_text(yaml.safe_dump(rest, **style), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda held: held["sample"].update(sha256="f" * 64), "重新抽取的样本与证书不同"),
        (lambda held: held["how"].update(zh="随便"), "重新抽取的样本与证书不同"),
        (lambda held: held.update(read_from=0.3), "重新抽取的样本与证书不同"),
    ],
)
def test_a_certificate_forged_and_resealed_is_caught_by_drawing_again(frame, tmp_path, change, said):
    path, drawn = issued(frame, tmp_path)
    held = yaml.safe_load(drawn.text)
    change(held)
    resealed(held, path)
    with pytest.raises(SampleError, match=said):
        sampling.verify(path, frame)


def test_the_headline_digest_of_the_frame_is_checked_too(frame, tmp_path):
    path, drawn = issued(frame, tmp_path)
    held = yaml.safe_load(drawn.text)
    held["plan"]["frame"]["sha256"] = "0" * 64
    plan = sampling.Plan.model_validate(held["plan"])
    held["plan_sha256"] = hashlib.sha256(sampling.write_plan(plan).encode()).hexdigest()
    resealed(held, path)
    with pytest.raises(SampleError, match="与各列不符"):
        sampling.verify(path, frame)


def test_seventeen_digits_survive_a_spreadsheet(frame, tmp_path):
    odd = frame.assign(budget=frame["budget"] / 3)
    tables.write({"frame": odd}, tmp_path / "框.xlsx")
    assert issued(tables.read(tmp_path / "框.xlsx", "frame"), tmp_path)[1].text == issued(odd, tmp_path)[1].text
