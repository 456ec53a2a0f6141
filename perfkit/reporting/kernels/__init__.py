"""Warm kernels, each used once: a fork server has the heavy imports, and every report gets a fork of it.

Three ways in: :func:`perfkit.reporting.execution.execute`, the papermill engine ``perfkit-warm``, and the kernel
provisioner of the same name behind the kernel ``perfkit-warm``. The engine is the fastest: its kernels run the cells
in a process of their own, without ZMQ.
"""

from perfkit.reporting.kernels import pool, sharing
from perfkit.reporting.kernels.engine import WarmEngine
from perfkit.reporting.kernels.line import ENGINE
from perfkit.reporting.kernels.pool import WarmStartError

__all__ = ["ENGINE", "WarmEngine", "WarmStartError", "close", "servers"]


def servers() -> list[int]:
    """Return the ids of this process's processes that fork kernels."""
    return [*pool.servers(), *sharing.processes()]


def close() -> None:
    """End every fork server of this process, and their kernels."""
    sharing.close()
    pool.close()
