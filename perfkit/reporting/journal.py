"""What has become of each run, on disk the moment it is known.

A folder of JSON lines, a file for each process that writes: nobody waits for a lock, on one machine or on many. A
line counts once it ends; what a killed writer left of one is passed over, and its run made again.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from perfkit.reporting.orders.names import is_of

FOLDER = "journal"


@dataclass(frozen=True)
class Entry:
    """The latest record of a run, without what it is long by: that stays in ``file``, at ``offset``."""

    session: int
    at: str
    outcome: str
    fingerprint: str
    file: Path
    offset: int


@dataclass(frozen=True)
class Journal:
    """The latest record of each run by its slug, and the number of the session that may begin now."""

    latest: Mapping[str, Entry]
    session: int

    def record(self, slug: str) -> dict[str, Any]:
        """Return the whole latest record of a run."""
        entry = self.latest[slug]
        with entry.file.open("rb") as held:
            held.seek(entry.offset)
            record: dict[str, Any] = json.loads(held.readline())
        return record


def append(folder: Path, record: Mapping[str, Any]) -> None:
    """Add a record to the journal of ``folder``; it is on the disk when this returns."""
    line = json.dumps({**record, "at": _now()}, ensure_ascii=False, default=str) + "\n"
    home = folder / FOLDER
    home.mkdir(exist_ok=True)
    try:
        with (home / _own_name(os.getpid())).open("ab", buffering=0) as held:
            held.write(line.encode("utf-8", "backslashreplace"))
            os.fsync(held.fileno())
    except BaseException:
        # Nothing may be written behind half a line.
        _own_name.cache_clear()
        raise


def start_over(folder: Path, session: int, shard: tuple[int, int]) -> None:
    """Let no record from before ``session`` count any more, of the runs that belong to ``shard``."""
    append(folder, {"session": session, "fresh": list(shard)})


def read(folder: Path) -> Journal:
    """Read the journal of ``folder``; where there is none, nothing has been run."""
    latest: dict[str, Entry] = {}
    fresh: list[tuple[int, tuple[int, int]]] = []
    session = 0
    for file in sorted((folder / FOLDER).glob("*.jsonl")):
        for offset, record in _records(file):
            session = max(session, record["session"])
            if "fresh" in record:
                at, of = record["fresh"]
                fresh.append((record["session"], (at, of)))
                continue
            entry = Entry(record["session"], record["at"], record["outcome"], record["fingerprint"], file, offset)
            before = latest.get(record["slug"])
            if before is None or (before.session, before.at) <= (entry.session, entry.at):
                latest[record["slug"]] = entry
    kept = {
        slug: entry
        for slug, entry in latest.items()
        if not any(entry.session < since and is_of(slug, shard) for since, shard in fresh)
    }
    return Journal(kept, session + 1)


def _records(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    offset = 0
    with file.open("rb") as held:
        for line in held:
            at, offset = offset, offset + len(line)
            try:
                record = json.loads(line) if line.endswith(b"\n") else None
            except ValueError:
                record = None
            if isinstance(record, dict):
                yield at, record


@cache
def _own_name(process: int) -> str:
    """Return a file name that no other process has, on this machine or on another."""
    host = re.sub(r"[^\w-]", "-", platform.node())[:40] or "host"
    return f"{host}-{process}-{uuid.uuid4().hex[:8]}.jsonl"


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
