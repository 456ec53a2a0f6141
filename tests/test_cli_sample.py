"""The command sample: plan, draw, verify, estimate; nothing written over, every refusal with its cell."""

import shutil
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import yaml

from perfkit import cli, tables

SAMPLES = Path(__file__).resolve().parents[1] / "data" / "samples" / "province-simulated"
PUBLIC = "03 09 11 20 25 31 + 07"


@pytest.fixture
def frame(tmp_path):
    return Path(shutil.copy(SAMPLES / "frame.simulated.csv", tmp_path / "抽样框.csv"))


def run(*arguments):
    return cli.main(["sample", *map(str, arguments)])


def plan(frame, out, *more):
    return run(
        *("plan", frame, "--title", "2021 年度项目支出绩效自评抽评（模拟）", "--on", "2021-12-31", "-n", 600),
        *("--announced", "模拟：双色球 2022-06-07 开奖号码", "-o", out, *more),
    )


def test_from_plan_to_estimates(frame, tmp_path, capsys):
    file, out = tmp_path / "方案.yaml", tmp_path / "抽样结果"
    assert plan(frame, file) == 0
    said = capsys.readouterr().out
    assert "规定的抽评比例不低于 10%" in said
    assert "569" in said
    assert run("draw", file, frame, "--public-value", PUBLIC, "-o", out) == 0
    # The certificate that ships with the sample was made so: the same bytes here.
    assert (out / "certificate.yaml").read_bytes() == (SAMPLES / "certificate.simulated.yaml").read_bytes()
    sample = tables.read(out / "sample.csv", "sample")
    assert sample["part"].value_counts().to_dict() == {"random": 500, "recommended": 100, "reserve": 59}
    assert tables.read(out / "sample.xlsx", "sample")["unit_id"].tolist() == sample["unit_id"].tolist()

    shuffled = tmp_path / "另一台机器.parquet"
    pd.read_csv(frame, dtype={"unit_id": str}).sample(frac=1, random_state=1).to_parquet(shuffled)
    capsys.readouterr()
    assert run("verify", out / "certificate.yaml", shuffled) == 0
    assert "核验通过" in capsys.readouterr().out

    book = tmp_path / "推断.xlsx"
    checks = SAMPLES / "checks.simulated.csv"
    assert run("estimate", out / "certificate.yaml", frame, checks, "--on", "2021-12-31", "-o", book) == 0
    assert "自评平均比抽评高 5.2 分" in capsys.readouterr().out
    assert "等级校正" in openpyxl.load_workbook(book, read_only=True).sheetnames


def test_nothing_is_written_over(frame, tmp_path, capsys):
    file, out = tmp_path / "方案.yaml", tmp_path / "抽样结果"
    assert plan(frame, file) == 0
    before = file.read_bytes()
    assert plan(frame, file) == 2
    assert file.read_bytes() == before
    assert run("draw", file, frame, "--public-value", PUBLIC, "-o", out) == 0
    assert run("draw", file, frame, "--public-value", "another", "-o", out) == 2
    assert "方案与证书不得覆盖" in capsys.readouterr().err
    checks = Path(shutil.copy(SAMPLES / "checks.simulated.csv", tmp_path / "抽评.xlsx"))
    assert run("estimate", out / "certificate.yaml", frame, checks, "--on", "2021-12-31", "-o", checks) == 2


def test_a_changed_frame_and_a_tampered_certificate(frame, tmp_path, capsys):
    text = frame.read_text(encoding="utf-8")
    frame.write_text(text.replace("农业农村项目（模拟）0007", "农业农村工程（模拟）0007"), encoding="utf-8")
    assert run("verify", SAMPLES / "certificate.simulated.yaml", frame) == 2
    assert "抽样框与方案不符 · column 列 name" in capsys.readouterr().err
    frame.write_text(text, encoding="utf-8")
    held = yaml.safe_load((SAMPLES / "certificate.simulated.yaml").read_text(encoding="utf-8"))
    held["sample"]["random"] = 501
    forged = tmp_path / "证书.yaml"
    forged.write_text(yaml.safe_dump(held, allow_unicode=True, sort_keys=False), encoding="utf-8")
    assert run("verify", forged, frame) == 2
    assert "证书在出具后被改动" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "more", "said"),
    [
        (lambda f: f.assign(budget=0.0), ["--method", "pareto", "--measure", "budget"], "budget"),
        (lambda f: f.assign(department=f["department"].where(f.index != 3)), [], "P0004"),
        (lambda f: pd.concat([f, f.iloc[:1]]), [], "P0001"),
        (lambda f: f, ["-n", "6000"], "多于总体单位数 · n · 应为 ≤ 5688"),
        (lambda f: f, ["-n", "120"], "不足以覆盖 30 层和100 项推荐必查 · n · 应为 ≥ 160"),
        (lambda f: f.assign(points_reported=f["points_reported"].where(f.index != 3, "149")), [], "自评得分高于满分"),
        (lambda f: f, ["--strata", "行业"], "行业"),
        (lambda f: f, ["--method", "choice"], "choice"),
        (lambda f: f, ["--method", "pps_systematic"], "按规模抽样须指定规模指标"),
    ],
)
def test_what_cannot_be_drawn_is_refused(frame, tmp_path, capsys, change, more, said):
    change(pd.read_csv(frame, dtype=str)).to_csv(frame, index=False)
    assert plan(frame, tmp_path / "方案.yaml", *more) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "方案.yaml").exists()


def test_a_stratum_with_one_unit_is_taken_whole(frame, tmp_path, capsys):
    held = pd.read_csv(frame, dtype=str)
    held.loc[held["recommended"].eq("否").idxmax(), "department"] = "独立部门（模拟）"
    held.to_csv(frame, index=False)
    assert plan(frame, tmp_path / "方案.yaml") == 0
    said = capsys.readouterr().out
    row = next(line for line in said.splitlines() if line.startswith("独立部门"))
    assert float(row.split("\t")[-1]) == 1  # the rate: all of it, so that it has no error of its own
    assert "独立部门（模拟）：单位数不足每层下限，全部抽取" in said


def test_next_year_keeps_last_years_units_or_moves_away(frame, tmp_path):
    shared = {}
    last = tables.read(SAMPLES / "frame.simulated.csv", "frame")
    certificate = SAMPLES / "certificate.simulated.yaml"
    for way in ("keep", "move"):
        file, out = tmp_path / f"{way}.yaml", tmp_path / way
        assert plan(frame, file, "--numbers-of", certificate, "--coordinate", way) == 0
        assert run("draw", file, frame, "--public-value", "next year's", "-o", out) == 0
        drawn = tables.read(out / "sample.csv", "sample")
        shared[way] = set(drawn.loc[drawn["part"].eq("random"), "unit_id"])
    assert len(last) == 5700
    assert len(shared["keep"] & shared["move"]) < 5  # only strata drawn nearly whole can share units


def test_a_draw_by_risk_is_verified_from_its_frame_and_estimates_without_bias(frame, tmp_path, capsys):
    """The risk is learned from other years' checks; here those that ship stand for them."""
    file, out = tmp_path / "方案.yaml", tmp_path / "抽样结果"
    assert plan(frame, file, "--past", SAMPLES) == 0
    assert "纯随机抽取为 10.5%" in capsys.readouterr().out
    by_risk = tmp_path / "方案.frame.csv"
    assert run("draw", file, by_risk, "--public-value", PUBLIC, "-o", out) == 0
    assert run("verify", out / "certificate.yaml", by_risk) == 0
    assert run("verify", out / "certificate.yaml", frame) == 2  # without the column risk it is another frame
    sample = tables.read(out / "sample.csv", "sample")
    drawn = sample[sample["part"].eq("random")]
    sizes = pd.read_csv(by_risk, dtype={"unit_id": str}).set_index("unit_id")["risk"]
    assert sizes.between(0.2, 1).all()
    # The weights stand for the 5,588 units that were not recommended, whatever the chances were.
    assert abs(drawn["weight"].sum() / 5588 - 1) < 0.1
    assert drawn["weight"].max() / drawn["weight"].min() > 2
