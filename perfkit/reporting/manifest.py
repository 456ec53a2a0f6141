"""What it takes to make a report again, and files written whole or not at all."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import platform
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

from perfkit import rules
from perfkit.errors import PerfkitError
from perfkit.reporting.orders import Job

_LIBRARIES = ("numpy", "pandas", "pandera", "matplotlib", "papermill", "nbclient", "nbconvert", "ipykernel")


def write(path: Path, content: str | bytes) -> Path:
    """Write ``content`` to ``path``, whole or not at all, and return ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as held:
            held.write(content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content)
        # mkstemp shuts everybody else out, and reports are there to be read.
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def as_json(content: Any) -> str:
    """Return ``content`` as JSON for people: Chinese as it is, one entry a line."""
    return json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n"


def now() -> str:
    """Return the time, UTC, to the second."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def versions() -> dict[str, str]:
    """Return the versions of Python, perfkit and the libraries that a report depends on."""
    from perfkit import __version__

    held = {"python": platform.python_version(), "perfkit": __version__}
    for name in _LIBRARIES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            held[name] = metadata.version(name)
    return held


class Hashes:
    """SHA-256 of files and folders, each read once: thousands of runs share their data."""

    def __init__(self) -> None:
        self._known: dict[Path, str] = {}

    def of(self, path: Path) -> str:
        """Return the SHA-256 of a file, or of a folder: over the sorted relative paths and the bytes of its files."""
        if path not in self._known:
            self._known[path] = _of_folder(path) if path.is_dir() else _of_file(path)
        return self._known[path]

    def provenance(self, job: Job, root: Path) -> dict[str, Any]:
        """Return what a run is made from: notebook, rule pack, day, every file or folder among its parameters."""
        return {
            "notebook": {"path": _relative(job.notebook, root), "sha256": self.of(job.notebook)},
            "parameters": dict(job.parameters),
            **self._pack(job, root),
            "inputs": self._inputs(job, root),
        }

    def _pack(self, job: Job, root: Path) -> dict[str, Any]:
        pack, day = job.settings.get("pack"), job.settings.get("on")
        if not isinstance(pack, str) or not pack:
            return {"pack": None, "on": day, "pack_sha256": None}
        own = root / pack
        try:
            home, *bases = rules.lineage(own if (own / "pack.yaml").is_file() else pack)
        except PerfkitError:
            return {"pack": pack, "on": day, "pack_sha256": None}
        return {
            "pack": pack,
            "on": day,
            "pack_sha256": self.of(home),
            "pack_extends": [{"pack": each.name, "sha256": self.of(each)} for each in bases],
        }

    def _inputs(self, job: Job, root: Path) -> list[dict[str, str]]:
        found = []
        for value in job.settings.values():
            path = _inside(value, root)
            if path is not None:
                found.append({"path": _relative(path, root), "sha256": self.of(path)})
        return found


def _inside(value: Any, root: Path) -> Path | None:
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        path = (root / value).resolve()
        return path if path.exists() and root.resolve() in path.parents else None
    except (OSError, ValueError):
        return None


def _relative(path: Path, root: Path) -> str:
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.as_posix()


def _of_file(path: Path) -> str:
    with path.open("rb") as held:
        return hashlib.file_digest(held, "sha256").hexdigest()


def _of_folder(path: Path) -> str:
    total = hashlib.sha256()
    files = {each.relative_to(path).as_posix(): each for each in path.rglob("*") if each.is_file()}
    for name in sorted(files):
        # What editors and Excel leave lying about is not data.
        if name.rpartition("/")[2].startswith((".", "~$")):
            continue
        total.update(f"{name}\0{_of_file(files[name])}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()
