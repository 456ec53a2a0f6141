"""The batch pipeline: the key evaluation notebook, unit by unit, in warm kernels and as others run it.

Beside it stand the same cells as plain Python in processes that stay warm, papermill's API, and a loop over the
papermill CLI with jupyter nbconvert; last, how long a report of one empty cell takes. Every way runs in processes of
its own; what the first reports of a process pay for imports is left out, except where every report is a process. CPU
seconds stand beside the wall's: other work on the machine lengthens only the latter.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks/42_key_evaluation.ipynb"
SETTINGS = {"data": "data/samples/california", "pack": "cn-project-2020", "on": "2022-12-31"}


def units(count: int) -> list[str]:
    """Return the codes of the first Californian districts."""
    from perfkit import readers

    return [
        str(code) for code in readers.open_data(str(ROOT / SETTINGS["data"]), need=["units"])["units"]["unit_id"]
    ][:count]


def page(notebook: Any, folder: Path) -> None:
    from perfkit.reporting import export

    (folder / "page.html").write_text(export.html(notebook), encoding="utf-8")


def by_warm_kernels(unit: str, folder: Path, *, html: bool = True) -> None:
    from perfkit.reporting import execution

    kept = folder / "out.ipynb"
    ran = execution.execute(NOTEBOOK, {**SETTINGS, "unit_id": unit}, root=ROOT, kept=kept, inputs="of one batch")
    if ran.outcome != "ok":
        raise RuntimeError(ran.error)
    if html:
        page(ran.notebook, folder)


def by_plain_python(unit: str, folder: Path, *, html: bool = False) -> None:
    """Run the same cells with exec, in a process that keeps all it has imported and read."""
    import nbformat
    from IPython import display

    del folder, html
    display.display = lambda *_, **__: None
    names: dict[str, Any] = {}
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, "cell", "exec"), names)  # our own notebook
        if "parameters" in cell.metadata.get("tags", []):
            names.update(SETTINGS, unit_id=unit)


def by_papermill(unit: str, folder: Path, *, html: bool = True) -> None:
    import papermill

    made = papermill.execute_notebook(
        str(NOTEBOOK),
        str(folder / "out.ipynb"),
        {**SETTINGS, "unit_id": unit},
        cwd=str(ROOT),
        kernel_name="python3",
        progress_bar=False,
    )
    if html:
        page(made, folder)


def by_command_line(unit: str, folder: Path, *, html: bool = True) -> None:
    out, given = str(folder / "out.ipynb"), {**SETTINGS, "unit_id": unit}
    told = [word for name, value in given.items() for word in ("-r", name, value)]
    quiet: dict[str, Any] = {"cwd": ROOT, "check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([sys.executable, "-m", "papermill", str(NOTEBOOK), out, *told, "-k", "python3"], **quiet)
    if html:
        subprocess.run([sys.executable, "-m", "jupyter", "nbconvert", "--to", "html", "--no-input", out], **quiet)


WAYS: dict[str, Callable[..., None]] = {
    "warm": by_warm_kernels,
    "plain": by_plain_python,
    "papermill": by_papermill,
    "cli": by_command_line,
}


def one_process(way: str, names: list[str], html: bool) -> tuple[float, float]:
    """Return the wall and CPU seconds of the reports after the first, which pays for the imports."""
    from perfkit.reporting import kernels

    os.chdir(ROOT)
    make = WAYS[way]
    with tempfile.TemporaryDirectory() as folder:
        warmup = 0 if way == "cli" else 3  # the second makes what they share, and has what the first imported
        for name in names[:warmup]:
            make(name, Path(folder), html=html)
        kernel_seconds, begun, spent = _of_children(), time.perf_counter(), time.process_time()
        for name in names[warmup:]:
            make(name, Path(folder), html=html)
        wall, owner = time.perf_counter() - begun, time.process_time() - spent
        kernel_seconds = _of_children() - kernel_seconds
        kernels.close()
    count = len(names) - warmup
    return wall / count, (owner + kernel_seconds) / count


def _of_children() -> float:
    """Return the CPU seconds of ended children and of the fork servers with all that they have forked."""
    from perfkit.reporting import kernels

    told = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = told.ru_utime + told.ru_stime
    for pid in kernels.servers():
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        total += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return total


def part(way: str, processes: int, count: int, html: bool) -> str:
    """Run ``count`` reports a process in ``processes`` processes at a time; return seconds a report."""
    names = units(count if way == "cli" else count + 3)
    words = [sys.executable, __file__, "worker", way, str(int(html)), *names]
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    told = [tuple(map(float, each.communicate()[0].split())) for each in running]
    wall = max(seconds for seconds, _ in told) / processes
    cpu = sum(seconds for _, seconds in told) / len(told)
    return f"{wall:.3f} {cpu:.3f}"


def at_a_time(way: str, processes: int) -> int:
    """Return in how many processes a way is run: the command line is a loop, one report after another."""
    return 1 if way == "cli" else processes


def compared(processes: int, counts: dict[str, int], rounds: int, html: bool) -> list[str]:
    """Measure the ways in turn, ``rounds`` times; return a line each with its ratio to the warm kernels'."""
    runs = [
        {
            way: [float(each) for each in part(way, at_a_time(way, processes), count, html).split()]
            for way, count in counts.items()
        }
        for _ in range(rounds)
    ]
    what = "cells and HTML" if html else "cells only"
    lines = []
    for way in counts:
        wall, cpu = (median(run[way][at] for run in runs) for at in (0, 1))
        walls, cpus = (median(run[way][at] / run["warm"][at] for run in runs) for at in (0, 1))
        lines.append(
            f"{way:>9}, {at_a_time(way, processes)} at a time, {what}: "
            f"{wall:.2f} s a report ({walls:.2f} times warm), {cpu:.2f} CPU s ({cpus:.2f} times)"
        )
    return lines


def empty(count: int) -> str:
    """Time reports of one empty cell: what the pipeline itself takes."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    from perfkit.reporting import execution, kernels

    with tempfile.TemporaryDirectory() as folder:
        path, kept = Path(folder) / "in.ipynb", Path(folder) / "out.ipynb"
        nbformat.write(new_notebook(cells=[new_code_cell("1")]), path)
        execution.execute(path, {}, root=Path(folder), kept=kept)
        begun, spent = time.perf_counter(), time.process_time() + _of_children()
        for _ in range(count):
            execution.execute(path, {}, root=Path(folder), kept=kept)
        wall, cpu = time.perf_counter() - begun, time.process_time() + _of_children() - spent
        kernels.close()
    return f"{count} empty reports, 1 process: {wall / count:.3f} s each, {cpu / count:.3f} CPU s"


def main(rounds: int = 3) -> None:
    print("load", *os.getloadavg())
    for processes in (1, 2):
        print(*compared(processes, {"warm": 20, "plain": 20}, rounds, False), sep="\n", flush=True)
    print(*compared(2, {"warm": 20, "papermill": 6, "cli": 2}, rounds, True), sep="\n", flush=True)
    print(empty(100))
    print("load", *os.getloadavg())


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        print(*one_process(sys.argv[2], sys.argv[4:], sys.argv[3] == "1"))
