"""``perfkit report`` and ``perfkit verify``: make the reports of an order, and check them afterwards."""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path
from typing import Any

from perfkit.cli.output import count, positive

_WHY = {
    "new": "尚无报告",
    "failed before": "上次失败",
    "changed": "依据已变",
    "files changed or missing": "报告文件变动或缺失",
}


def add_to(commands: Any) -> None:
    """Add the two commands to the parser's."""
    report = commands.add_parser("report", help="make the reports of an order file 按订单文件批量出具报告")
    report.add_argument("order", type=Path, help="an order file, e.g. reports/demo.yaml")
    report.add_argument("-o", "--out", type=Path, help="output folder (default: a folder beside the order)")
    report.add_argument("--jobs", type=count, help="processes (default: as many as there are cores)")
    which = report.add_mutually_exclusive_group()
    which.add_argument(
        "--resume", dest="what", action="store_const", const="unfinished",
        help="make what is missing, changed or failed (default) 只做未完成、有变动或失败的（默认）",
    )  # fmt: skip
    which.add_argument("--fresh", dest="what", action="store_const", const="fresh", help="make all again 全部重做")
    which.add_argument(
        "--only-failed", dest="what", action="store_const", const="failed", help="only what has failed 只重做失败的"
    )
    report.add_argument("--shard", type=_shard, default=(1, 1), metavar="I/N", help="the I-th of N parts 第 I/N 片")
    report.add_argument("--limit", type=count, metavar="K", help="make no more than K reports")
    report.add_argument("--max-failures", type=count, metavar="K", help="stop after K failures")
    report.add_argument("--timeout", type=positive, metavar="S", help="seconds that a cell may take")
    report.add_argument(
        "--cluster", metavar="ADDRESS",
        help="a Dask scheduler, whose workers see the same files by the same paths Dask 调度器地址（须共享文件系统）",
    )  # fmt: skip
    report.add_argument("--dry-run", action="store_true", help="only say what would be made 只列出将要出具的报告")
    report.set_defaults(run=_report, what="unfinished")

    verify = commands.add_parser("verify", help="check reports against their manifest 核验报告与清单是否一致")
    verify.add_argument("folder", type=Path, help="a folder that perfkit report has built")
    verify.set_defaults(run=_verify)


def _shard(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    at, of = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= at <= of:
        raise argparse.ArgumentTypeError(f"a shard is 1/5 … 5/5 分片写作 1/5 至 5/5: {text}")
    return at, of


def _report(args: argparse.Namespace) -> int:
    from perfkit.reporting import batch
    from perfkit.reporting.planning import Selection

    selection = Selection(args.what, args.shard, args.limit)
    if args.dry_run:
        order, planned = batch.preview(args.order, out=args.out, selection=selection)
        for each in planned:
            print(f"{each.job.slug}\t{each.why} {_WHY[each.why]}")
        print(f"{len(planned)} of {len(order.jobs)} to make 份待出具（共 {len(order.jobs)} 份）")
        return 0
    done = batch.run(
        args.order,
        out=args.out,
        selection=selection,
        jobs=args.jobs or os.cpu_count() or 1,
        cluster=args.cluster,
        max_failures=args.max_failures,
        timeout=args.timeout,
    )
    for outcome in done.results():
        if not outcome.ok:
            print(outcome.line(done.folder))
    counts = done.counts
    good, open_ = counts["ok"], counts[""]
    print(
        f"{done.made} made this time 份本次出具 · {good} there 份已有 · {counts.total() - good - open_} failed 份失败"
        f" · {open_} not run 份未运行"
    )
    print(f"index 索引: {done.index or '— (other shards are not through 其他分片尚未完成)'}")
    return done.exit_code


def _verify(args: argparse.Namespace) -> int:
    from perfkit.errors import PerfkitError
    from perfkit.reporting import verification

    found = verification.verify(args.folder)
    if not found.problems:
        print(f"{found.runs} runs, {found.files} files as recorded 份记录、{found.files} 个文件与清单一致")
        return 0
    n = len(found.problems)
    head = (f"{n} difference{'s' if n > 1 else ''} in {args.folder}", f"{args.folder} 有 {n} 处不一致")
    print(PerfkitError(head, found.problems), file=sys.stderr)
    return 1
