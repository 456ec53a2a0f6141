"""A year's self-evaluation reports of a simulated province, to the end, while processes of the batch are killed.

5,688 projects (``data/samples/province-simulated``), a page each with the project's facts and its place among all.
On the way a fork server, a start, a worker and the first process are killed with SIGKILL, in turn, again and again;
whenever the first process has died the same command is given once more, and once more in the end if a report failed
because its fork server was killed under it. Then every report is there, each recorded as made once, the folder
verifies, and no process is left.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import nbformat
import psutil
from nbformat.v4 import new_code_cell, new_notebook

from perfkit.reporting import journal
from perfkit.reporting.execution import OK

ROOT = Path(__file__).resolve().parents[1]
FRAME = ROOT / "data/samples/province-simulated/frame.simulated.csv"
CELLS = (
    ('data: str = ""  # folder\nunit_id: str = ""  # required', ["parameters"]),
    (
        "from perfkit import readers\nfrom perfkit.reporting import figures\n"
        'frame = readers.open_data(data, ["frame"], need=["frame"])["frame"]\n'
        'scores = frame["points_reported"].dropna().tolist()',
        ["shared"],
    ),
    ('mine = frame[frame["unit_id"].eq(unit_id)].iloc[0]', []),
    ('page, kept = figures.Document("zh"), ["department", "budget", "spent", "points_reported"]', []),
    ('page.title(mine["name"], subtitle="预算项目绩效自评（模拟数据）")', []),
    ('page.notice("本报告所用数据均为模拟，不是真实项目。", "simulated")', []),
    ("page.facts([(name, mine[name]) for name in kept], caption='自评')", []),
    ('page.distribution(scores, mine["points_reported"], "自评得分", "全部项目的自评得分", xlabel="分")', []),
    ("page.declare()", []),
    ('figures.summary(mine["name"], department=mine["department"], points=mine["points_reported"])', []),
)
KILLS = (("perfkit.reporting.kernels.forkserver", 2), ("spawn_main", 2), ("perfkit report", 2))


def office(folder: Path, count: int) -> Path:
    """Write notebook, frame and order; return the order's path."""
    (folder / "notebooks").mkdir()
    (folder / "data").mkdir()
    cells = [new_code_cell(source, metadata={"tags": tags}) for source, tags in CELLS]
    nbformat.write(new_notebook(cells=cells), folder / "notebooks/self_evaluation.ipynb")
    lines = FRAME.read_text(encoding="utf-8").splitlines()[: count + 1]
    (folder / "data/frame.simulated.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    order = folder / "自评.yaml"
    order.write_text(
        "title: 自评（模拟）\nnotebook: notebooks/self_evaluation.ipynb\nformats: [html]\n"
        "common: {data: data}\nruns: {each: unit_id, from: data/frame.simulated.csv}\n",
        encoding="utf-8",
    )
    return order


def victims(first: int, mark: str) -> list[psutil.Process]:
    """Return the processes of the batch to choose from."""
    try:
        main = psutil.Process(first)
        if mark == "perfkit report":
            return [main]
        return [each for each in main.children(recursive=True) if mark in " ".join(each.cmdline())]
    except psutil.Error:
        return []


def on_record(out: Path) -> list[str]:
    """Return the slugs recorded as made, as often as they stand there."""
    found: list[str] = []
    for path in sorted((out / journal.FOLDER).glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue  # cut off by a kill
            if record.get("outcome") == OK:
                found.append(record["slug"])
    return found


def main(count: int = 5688, jobs: int = 2, seed: int = 1) -> None:
    drawn, begun = random.Random(seed), time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        order = office(Path(home), count)
        out = order.with_suffix("")
        marks = [mark for mark, times in KILLS for _ in range(times)]
        drawn.shuffle(marks)
        at = sorted(drawn.sample(range(count // 50, count - count // 50), len(marks)))
        command = [sys.executable, "-m", "perfkit", "report", str(order), "--jobs", str(jobs)]
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        starts = 1
        while (marks or running.poll() is None) and time.monotonic() - begun < 7200:
            if running.poll() is not None:
                running, starts = subprocess.Popen(command, stdout=subprocess.DEVNULL), starts + 1
            if marks and len(set(on_record(out))) >= at[0]:
                chosen = victims(running.pid, marks[0])
                if chosen:
                    drawn.choice(chosen).kill()
                    print(f"{at[0]:>5} on record: killed one of {len(chosen)} {marks[0]}", flush=True)
                    del marks[0], at[0]
            time.sleep(0.5)
        if running.wait():
            running, starts = subprocess.Popen(command, stdout=subprocess.DEVNULL), starts + 1
        code, counts = running.wait(), Counter(on_record(out))
        spent = time.monotonic() - begun
        runs = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["runs"]
        paths = [each["path"] for run in runs for each in run["outputs"] if each["path"].endswith(".html")]
        pages = [path for path in paths if (out / path).is_file() and not path.startswith("failed/")]
        verified = subprocess.run([sys.executable, "-m", "perfkit", "verify", str(out)], stdout=subprocess.DEVNULL)
        lines = {each.pid: " ".join(each.info["cmdline"] or []) for each in psutil.process_iter(["cmdline"])}
        left = [pid for pid, line in lines.items() if home in line]
        outcomes, twice = dict(Counter(run["outcome"] for run in runs)), sum(counts.values()) - len(counts)
        print(
            f"{len(pages):,} reports of {count:,}, {len(runs):,} in the manifest ({outcomes}), "
            f"{twice} made twice, {starts} starts, exit {code}, verify {verified.returncode}, "
            f"{len(left)} processes left, {spent:,.0f} s, {spent / count:.3f} s a report"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
