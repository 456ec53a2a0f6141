"""What it takes to make a report again, and files written whole or not at all."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import platform
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from perfkit import rules
from perfkit.errors import PerfkitError
from perfkit.reporting.orders import Job, Order

_UNFINISHED = ".part"
_LIBRARIES = (
    "numpy",
    "pandas",
    "pandera",
    "matplotlib",
    "papermill",
    "nbclient",
    "nbconvert",
    "ipykernel",
    "typst",
    "python-docx",
)


def write(path: Path, content: str | bytes | Iterable[str]) -> Path:
    """Write ``content`` (or its parts, one after another) to ``path``, whole or not at all, and return ``path``.

    Until it is whole it bears a name of its own beside ``path``: ``.NAME.….part``, see :func:`sweep`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_UNFINISHED)
    try:
        with os.fdopen(handle, "wb") as held:
            for part in [content] if isinstance(content, str | bytes) else content:
                held.write(part.encode("utf-8", "backslashreplace") if isinstance(part, str) else part)
            held.flush()
            os.fsync(held.fileno())
        # mkstemp shuts everybody else out, and reports are there to be read.
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def sweep(folder: Path, concerns: Callable[[str], bool]) -> None:
    """Remove what writers that were killed left unfinished in ``folder``, of the names that ``concerns`` accepts."""
    for path in folder.rglob(f".*{_UNFINISHED}*"):
        if concerns(path.name[1:]):
            path.unlink(missing_ok=True)


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
    """SHA-256 of files and folders, each read once: thousands of runs share their data.

    A file is read again if its size or its time of change is another, a folder not: what a report was made from is
    then that of the batch's begin, and the next batch finds it changed.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[Path, int, int], str] = {}
        # What most runs share is looked up once.
        self._inside = lru_cache(1_000)(_inside)
        self._relative = lru_cache(1_000)(_relative)
        self._lineage = lru_cache(1_000)(_lineage)

    def of(self, path: Path) -> str:
        """Return the SHA-256 of a file, or of a folder: over the sorted relative paths and the bytes of its files."""
        seen = path.stat()
        folder = stat.S_ISDIR(seen.st_mode)
        key = (path, 0, 0) if folder else (path, seen.st_size, seen.st_mtime_ns)
        if key not in self._known:
            self._known[key] = _of_folder(path) if folder else _of_file(path)
        return self._known[key]

    def provenance(self, job: Job, root: Path) -> dict[str, Any]:
        """Return what a run is made from: notebook, rule pack, day, every file or folder among its parameters."""
        return {
            "notebook": {"path": self._relative(job.notebook, root), "sha256": self.of(job.notebook)},
            "parameters": dict(job.parameters),
            **self._pack(job.settings.get("pack"), job.settings.get("on"), root),
            "inputs": self._inputs_of(job, root),
        }

    def again(self, made_from: Mapping[str, Any], root: Path) -> Iterator[tuple[str, str, str]]:
        """Yield path, recorded and present SHA-256 ("" if there is none) of all that a report was made from."""
        for each in (made_from["notebook"], *made_from["inputs"]):
            path = root / each["path"]
            yield each["path"], each["sha256"], self.of(path) if path.exists() else ""
        if made_from["pack_sha256"] is None:
            return
        present = self._pack(made_from["pack"], made_from["on"], root)
        yield made_from["pack"], made_from["pack_sha256"], present["pack_sha256"] or ""
        bases = {each["pack"]: each["sha256"] for each in present.get("pack_extends", ())}
        for each in made_from["pack_extends"]:
            yield each["pack"], each["sha256"], bases.get(each["pack"], "")

    def _pack(self, pack: Any, day: Any, root: Path) -> dict[str, Any]:
        if not isinstance(pack, str) or not pack:
            return {"pack": None, "on": day, "pack_sha256": None}
        lineage = self._lineage(pack, root)
        if not lineage:
            return {"pack": pack, "on": day, "pack_sha256": None}
        home, *bases = lineage
        return {
            "pack": pack,
            "on": day,
            "pack_sha256": self.of(home),
            "pack_extends": [{"pack": each.name, "sha256": self.of(each)} for each in bases],
        }

    def _inputs_of(self, job: Job, root: Path) -> list[dict[str, str]]:
        found = []
        for value in job.settings.values():
            path = self._inside(value, root) if isinstance(value, str) and value.strip() else None
            if path is not None:
                found.append({"path": self._relative(path, root), "sha256": self.of(path)})
        return found


def fingerprint(made_from: Mapping[str, Any], lang: str, order: Order) -> str:
    """Return one SHA-256 for all that a report depends on: what it is made from, and who prints it how."""
    from perfkit import __version__

    all_of_it = {
        "made_from": made_from,
        "perfkit": __version__,
        "lang": lang,
        "formats": list(order.formats),
        "reference": sha256_of(order.reference) if order.reference is not None else "",
    }
    return digest(all_of_it)


def digest(held: Mapping[str, Any]) -> str:
    """Return one SHA-256 of plain values by name, in whatever order they stand."""
    said = json.dumps(held, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as it is now, or "" if there is none."""
    return _of_file(path) if path.is_file() else ""


def from_there(folder: Path, path: Path) -> str:
    """Return ``path`` as it is called from ``folder``, so that both may move together."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive
        return path.as_posix()


def _inside(value: str, root: Path) -> Path | None:
    try:
        path = (root / value).resolve()
        return path if path.exists() and root.resolve() in path.parents else None
    except (OSError, ValueError):
        return None


def _lineage(pack: str, root: Path) -> list[Path]:
    own = root / pack
    try:
        return rules.lineage(own if (own / "pack.yaml").is_file() else pack)
    except PerfkitError:
        return []


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
        # What editors, Excel and Python leave lying about is not data.
        if name.rpartition("/")[2].startswith((".", "~$")) or "__pycache__" in name.split("/"):
            continue
        total.update(f"{name}\0{_of_file(files[name])}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()
