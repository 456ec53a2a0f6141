"""Recheck every form below a folder, in one process or several; one that cannot be read stops nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd

from perfkit import tables
from perfkit.cycle.evaluation.forms import Rechecked, Terms, recheck_forms
from perfkit.errors import ROWS_SHOWN, PerfkitError, Problem, TableError
from perfkit.readers import Form, holds_tables, open_forms, table_files
from perfkit.tables import CONTRACTS
from perfkit.tables.columns import FINDINGS, SEVERITIES

Progress = Callable[[int, int], None]

_TAKEN = (".xlsx", ".xlsm")
_TO_XLSX = ("save it as .xlsx", "请另存为 .xlsx 后再核对")
_RETYPE = ("fill in the form as .xlsx", "请改用 .xlsx 表格填报")
_UNPACK = ("unpack it into the folder", "请解压到该文件夹")
_NOT_READABLE = {
    **dict.fromkeys((".xls", ".xlsb", ".et", ".ods", ".csv"), _TO_XLSX),
    **dict.fromkeys((".doc", ".docx", ".wps", ".pdf", ".ofd", ".jpg", ".jpeg", ".png", ".tif"), _RETYPE),
    **dict.fromkeys((".zip", ".rar", ".7z"), _UNPACK),
}
_A_JOB = 64  # forms: fewer are read sooner than another process starts
_TOGETHER = 32  # forms scored in one go: enough to share the cost, few enough to lose little when a process dies
_AT_A_TIME = 2  # such batches handed to each process ahead of time


@dataclass(frozen=True)
class _Outcome:
    """What came of one file: rows of the result's tables, and the parameters it rests on, by pack day."""

    summary: list[dict[str, Any]]
    findings: pd.DataFrame | None
    unreadable: list[dict[str, str]]
    rests_on: dict[str, tuple[str, ...]]


def recheck_folder(
    folder: str | Path, terms: Terms, *, jobs: int | None = None, show: Progress | None = None
) -> dict[str, pd.DataFrame]:
    """Recheck all forms below ``folder``.

    Parameters
    ----------
    folder
        Walked in order of names: workbooks (.xlsx, .xlsm) and folders that hold the kit's tables are forms; other
        kinds of documents are listed as unreadable, hidden and lock files are passed over.
    terms
        The rules.
    jobs
        Processes; by default one, and another for every 64 forms while there are cores.
    show
        Called after each file with how many are done and how many there are.

    Returns
    -------
    dict of DataFrame
        Tables ``form_summary``, ``form_findings``, ``finding_counts``, ``unreadable`` and ``bases``, the same in any
        number of processes. Paths are relative to ``folder``.

    Raises
    ------
    TableError
        If the folder is none or holds nothing to read.
    RuleError, ScoreError
        If the rules asked for are not there.
    """
    root = Path(folder)
    sources = find_forms(root)
    _fail_if_no_such_rules(terms)
    done: list[_Outcome] = []
    for outcome in _outcomes(root, sources, terms, _processes(len(sources), jobs)):
        done.append(outcome)
        if show:
            show(len(done), len(sources))
    return _gathered(done, terms)


def find_forms(root: Path) -> list[str]:
    """Return what is to be read below ``root``, relative to it and in order; "." where it holds tables itself.

    Raises
    ------
    TableError
        If there is no such folder, or nothing in it.
    """
    if not root.is_dir():
        raise TableError(
            (f"{root} is no folder", f"{root} 不是文件夹"),
            [Problem(("no such folder", "没有这个文件夹"), str(root), do=("check the path", "请检查路径"))],
        )
    found: list[Path] = []
    shut: list[OSError] = []
    for at, folders, files in os.walk(root, onerror=shut.append):
        folders[:] = sorted(name for name in folders if name[0] not in ".~")
        here = Path(at)
        own = {path.name for path in table_files(here)} if holds_tables(here) else set()
        if own:
            found.append(here)
        found += [here / name for name in files if name not in own and name[0] not in ".~" and _is_document(name)]
    # A folder that may not be entered is listed like a form that cannot be read.
    found += [Path(error.filename) for error in shut]
    if not found:
        raise TableError(
            (f"{root} holds no form", f"{root} 中没有自评表"),
            [Problem(("nothing to read", "没有可读取的文件"), str(root), ", ".join(_TAKEN))],
        )
    return sorted(path.relative_to(root).as_posix() for path in found)


def _is_document(name: str) -> bool:
    return Path(name).suffix.lower() in (*_TAKEN, *_NOT_READABLE)


def _fail_if_no_such_rules(terms: Terms) -> None:
    """Refuse a pack, a day or a denominator that no form could be rechecked by, before the first is read."""
    rule_set = terms.rules_for(None)
    if "execution_denominator" in rule_set.in_force():
        named = rule_set.value("execution_denominator")
        if terms.denominator not in named:
            raise TableError(
                (f"no denominator {terms.denominator!r}", f"没有名为“{terms.denominator}”的分母"),
                [Problem(("unknown denominator", "未知的分母"), expected=", ".join(named), got=terms.denominator)],
            )
    if terms.scheme and terms.scheme not in rule_set.value("schemes"):
        raise TableError(
            (f"no scoring scheme {terms.scheme!r}", f"没有计分办法“{terms.scheme}”"),
            [Problem(("unknown scheme", "未知的计分办法"), expected=", ".join(rule_set.value("schemes")))],
        )


def _processes(forms: int, jobs: int | None) -> int:
    if jobs is not None:
        return max(1, min(jobs, forms))
    return max(1, min(os.cpu_count() or 1, forms // _A_JOB))


def _outcomes(root: Path, sources: Sequence[str], terms: Terms, jobs: int) -> Iterator[_Outcome]:
    """Yield the outcomes in the order of ``sources``, never more than a few ahead of what is asked for."""
    size = min(_TOGETHER, -(-len(sources) // jobs))  # no process is left without
    batches = [sources[at : at + size] for at in range(0, len(sources), size)]
    if jobs == 1:
        for batch in batches:
            yield from _recheck_files(root, batch, terms)
        return
    at = 0
    while at < len(batches):
        pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
        ahead: list[Future[list[_Outcome]]] = []
        try:
            while at < len(batches):
                for batch in batches[at + len(ahead) : at + jobs * _AT_A_TIME]:
                    ahead.append(pool.submit(_recheck_files, root, batch, terms))
                done = ahead.pop(0).result()
                at += 1
                yield from done
        except BrokenExecutor:
            # A process died, and with it all that was in hand: each of those is read in a process of its own.
            lost = batches[at : at + jobs * _AT_A_TIME]
            at += len(lost)
            yield from (_alone(root, source, terms) for batch in lost for source in batch)
        finally:
            pool.shutdown(cancel_futures=True)


def _alone(root: Path, source: str, terms: Terms) -> _Outcome:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(_recheck_files, root, [source], terms).result()[0]
        except BrokenExecutor:
            said = ("the process that read it ended without a word", "读取进程意外终止")
            return _Outcome([], None, [_cannot(source, TableError(said))], {})


def _recheck_files(root: Path, sources: Sequence[str], terms: Terms) -> list[_Outcome]:
    """Recheck what some files or folders hold; whatever is wrong with one is told, never raised."""
    opened = [_opened(root / source) for source in sources]
    forms = [form for held in opened for form in held if isinstance(form, Form)]
    try:
        results = iter(recheck_forms(forms, terms))
    except Exception as error:  # nobody foresaw it: find out whose it is
        if len(sources) > 1:
            return [outcome for source in sources for outcome in _recheck_files(root, [source], terms)]
        return [_Outcome([], None, [_cannot(sources[0], _unforeseen(error))], {})]
    return [
        _outcome(source, [(form, next(results) if isinstance(form, Form) else []) for form in held])
        for source, held in zip(sources, opened, strict=True)
    ]


def _opened(path: Path) -> list[Form | TableError]:
    try:
        if path.suffix.lower() in _NOT_READABLE and path.is_file():
            return [_unreadable_kind(path)]
        return open_forms(path)
    except TableError as error:
        return [error]
    except Exception as error:  # a form may be broken in ways nobody foresaw: it is one row, and the others go on
        return [_unforeseen(error)]


def _unforeseen(error: Exception) -> TableError:
    said = f"{type(error).__name__}: {error}"
    return TableError((f"cannot be read: {said}", f"无法读取：{said}"))


def _outcome(
    source: str, held: Sequence[tuple[Form | TableError, list[tuple[str, Rechecked | PerfkitError]]]]
) -> _Outcome:
    """Put what came of one file's forms into rows."""
    done = _Outcome([], None, [], {})
    kept: list[pd.DataFrame] = []
    for form, results in held:
        if isinstance(form, TableError):
            done.unreadable.append(_cannot(source, form))
            continue
        named = f"{source} › {form.sheet}" if form.sheet else source
        for unit_id, result in results:
            if isinstance(result, PerfkitError):
                done.unreadable.append(_cannot(named if len(results) == 1 else f"{named} › {unit_id}", result))
                continue
            done.summary.append({"file": named, **result.summary})
            kept.append(result.findings.assign(file=named))
            day = str(result.summary["on"])
            done.rests_on[day] = tuple(dict.fromkeys([*done.rests_on.get(day, ()), *result.rests_on]))
    return replace(done, findings=pd.concat(kept, ignore_index=True) if kept else None)


def _unreadable_kind(path: Path) -> TableError:
    suffix = path.suffix.lower()
    what = (f"{suffix} is not read", f"不读取 {suffix} 文件")
    return TableError(what, [Problem(what, path.name, ", ".join(_TAKEN), suffix, _NOT_READABLE[suffix])])


def _cannot(file: str, error: PerfkitError) -> dict[str, str]:
    """Return a row of table ``unreadable``: the error's text, a language a column."""
    more = len(error.problems) - ROWS_SHOWN
    said = []
    for lang, rest in ((0, f"… and {more} more"), (1, f"…… 另有 {more} 处")):
        lines = [error.head[lang], *(problem.line(lang) for problem in error.problems[:ROWS_SHOWN])]
        said.append("\n".join([*lines, rest] if more > 0 else lines))
    return {"file": file, "message_zh": said[1], "message_en": said[0]}


def _gathered(done: Sequence[_Outcome], terms: Terms) -> dict[str, pd.DataFrame]:
    """Put the outcomes together; findings stand by file, then by severity."""
    kept = [each.findings for each in done if each.findings is not None and len(each.findings)]
    findings = pd.concat(kept, ignore_index=True) if kept else pd.DataFrame()
    made = {
        "form_summary": [row for each in done for row in each.summary],
        "form_findings": findings,
        "finding_counts": _counts(findings),
        "unreadable": [row for each in done for row in each.unreadable],
    }
    frames = {name: pd.DataFrame(rows).reindex(columns=list(CONTRACTS[name].columns)) for name, rows in made.items()}
    return {name: tables.check(frame, name) for name, frame in frames.items()} | {"bases": _bases(done, terms)}


def _counts(findings: pd.DataFrame) -> pd.DataFrame:
    """Count findings and forms by kind, the gravest first."""
    if not len(findings):
        return pd.DataFrame()
    forms = findings["file"] + "\n" + findings["unit_id"]
    counts = (
        findings.assign(form=forms)
        .groupby(["kind", "severity"], sort=False)["form"]
        .agg(findings="size", forms="nunique")
        .reset_index()
    )
    ranks = {name: at for at, name in enumerate([*SEVERITIES, *FINDINGS])}
    return counts.sort_values(["severity", "kind"], key=lambda each: each.map(ranks), ignore_index=True)


def _bases(done: Sequence[_Outcome], terms: Terms) -> pd.DataFrame:
    """Return what the recheck rests on; a value that held on several days stands once, with the last of them."""
    by_day: dict[str, dict[str, None]] = {}
    for each in done:
        for day, names in each.rests_on.items():
            by_day.setdefault(day, {}).update(dict.fromkeys(names))
    parts = [
        Terms(terms.pack, terms.today, day).rules_for(None).bases(names) for day, names in sorted(by_day.items())
    ]
    if not parts:
        return tables.check(pd.DataFrame(columns=list(CONTRACTS["bases"].columns)), "bases")
    same = ["parameter", "document_zh", "article", "note_zh"]
    order = {name: at for at, name in enumerate(terms.rules_for(None).parameters)}
    rows = pd.concat(parts, ignore_index=True).drop_duplicates(same, keep="last")
    return rows.sort_values("parameter", key=lambda each: each.map(order), kind="stable", ignore_index=True)
