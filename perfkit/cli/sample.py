"""The command ``sample``: plan, draw, verify and estimate a spot check."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

from perfkit.cli.output import count, fail_if_input, fail_if_not_xlsx, fail_if_there, positive, print_table
from perfkit.errors import Problem, SampleError

PACK = "zhejiang-self-evaluation"


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``sample`` and its verbs."""
    sample = commands.add_parser("sample", help="plan, draw, verify, estimate a spot check 抽评")
    verbs = sample.add_subparsers(required=True, metavar="VERB")

    plan = verbs.add_parser("plan", help="sizes by stratum, before anyone can know the sample 制定抽样方案")
    plan.add_argument("frame", type=Path, help="table frame: CSV, XLSX, Parquet, or a folder with it")
    plan.add_argument("--title", required=True, help="what is checked, e.g. 2021 年度自评抽评")
    plan.add_argument("--announced", required=True, help="the public value to come, e.g. 某彩票某期号码")
    _rules(plan)
    plan.add_argument("-n", "--size", type=count, default=0, help="units to check, recommended ones among them")
    plan.add_argument("--margin", type=positive, help="percentage points either side of a share (default: pack)")
    plan.add_argument("--strata", default="department", help="columns of the frame, parted by commas; '' for none")
    plan.add_argument("--method", default="srs", help="srs, systematic, pps_systematic, sequential_poisson, ...")
    plan.add_argument("--measure", default="", help="column of sizes for designs in proportion to size, e.g. budget")
    plan.add_argument("--allocation", choices=["proportional", "neyman", "power"], default="proportional")
    plan.add_argument("--no-recommended", action="store_true", help="treat recommended units as any other")
    plan.add_argument("--numbers-of", type=Path, help="certificate of an earlier draw: use its random numbers")
    plan.add_argument("--coordinate", choices=["keep", "move"], default="move", help="with --numbers-of: its units")
    plan.add_argument(
        "--past", type=Path, help="folder or workbook with frame and checks of earlier years: draw by risk"
    )
    plan.add_argument("-o", "--out", type=Path, required=True, help="plan to write, .yaml")
    plan.set_defaults(run=_plan)

    draw = verbs.add_parser("draw", help="draw what the plan and the public value decide 抽取样本并出具证书")
    draw.add_argument("plan", type=Path, help="plan written by 'sample plan'")
    draw.add_argument("frame", type=Path, help="the same frame")
    draw.add_argument("--public-value", required=True, help="the value that was announced, as published")
    draw.add_argument("-o", "--out", type=Path, required=True, help="folder for certificate.yaml, sample.csv, .xlsx")
    draw.set_defaults(run=_draw)

    verify = verbs.add_parser("verify", help="draw again and compare 核验抽样证书")
    verify.add_argument("certificate", type=Path, help="certificate.yaml")
    verify.add_argument("frame", type=Path, help="the frame")
    verify.set_defaults(run=_verify)

    estimate = verbs.add_parser("estimate", help="what the checks say of the whole 由抽评结果推断总体")
    estimate.add_argument("certificate", type=Path, help="certificate.yaml")
    estimate.add_argument("frame", type=Path, help="the frame")
    estimate.add_argument("checks", type=Path, help="table checks: what was found")
    _rules(estimate)
    estimate.add_argument("--lang", choices=["zh", "en"], default="zh", help="language of the titles")
    estimate.add_argument("-o", "--out", type=Path, required=True, help="workbook to write, .xlsx")
    estimate.set_defaults(run=_estimate)


def _rules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pack", default=PACK, help="rule pack: an id (perfkit rules) or a folder")
    parser.add_argument("--on", required=True, help="the day whose rules apply, e.g. 2021-12-31")


def _plan(args: argparse.Namespace) -> int:
    from perfkit import rules, tables
    from perfkit.cycle import spot_check

    _fail_if_there(args.out)
    frame, rule_set = _population(args.frame), rules.load(args.pack, args.on)
    by_risk = args.out.with_suffix(".frame.csv")
    if args.past:
        _fail_if_there(by_risk)
        past = spot_check.whole(args.past), spot_check.checks(args.past)
        risky = spot_check.with_risk(frame, *past, rule_set, n=args.size)
        frame, args.measure = risky.frame, "risk"
        args.method = "sequential_poisson" if args.method == "srs" else args.method
    planned = spot_check.plan(
        frame,
        rule_set,
        title=args.title,
        announced=args.announced,
        n=args.size,
        margin=args.margin,
        strata=[name.strip() for name in args.strata.split(",") if name.strip()],
        method=args.method,
        size=args.measure,
        allocation=args.allocation,
        recommended=not args.no_recommended,
        earlier=args.numbers_of,
        coordinate=args.coordinate if args.numbers_of else "",
    )
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(planned.text, encoding="utf-8", newline="\n")
    if args.past:
        frame.to_csv(by_risk, index=False, encoding="utf-8", lineterminator="\n")
        print(*risky.facts[0], sep="\n")
        print(f"draw from 请由此抽取: {by_risk}\n")
    print_table(planned.goals)
    print()
    print_table(tables.labels(planned.strata.round(4).dropna(axis=1, how="all"), "strata"))
    print()
    for zh, en in planned.facts:
        print(f"{zh} {en}")
    print(f"\nplan 方案: {args.out} · SHA-256 {planned.sha256}")
    return 0


def _draw(args: argparse.Namespace) -> int:
    from perfkit import sampling, tables
    from perfkit.cycle import spot_check

    files = [args.out / name for name in ("certificate.yaml", "sample.csv", "sample.xlsx")]
    for file in files:
        _fail_if_there(file)
    frame = _population(args.frame)
    drawn = sampling.certify(sampling.read_plan(args.plan), frame, args.public_value)
    args.out.mkdir(parents=True, exist_ok=True)
    files[0].write_text(drawn.text, encoding="utf-8", newline="\n")
    drawn.sample.to_csv(files[1], index=False, encoding="utf-8", lineterminator="\n")
    tables.write({"sample": spot_check.visits(drawn.sample, frame)}, files[2])
    print_table(drawn.sample["part"].value_counts().rename_axis("part").reset_index())
    print()
    if drawn.plan.coordinate:
        print(drawn.certificate["how"]["zh"], drawn.certificate["how"]["en"])
    print(f"certificate 证书: {files[0]} · SHA-256 {drawn.certificate['sha256']}")
    return 0


def _verify(args: argparse.Namespace) -> int:
    from perfkit import sampling

    held = sampling.verify(args.certificate, _population(args.frame))
    counts = held.certificate["sample"]
    n = counts["recommended"] + counts["size"] + counts["random"]
    print(f"the draw holds 核验通过: {n} units 个单位, {counts['reserve']} in reserve 备选")
    print(f"certificate 证书: SHA-256 {held.certificate['sha256']}")
    print(
        f"plan, to compare with the one announced 方案（与事先公布的核对）: SHA-256 {held.certificate['plan_sha256']}"
    )
    return 0


def _estimate(args: argparse.Namespace) -> int:
    from perfkit import rules, sampling, tables
    from perfkit.cycle import spot_check

    fail_if_not_xlsx(args.out)
    for source in (args.frame, args.checks, args.certificate):
        fail_if_input(args.out, source)
    frame = _population(args.frame)
    held = sampling.verify(args.certificate, frame)
    checks = spot_check.checks(args.checks)
    if checks.empty:
        what = ("there are no results of checks", "没有抽评结果")
        raise SampleError(
            (f"{args.checks} has no rows", f"{args.checks} 没有数据行"), [Problem(what, str(args.checks))]
        )
    found = spot_check.infer(frame, held.sample, checks, rules.load(args.pack, args.on), held.plan)
    tables.write(spot_check.sheets(found, args.lang), args.out, lang=args.lang)
    for zh, en in spot_check.facts(found):
        print(zh if args.lang == "zh" else en)
    print(f"\nestimates 推断结果: {args.out}")
    return 0


def _population(path: Path) -> pd.DataFrame:
    """Return the self-evaluations of a frame, and say how many rows have no self-score."""
    from perfkit.cycle import spot_check

    projects = spot_check.whole(path)
    held = spot_check.population(projects)
    without = len(projects) - len(held)
    if without:
        print(f"{without} rows without a self-score left out 行没有自评得分，不在总体中", file=sys.stderr)
    return held


def _fail_if_there(path: Path) -> None:
    what = ("a plan or certificate is never written over", "方案与证书不得覆盖")
    fail_if_there(path, SampleError, what, ("name another place", "请另取位置"))
