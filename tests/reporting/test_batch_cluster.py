"""An order on a Dask cluster of this machine: the same reports, and a worker killed costs only the time."""

import contextlib
import os
import signal
import sys

import psutil
import pytest

from perfkit.errors import OrderError
from perfkit.reporting import batch, workers

distributed = pytest.importorskip("distributed", reason="distributed is not installed")


@pytest.fixture
def cluster(office, stand_in, monkeypatch):
    # What the workers import has to be found there too.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(office.root / "code"), *filter(None, sys.path)]))
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as made:
        yield made


def test_a_cluster_makes_the_same_and_survives_a_worker(cluster, office, stand_in):
    units = [f"u{at:02}" for at in range(12)]
    office.asks_for(*units)
    here = batch.run(office.order, out=office.root / "here", runner=stand_in.quick, show=str)
    told = []

    def kill_one(line):
        told.append(line)
        if len(told) == 3:
            os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)

    done = batch.run(office.order, cluster=cluster.scheduler_address, runner=stand_in.slow, show=kill_one)
    assert done.counts == {"ok": 12}
    assert [each.artefacts for each in done.outcomes] == [each.artefacts for each in here.outcomes]
    assert office.unfinished() == []
    assert batch.run(office.order, cluster=cluster.scheduler_address, runner=stand_in.quick, show=str).made == 0
    for pid in map(int, (office.root / "kernels").read_text().split()):
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(pid).kill()


def test_no_scheduler_is_said(monkeypatch):
    monkeypatch.setattr(workers, "_PATIENCE", 0.2)
    with (
        pytest.raises(OrderError, match="no cluster at tcp"),
        workers.opened(None, "tcp://127.0.0.1:1"),
    ):
        pass
