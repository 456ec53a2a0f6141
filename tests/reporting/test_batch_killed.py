"""Whatever is killed: no finished report is lost or made twice, nothing half written stays, nobody is orphaned."""

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import BrokenExecutor, Future

import psutil
import pytest

from perfkit.reporting import batch, dispatch, journal, making, orders, workers

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")

# A shell that starts something in the background has it ignore SIGINT, and what it starts in turn.
MAIN = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, sys.argv[1])
import stand_in
from perfkit import cli
from perfkit.reporting import batch
cli._stop_on_signals()
try:
    batch.run(sys.argv[2], jobs=2, runner=stand_in.slow)
except KeyboardInterrupt:
    sys.exit(130)
"""


def alive(pids):
    found = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.append(pid)
    return found


def within(seconds, condition):
    until = time.monotonic() + seconds
    while not (held := condition()) and time.monotonic() < until:
        time.sleep(0.02)
    return held


def test_a_worker_that_dies_costs_its_own_run_only(office, stand_in):
    office.asks_for("a", "once", "b", "always", "c", "d", "e")
    done = batch.run(office.order, jobs=2, runner=stand_in.deadly, show=str)
    ended = {each.job.parameters["unit"]: each.outcome for each in done.outcomes}
    assert ended == {**dict.fromkeys("abcde", "ok"), "once": "ok", "always": "killed"}
    assert office.begun() == {**dict.fromkeys("abcde", 1), "once": 2, "always": 2}
    # As far as it got, it is kept.
    (killed,) = (each for each in done.outcomes if not each.ok)
    assert killed.outputs == (f"failed/{killed.job.slug}.ipynb",)
    assert "# always" in (office.out / killed.outputs[0]).read_text(encoding="utf-8")
    assert killed.error == "the worker process died"
    assert office.unfinished() == []
    assert max(Counter(office.recorded()).values()) == 1


def test_a_report_put_on_record_before_its_worker_died_is_not_made_again(office, stand_in):
    class Dying(workers.Here):
        def submit(self, fn, /, *args, **kwargs):
            super().submit(fn, *args, **kwargs).result()
            future = Future()
            future.set_exception(BrokenExecutor("died"))
            return future

    office.asks_for("a", "b")
    order = orders.load(office.order)
    office.out.mkdir()
    planned = [batch.Planned(job, "new") for job in order.jobs]
    tasks = batch._tasks(order, office.out, planned, journal.read(office.out), batch.manifest.Hashes(), None)
    made = dispatch.carry_out(tasks, Dying(), stand_in.quick, making.passes, room=lambda: 1, tick=lambda: None)
    assert [each.outcome for each in made] == ["ok", "ok"]
    assert office.begun() == {"a": 1, "b": 1}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_main_process_is_stopped(office, stand_in, how):
    units = [f"u{at:02}" for at in range(40)]
    office.asks_for(*units)
    main = subprocess.Popen([sys.executable, "-c", MAIN, str(office.root / "code"), str(office.order)])
    assert within(60, lambda: len(office.recorded()) >= 3)
    below = [each.pid for each in psutil.Process(main.pid).children(recursive=True)]
    main.send_signal(how)
    assert main.wait(20) == (-signal.SIGKILL if how == signal.SIGKILL else 130)
    assert within(10, lambda: not alive(below))
    kernels = [int(pid) for pid in (office.root / "kernels").read_text().split()]
    assert alive(kernels) == []
    on_record = office.recorded()
    assert 3 <= len(on_record) < 40
    if how != signal.SIGKILL:
        assert len(json.loads((office.out / "manifest.json").read_text(encoding="utf-8"))["runs"]) == len(on_record)
        assert office.unfinished() == []

    done = batch.run(office.order, runner=stand_in.quick, show=str)
    assert (done.made, done.counts) == (40 - len(on_record), {"ok": 40})
    assert Counter(office.recorded()) == {job.slug: 1 for job in done.order.jobs}
    assert office.unfinished() == []
    assert len(list(office.out.glob("u*.html")) + list(office.out.glob("a-u*.html"))) == 40


def test_a_worker_killed_from_outside_while_it_waits_or_works(office, stand_in):
    """Kill one worker after another at any moment: all reports come about, each once on record."""
    units = [f"u{at:02}" for at in range(16)]
    office.asks_for(*units)
    told = []

    def kill_one(line):
        told.append(line)
        if len(told) in (2, 7):
            victims = [each for each in psutil.Process().children() if "spawn_main" in " ".join(each.cmdline())]
            os.kill(victims[0].pid, signal.SIGKILL)

    done = batch.run(office.order, jobs=2, runner=stand_in.slow, show=kill_one)
    assert done.counts == {"ok": 16}
    assert max(office.begun().values()) <= 2
    assert Counter(office.recorded()) == {job.slug: 1 for job in done.order.jobs}
    assert office.unfinished() == []


def test_what_a_worker_cannot_read_or_return_is_an_error_not_a_death(stand_in):
    pool = workers.Processes(1)
    try:
        with pytest.raises(ZeroDivisionError):
            pool.submit(divmod, 1, 0).result()
        with pytest.raises((AttributeError, pickle.PicklingError), match="lambda"):
            pool.submit(lambda: None).result()
        with pytest.raises(RuntimeError, match="pickle"):
            pool.submit(open, os.devnull).result()
        assert pool.submit(divmod, 7, 2).result() == (3, 1)
        first = pool.submit(os.getpid).result()
        with pytest.raises(BrokenExecutor):
            pool.submit(os._exit, 3).result()
        assert pool.submit(os.getpid).result() != first
    finally:
        pool.shutdown()
