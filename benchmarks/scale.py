"""What a batch costs beside its notebooks, measured with empty reports, and what a million would take on many cores.

Measured: an order of 10,000 runs whose notebooks are not run and whose pages are empty (files, fsync and journal are
real), its memory on the way, a second run that finds all done; and how many runs a second this process can hand to
worker processes and to a Dask cluster of this machine. Extrapolated, with the seconds that a real report takes a core
(the third argument of ``forecast``): the slowest of cores, scheduler and file system, after planning and before the
manifest and index. The file system is this machine's disk: measure yours.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import nbformat
from measuring import in_a_fresh_process, resident, seconds
from nbformat.v4 import new_code_cell, new_notebook

from perfkit.reporting import batch, dispatch, making, orders, workers
from perfkit.reporting.execution import OK, Ran
from perfkit.reporting.outcomes import Outcome

CELL = new_code_cell('unit: str = ""  # required', metadata={"tags": ["parameters"]})
NOTEBOOK = new_notebook(cells=[CELL])
MILLION = 1_000_000
CORES = (10, 100, 1_000)
REPORT_SECONDS = (0.0, 0.3)
DISPATCHED = 2_000
IN_FLIGHT = 500  # runs that a scheduler of many workers has been given
MACHINE = 16  # cores
SHARDS = f"a shard for each {MACHINE}"


@dataclass(frozen=True)
class Costs:
    """Seconds a run: planning (reading and checking the order, too), writing down, the end, finding it done."""

    plan: float
    write: float
    end: float
    resume: float
    memory: list[int]

    def line(self, runs: int) -> str:
        first, *_, last = self.memory
        return (
            f"{runs:>9,} empty reports, one process: plan {self.plan * runs:.1f} s, write {self.write * runs:.1f} s, "
            f"manifest and index {self.end * runs:.1f} s, all found done {self.resume * runs:.1f} s; "
            f"memory {first / 1e6:.0f} MB after a fifth, {last / 1e6:.0f} MB at the end"
        )


def office(folder: Path, runs: int) -> Path:
    """Write an order of ``runs`` runs, and return its path."""
    (folder / "notebooks").mkdir()
    nbformat.write(NOTEBOOK, folder / "notebooks/empty.ipynb")
    units = "\n".join(f"u{at:07}" for at in range(runs))
    (folder / "units.csv").write_text(f"unit\n{units}\n", encoding="utf-8")
    order = folder / "empty.yaml"
    order.write_text(
        "title: x\nnotebook: notebooks/empty.ipynb\nruns: {each: unit, from: units.csv}\n", encoding="utf-8"
    )
    return order


def empty(
    notebook: Path, parameters: dict, *, root: Path, kept: Path, timeout: float | None = None, inputs: str = ""
) -> Ran:
    return Ran(NOTEBOOK, OK, "", 0.0)


def nothing(task: making.Task, runner: making.Runner, gate: making.Gate) -> Outcome:
    return Outcome(task.job, OK, "", 0.0, 0, task.job.title)


def costs(runs: int) -> Costs:
    """Carry out an order of empty reports in this process, twice."""
    memory: list[int] = []
    marks: list[float] = []

    def look(_: str) -> None:
        marks.append(time.perf_counter())
        if len(marks) % max(runs // 5, 1) == 0:
            memory.append(resident())

    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(making, "_documents", return_value={"html": b"<p>"}),
    ):
        order = office(Path(folder), runs)
        begun = time.perf_counter()
        done = batch.run(order, runner=empty, show=look)
        ended = time.perf_counter()
        again = seconds(lambda: batch.run(order, runner=empty, show=look))
        if done.counts != {"ok": runs} or len(marks) != runs:
            raise RuntimeError(f"not as ordered: {done.counts}")
    write = (marks[-1] - marks[0]) / max(runs - 1, 1)
    plan = (marks[0] - begun - write) / runs
    return Costs(plan, write, (ended - marks[-1]) / runs, again / runs, memory)


def dispatch_seconds(runs: int, cluster: bool = False) -> float:
    """Return the seconds a run that it takes to give runs out to two workers and hear of their ends."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home = Path(folder)
        order = orders.load(office(home, runs))
        stack.enter_context(mock.patch.object(dispatch, "make", nothing))
        address = stack.enter_context(dask_cluster()).scheduler_address if cluster else None
        executor, room = stack.enter_context(workers.opened(2, address))
        room = (lambda: IN_FLIGHT) if cluster else room
        held, hashes = SimpleNamespace(latest={}, session=1), batch.manifest.Hashes()
        planned = [SimpleNamespace(job=job) for job in order.jobs]
        list(carry_out(batch._tasks(order, home, planned[:10], held, hashes, None), executor, room))  # workers start
        tasks = batch._tasks(order, home, planned[10:], held, hashes, None)
        return seconds(lambda: list(carry_out(tasks, executor, room))) / max(runs - 10, 1)


def carry_out(tasks, executor, room):
    return dispatch.carry_out(tasks, executor, empty, making.passes, room=room, tick=lambda: None)


def dask_cluster():
    from distributed import LocalCluster

    return LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50)


def forecast(held: Costs, ways: dict[str, float], report: float, runs: int = MILLION) -> list[str]:
    """Say how long ``runs`` reports of ``report`` seconds take, by cores and ways to give them out, and why."""
    lines = []
    for cores in CORES:
        for way, dispatched in ways.items():
            # Machines that take a shard each give out their own runs; a scheduler gives out all.
            shards = max(cores // MACHINE, 1) if way == SHARDS else 1
            waits = {"cores": runs * (report + held.write) / cores, "giving out": runs * dispatched / shards}
            slowest = max(waits, key=lambda name: waits[name])
            rest = (held.plan + held.end) * runs
            lines.append(
                f"{runs:>9,} reports of {report:g} s, {cores:>5,} cores, {way}: "
                f"{(waits[slowest] + rest) / 3600:5.2f} h, of which {slowest} {waits[slowest] / 3600:.2f} h and "
                f"planning, manifest and index {rest / 60:.0f} min; {runs * 3 / waits[slowest]:,.0f} fsyncs a second"
            )
    return lines


def main() -> None:
    sizes = (1_000, 10_000)
    for runs in sizes:
        print(in_a_fresh_process(__file__, "costs", runs))
    print(in_a_fresh_process(__file__, "forecast", sizes[-1]))


def part(name: str, runs: int) -> str:
    held = costs(runs)
    if name == "costs":
        return held.line(runs)
    ways = {SHARDS: dispatch_seconds(DISPATCHED)}
    try:
        ways["one Dask scheduler"] = dispatch_seconds(DISPATCHED, cluster=True)
    except ImportError:
        print("          distributed is not installed: no figure for Dask")
    told = [f"          {way}: {1 / each:,.0f} runs a second given out and heard of" for way, each in ways.items()]
    return "\n".join([*told, *(line for report in REPORT_SECONDS for line in forecast(held, ways, report))])


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        print(part(sys.argv[1], int(sys.argv[2])))
