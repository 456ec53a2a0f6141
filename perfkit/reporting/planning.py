"""Which runs of an order are to be made: those whose report is not there as it would be made now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from perfkit.errors import OrderError, Problem
from perfkit.reporting.execution import OK
from perfkit.reporting.journal import Journal
from perfkit.reporting.manifest import Hashes, fingerprint, sha256_of
from perfkit.reporting.occupation import WHOLE
from perfkit.reporting.orders import Job, Order
from perfkit.reporting.orders.names import is_of

NEW, FAILED, CHANGED, DAMAGED = "new", "failed before", "changed", "files changed or missing"


@dataclass(frozen=True)
class Selection:
    """Which runs to make.

    ``what`` is ``unfinished`` (those without a report as it would be made now), ``fresh`` (all) or ``failed`` (those
    that have failed); ``shard`` (2, 5) the second fifth of them, ``limit`` the first so many.
    """

    what: str = "unfinished"
    shard: tuple[int, int] = WHOLE
    limit: int | None = None

    def __post_init__(self) -> None:
        """Refuse a shard that there is not."""
        at, of = self.shard
        if not 1 <= at <= of:
            raise OrderError(
                (f"no shard {at}/{of}", f"没有分片 {at}/{of}"),
                [Problem(("not a shard", "不是分片"), expected="1/5 … 5/5", got=f"{at}/{of}")],
            )


@dataclass(frozen=True)
class Planned:
    """A run to be made, and why: new, failed before, changed, files changed or missing."""

    job: Job
    why: str


def plan(order: Order, folder: Path, held: Journal, hashes: Hashes, selection: Selection) -> list[Planned]:
    """Return the runs to be made, in the order's order."""
    return list(islice(_wanted(order, folder, held, hashes, selection), selection.limit))


def _wanted(order: Order, folder: Path, held: Journal, hashes: Hashes, selection: Selection) -> Iterator[Planned]:
    for job in order.jobs:
        if not is_of(job.slug, selection.shard):
            continue
        entry = held.latest.get(job.slug)
        if selection.what == "failed" and (entry is None or entry.outcome == OK):
            continue
        if entry is None or selection.what == "fresh":
            yield Planned(job, NEW)
        elif entry.outcome != OK:
            yield Planned(job, FAILED)
        elif entry.fingerprint != fingerprint(hashes.provenance(job, order.root), job.lang, order):
            yield Planned(job, CHANGED)
        elif any(sha256_of(folder / each["path"]) != each["sha256"] for each in held.record(job.slug)["outputs"]):
            yield Planned(job, DAMAGED)
