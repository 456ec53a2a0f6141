"""The command ``library``: check, show, compare and update an indicator library."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from perfkit.cli.output import fail_if_input, fail_if_not_xlsx, positive, print_table
from perfkit.errors import TableError, fail_if_any


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``library`` and its verbs."""
    library = commands.add_parser("library", help="check, show, compare or update an indicator library 指标库管理")
    verbs = library.add_subparsers(required=True, metavar="VERB")

    check = verbs.add_parser("check", help="say what is wrong with a library 检查指标库")
    check.set_defaults(run=_check)
    show = verbs.add_parser("show", help="write what is in force on a day 导出某日有效的指标")
    show.add_argument("--part", choices=["common", "individual", "transfer"])
    show.add_argument("--budget", choices=["general", "fund", "capital", "insurance"])
    show.set_defaults(run=_show)
    merge = verbs.add_parser("merge", help="carry out proposed changes 按调整建议更新指标库")
    merge.set_defaults(run=_merge)
    for each in (check, show, merge):
        each.add_argument("file", type=Path, help="workbook or CSV with the table library")
    for each in (check, merge):
        each.add_argument("--full-points", type=positive, default=100.0, help="what points add up to (default: 100)")
    for each in (show, merge):
        each.add_argument("--on", required=True, help="the day, e.g. 2025-01-01")
    merge.add_argument("changes", type=Path, help="workbook or CSV with the table library_changes")
    merge.add_argument("--report", type=Path, help="workbook to write the review of the proposals to, .xlsx")

    compare = verbs.add_parser("compare", help="list what changed, to be signed 列出调整对照表")
    for name, day in (("old", "--on"), ("new", "--to")):
        compare.add_argument(name, help="a library's file, or a rule pack")
        compare.add_argument(day, help=f"the day of {name.upper()} (default: the last change in it)")
    compare.set_defaults(run=_compare)
    for each in (show, merge, compare):
        each.add_argument("-o", "--out", type=Path, required=True, help="workbook to write, .xlsx")


def _check(args: argparse.Namespace) -> int:
    from perfkit import tables
    from perfkit.measure import indicators

    library = tables.read(args.file, "library")
    fail_if_any(TableError, args.file.name, indicators.library_problems(library, full_points=args.full_points))
    codes = library["indicator_id"].nunique()
    print(
        f"{codes} indicators, {len(library)} versions, no problem {codes} 项指标，{len(library)} 个版本，未发现问题"
    )
    return 0


def _show(args: argparse.Namespace) -> int:
    from perfkit import tables
    from perfkit.measure import indicators

    fail_if_not_xlsx(args.out)
    fail_if_input(args.out, args.file)
    library = tables.read(args.file, "library")
    frame = indicators.as_of(library, args.on, part=args.part, budget=args.budget)
    stated = indicators.in_force(library, args.on)
    tables.write(
        {
            "indicators": frame[list(tables.contract("indicators").columns)],
            "library": stated[stated["indicator_id"].isin(frame["indicator_id"])],
        },
        args.out,
    )
    print(f"{len(frame)} indicators in force on {args.on} 项指标有效: {args.out}")
    return 0


def _compare(args: argparse.Namespace) -> int:
    from perfkit import tables
    from perfkit.measure import indicators
    from perfkit.tables.library import DIFFERENCES

    fail_if_not_xlsx(args.out)
    sides = [_side(args.old, args.on), _side(args.new, args.to)]
    for name in (args.old, args.new):
        fail_if_input(args.out, Path(name))
    (old, old_whole, old_day), (new, new_whole, new_day) = sides
    by_name = not set(old["indicator_id"]) & set(new["indicator_id"])
    changes = indicators.compare(old_whole, new_whole, by="name") if by_name else indicators.compare(old, new)
    counts = changes["kind"].value_counts()
    said = (
        "，".join(f"{DIFFERENCES[kind][0]} {counts[kind]} 项" for kind in DIFFERENCES if kind in counts) or "没有变化"
    )
    facts = [
        f"调整前：{Path(args.old).name}（{old_day}，{len(old)} 项指标）",
        f"调整后：{Path(args.new).name}（{new_day}，{len(new)} 项指标）",
        said,
    ]
    if by_name:
        facts.append("两个指标库没有相同的编码，按三级指标名称对应；名称不同的列为停用与新增。")
    tables.write_signable(changes, "library_differences", args.out, title="绩效指标调整对照表", facts=facts)
    print(f"{len(changes)} changes 处变化: {args.out}\n{said}")
    return 0


def _side(name: str, on: str | None) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Return a library's indicators as stated and whole, and the day: of a file, or of a rule pack."""
    import datetime as dt

    from perfkit import rules, tables
    from perfkit.measure import indicators

    if not Path(name).is_file() and not Path(name).suffix:
        rule_set = rules.load(name, on or dt.date.today())
        return rule_set.indicators(), rule_set.indicators(), str(rule_set.on)
    library = tables.read(name, "library")
    day = on or indicators.last_day(library)
    return indicators.with_names(indicators.in_force(library, day)), indicators.as_of(library, day), day


def _merge(args: argparse.Namespace) -> int:
    from perfkit import tables
    from perfkit.measure import indicators
    from perfkit.tables.library import OUTCOMES

    for out in [args.out, *([args.report] if args.report else [])]:
        fail_if_not_xlsx(out)
        for source in (args.file, args.changes):
            fail_if_input(out, source)
    if args.report:
        fail_if_input(args.report, args.out)
    library, changes = tables.read(args.file, "library"), tables.read(args.changes, "library_changes")
    merged = indicators.merge(library, changes, args.on, full_points=args.full_points)
    counts = merged.report["outcome"].value_counts()
    said = "，".join(f"{zh} {counts.get(kind, 0)} 条" for kind, (zh, _) in OUTCOMES.items())
    tables.write({"library": merged.library}, args.out)
    if args.report:
        facts = [f"指标库：{args.file.name}；调整建议：{args.changes.name}；自 {args.on} 起执行", said]
        tables.write_signable(merged.report, "library_review", args.report, title="绩效指标库调整核对表", facts=facts)
    print(f"{len(changes)} proposals 条建议：{said}: {args.out}")
    doubtful = merged.report[merged.report["outcome"].ne("accepted")].astype({"proposal": int})
    print_table(doubtful[["proposal", "indicator_id", "outcome", "why_zh"]])
    return 0
