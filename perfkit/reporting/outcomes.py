"""How a run ended, and what it left: as the rest of the pipeline sees it, and as a record on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from perfkit.reporting.execution import OK
from perfkit.reporting.orders import Job

GATE_FAILED = "gate failed"


@dataclass(frozen=True)
class Outcome:
    """How one run ended, and what it left.

    ``outcome`` is ok, cell error, killed, timeout, export error or gate failed; ``made_from`` what it takes to make
    the report again; ``artefacts`` the SHA-256 of each file by its path in the batch's folder, the one to read first
    at the front; ``cell`` is the number of the cell that failed, if one did; ``due_on`` the day the report is due by.
    """

    job: Job
    outcome: str
    error: str
    seconds: float
    warnings: int
    title: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    made_from: Mapping[str, Any] = field(default_factory=dict)
    artefacts: Mapping[str, str] = field(default_factory=dict)
    finished: str = ""
    cell: int | None = None
    due_on: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the report is there."""
        return self.outcome == OK

    @property
    def outputs(self) -> tuple[str, ...]:
        """The paths of the files in the batch's folder, the one to read first at the front."""
        return tuple(self.artefacts)

    def line(self, folder: Path) -> str:
        """Return the outcome as a line: the report's path, or why there is none and where the notebook is kept."""
        where = str(folder / self.outputs[0]) if self.outputs else "—"
        return where if self.ok else f"{where} · {self.outcome} · {self.error}"

    def record(self) -> dict[str, Any]:
        """Return the outcome as the manifest and the journal hold it."""
        return {
            "slug": self.job.slug,
            "title": self.title,
            **self.made_from,
            "seconds": self.seconds,
            "outcome": self.outcome,
            "error": self.error,
            "warnings": self.warnings,
            "summary": self.fields,
            "cell": self.cell,
            "due_on": self.due_on,
            "outputs": [{"path": path, "sha256": digest} for path, digest in self.artefacts.items()],
        }


_MADE_FROM = ("notebook", "parameters", "pack", "on", "pack_sha256", "pack_extends", "inputs")


def recorded(job: Job, record: Mapping[str, Any]) -> Outcome:
    """Return the outcome of ``job`` that a record of it tells of."""
    return Outcome(
        job=job,
        outcome=record["outcome"],
        error=record["error"],
        seconds=record["seconds"],
        warnings=record["warnings"],
        title=record["title"],
        fields=record["summary"],
        made_from={name: record[name] for name in _MADE_FROM if name in record},
        artefacts={each["path"]: each["sha256"] for each in record["outputs"]},
        finished=record["at"],
        cell=record.get("cell"),
        due_on=record.get("due_on"),
    )
