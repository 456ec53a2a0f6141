"""Whether a folder of reports is still what its manifest says, and could be made again."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perfkit.errors import OrderError, Problem
from perfkit.reporting import journal
from perfkit.reporting.manifest import Hashes, sha256_of

GONE = ("nothing", "无")


@dataclass(frozen=True)
class Verified:
    """How many runs and files were looked at, and all that differs."""

    runs: int
    files: int
    problems: tuple[Problem, ...]


def verify(folder: str | Path) -> Verified:
    """Hash again what the reports in ``folder`` were made from, and the reports, and compare with the manifest.

    Also compared are the manifest and the journal that it came from, where there is one.

    Raises
    ------
    OrderError
        If the folder has no manifest that can be read.
    """
    home = Path(folder).resolve()
    held = _manifest(home)
    root, hashes, made = (home / held["root"]).resolve(), Hashes(), journal.read(home)
    problems, files = list[Problem](), 0
    sources: dict[tuple[str, str, str], int] = defaultdict(int)
    for run in held["runs"]:
        for path, recorded, present in hashes.again(run, root):
            sources[path, recorded, present] += 1
        files += len(run["outputs"])
        problems += _artefacts(run, home)
        if (home / journal.FOLDER).is_dir():
            problems += _unlike_the_journal(run, made)
    for (path, recorded, present), runs in sources.items():
        if recorded != present:
            problems.append(_changed_source(path, recorded, present, runs))
    return Verified(len(held["runs"]), files + len(sources), tuple(problems))


def _manifest(home: Path) -> dict[str, Any]:
    try:
        held = json.loads((home / "manifest.json").read_text(encoding="utf-8"))
        if isinstance(held, dict) and {"runs", "root"} <= held.keys():
            return held
        got = "…"
    except (OSError, ValueError) as error:
        got = str(error)
    raise OrderError(
        (f"no manifest in {home}", f"{home} 中没有清单"),
        [
            Problem(
                ("cannot be verified", "无法核验"),
                "manifest.json",
                got=got[:200],
                do=("name the folder that perfkit report has built", "请指定 perfkit report 生成的文件夹"),
            )
        ],
    )


def _artefacts(run: Mapping[str, Any], home: Path) -> Iterator[Problem]:
    for each in run["outputs"]:
        present = sha256_of(home / each["path"])
        if present != each["sha256"]:
            what = ("a report has changed", "报告文件已改动") if present else ("a report is missing", "报告文件缺失")
            yield Problem(what, each["path"], each["sha256"][:12], present[:12] or GONE, column="outputs")


def _changed_source(path: str, recorded: str, present: str, runs: int) -> Problem:
    return Problem(
        ("what reports were made from has changed", "报告所依据的文件已改动")
        if present
        else ("what reports were made from is missing", "报告所依据的文件缺失"),
        path,
        recorded[:12],
        present[:12] or GONE,
        (f"{runs} reports rest on it", f"涉及 {runs} 份报告"),
        column="sources",
    )


def _unlike_the_journal(run: Mapping[str, Any], made: journal.Journal) -> Iterator[Problem]:
    slug = run["slug"]
    record = made.record(slug) if slug in made.latest else {}
    unlike = sorted(name for name in run if run[name] != record.get(name))
    if unlike:
        yield Problem(
            ("manifest and journal differ", "清单与日志不一致"),
            slug,
            got=", ".join(unlike),
            do=("run perfkit report again", "请重新运行 perfkit report"),
            column="journal",
        )
