"""A kernel provisioner: the kernel ``perfkit-warm`` of any Jupyter program is a fork of the fork server.

The kernel specification that names it is installed with the package (``share/jupyter/kernels/perfkit-warm``), so that
``papermill in.ipynb out.ipynb -k perfkit-warm``, nbclient and JupyterLab find it. It talks over sockets in a private
folder: no ports to race for, and nothing another user could listen to.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from perfkit.reporting.kernels import pool

_LONGEST = 80  # bytes: a socket's path may have 107, and five are told apart by their ends
_log = logging.getLogger("perfkit.kernels")


class WarmProvisioner(LocalProvisioner):
    """Starts kernels by forking; where that cannot be, starts them as jupyter_client would."""

    sockets: str | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Give the kernel sockets in a folder of its own before its connection file is written."""
        manager = self.parent
        if manager is not None and not pool.supported() and not self.connection_info and manager.transport == "tcp":
            self.sockets = _short_folder()
            manager.transport, manager.ip = "ipc", f"{self.sockets}/k"
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork the kernel."""
        places = {name: _descriptor(kwargs.get(name), at) for name, at in (("stdout", 1), ("stderr", 2))}
        cwd = Path(kwargs.get("cwd") or Path.cwd())
        try:
            # In a thread: the first one waits for the imports, and who asks may serve others meanwhile.
            process = await asyncio.to_thread(
                pool.ipykernel, _arguments(cmd), cwd=cwd, environment=kwargs.get("env") or os.environ, **places
            )
        except pool.WarmStartError as failure:
            _log.warning("no warm kernel, an ordinary one instead · 无法使用预热内核，改用普通内核：%s", failure)
            return await super().launch_kernel(cmd, **kwargs)
        # What jupyter_client asks of a process, the fork answers as Popen would.
        self.process: Any = process
        self.pid: Any = process.pid
        self.pgid: Any = process.pid
        self.cwd: Any = cwd
        return self.connection_info

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the folder of the sockets."""
        await super().cleanup(restart=restart)
        if self.sockets is not None and not restart:
            shutil.rmtree(self.sockets, ignore_errors=True)
            self.sockets = None


def _arguments(cmd: list[str]) -> list[str]:
    """Return ``ipykernel_launcher`` and what stands behind it.

    Raises
    ------
    WarmStartError
        If the kernel specification starts something else.

    Examples
    --------
    >>> _arguments(["python", "-m", "ipykernel_launcher", "-f", "a.json"])
    ['ipykernel_launcher', '-f', 'a.json']
    """
    for name in ("ipykernel_launcher", "ipykernel"):
        if name in cmd:
            return cmd[cmd.index(name) :]
    raise pool.WarmStartError(f"the kernel specification starts {' '.join(cmd)}")


def _descriptor(given: Any, usual: int) -> int:
    return given if isinstance(given, int) and given >= 0 else getattr(given, "fileno", lambda: usual)()


def _short_folder() -> str:
    """Make a private folder whose path leaves room for the names of sockets."""
    folder = tempfile.mkdtemp(prefix="pk-")
    if len(os.fsencode(folder)) > _LONGEST:
        Path(folder).rmdir()
        folder = tempfile.mkdtemp(prefix="pk-", dir="/tmp")  # mkdtemp's folder is private wherever it is
    return folder
