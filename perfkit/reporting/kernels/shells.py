"""The owner's side of one kernel: whether it lives, what it says, the means to end it."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from perfkit.reporting.kernels import line

_ENDING = 3.0  # seconds a kernel may take to close its files when its report is done


class KernelDiedError(Exception):
    """The kernel ended before it had answered."""


class Kernel:
    """A forked process: whether it lives, how it ended, and the means to end it."""

    stdin = stdout = stderr = None  # as a Popen that captures nothing

    def __init__(self, pid: int, status: socket.socket) -> None:
        self.pid = pid
        self._status: socket.socket | None = status
        self._frames = line.Frames()
        self._code: int | None = None
        self._asking = threading.Lock()

    def poll(self) -> int | None:
        """Return the exit code (negative: the signal that ended it), or None while it runs."""
        return self.wait(0.0)

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end, at most ``timeout`` seconds; return the exit code or None."""
        until = None if timeout is None else time.monotonic() + timeout
        with self._asking:
            while self._code is None and self._status is not None:
                left = None if until is None else max(until - time.monotonic(), 0.0)
                if not readable(self._status, left):
                    return None
                self._hear(self._status)
            return self._code

    def _hear(self, status: socket.socket) -> None:
        try:
            data = status.recv(1 << 16)
        except ConnectionError:
            data = b""
        if not data:
            # The server is gone, and took the kernel with it; what the kernel had started may live on.
            self._code = -signal.SIGKILL
            self.send_signal(signal.SIGKILL)
        for message in self._frames.take(data):
            self._code = message["ended"]
        if self._code is not None:
            self._forget()

    def _forget(self) -> None:
        if self._status is not None:
            self._status.close()
            self._status = None

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel and to what it has started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the kernel and what it has started, now."""
        if self.poll() is None:
            self.send_signal(signal.SIGKILL)


class ShellKernel(Kernel):
    """A forked shell that runs cells one after another and says what they show."""

    def __init__(self, pid: int, status: socket.socket, channel: socket.socket, pipes: Mapping[str, int]) -> None:
        super().__init__(pid, status)
        self.language_info: dict[str, Any] = {}
        self.imported: list[str] = []
        self._channel: socket.socket | None = channel
        self._pipes = dict(pipes)
        self._said = line.Frames()
        self._selector = selectors.DefaultSelector()
        self._selector.register(channel, selectors.EVENT_READ, "channel")
        self._selector.register(status, selectors.EVENT_READ, "status")
        for name, fd in pipes.items():
            os.set_blocking(fd, False)
            self._selector.register(fd, selectors.EVENT_READ, name)

    def say(self, message: Mapping[str, Any]) -> None:
        """Send a request; a kernel that has died since says so when it is listened to."""
        if self._channel is not None:
            with contextlib.suppress(OSError):
                line.send(self._channel, message)

    def run(self, request: Mapping[str, Any], seconds: float | None) -> Iterator[dict[str, Any]]:
        """Send a request to run code, and yield what the kernel says of it, its reply last.

        Raises
        ------
        TimeoutError
            If there is no reply within ``seconds`` (None: as long as it needs).
        KernelDiedError
            If the kernel ends.
        """
        self.say(request)
        until = None if seconds is None else time.monotonic() + seconds
        while True:
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError
            heard = self.hear(left)
            if heard is None:
                raise KernelDiedError
            replies = [message for message in heard if message["msg_type"] == "execute_reply"]
            yield from (message for message in heard if message["msg_type"] != "execute_reply")
            if replies:
                yield from self.printed()
                yield replies[0]
                return

    def share(self) -> socket.socket:
        """Let the kernel become a fork server that serves the socket returned: what it forks stands where it stands.

        Raises
        ------
        KernelDiedError
            If it cannot; the text says why.
        """
        self.say({"header": {"msg_type": "share"}})
        while (heard := self.hear(_ENDING)) is not None:
            for message in heard:
                if "refused" in message:
                    if message["refused"] or self._channel is None:
                        raise KernelDiedError(message["refused"])
                    return self._channel
        raise KernelDiedError

    def hear(self, timeout: float | None) -> list[dict[str, Any]] | None:
        """Return what the kernel said, waiting ``timeout`` seconds at most; None if it is dead."""
        ready = {key.data for key, _ in self._selector.select(timeout)}
        messages = [message for name in ready & set(self._pipes) for message in self._printed(name)]
        data = b""
        if "channel" in ready and self._channel is not None:
            with contextlib.suppress(ConnectionError):
                data = self._channel.recv(1 << 20)
            messages.extend(self._said.take(data))
        # A process that the kernel left behind may hold the channel open: its end is told on another.
        if not data and ready & {"channel", "status"}:
            return messages + self.printed() or None
        return messages

    def printed(self) -> list[dict[str, Any]]:
        """Return what processes that the cell started, and libraries beneath Python, have written."""
        return [message for name in list(self._pipes) for message in self._printed(name)]

    def _printed(self, name: str) -> list[dict[str, Any]]:
        parts: list[bytes] = []
        try:
            while part := os.read(self._pipes[name], 1 << 16):
                parts.append(part)
            self._selector.unregister(self._pipes[name])
            os.close(self._pipes.pop(name))
        except BlockingIOError:
            pass
        text = b"".join(parts).decode("utf-8", "replace")
        return [{"msg_type": "stream", "content": {"name": name, "text": text}}] if text else []

    def close(self) -> None:
        """End the kernel: kindly, so that open files are written and locks released, or else by force."""
        until = time.monotonic() + _ENDING
        self.say({"header": {"msg_type": "goodbye"}})
        told = False
        while not told and (left := until - time.monotonic()) > 0 and (said := self.hear(left)) is not None:
            for message in said:
                told = told or "imported" in message
                self.imported.extend(message.get("imported", []))
        if self.wait(max(until - time.monotonic(), 0.0)) is None:
            self.kill()
            self.wait(_ENDING)
        self.let_go()

    def let_go(self) -> None:
        """Close this side of the channel."""
        self._selector.close()
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        for fd in self._pipes.values():
            os.close(fd)
        self._pipes = {}
        self._forget()


def readable(each: socket.socket, timeout: float | None) -> bool:
    """Say whether there is something to read from ``each`` within ``timeout`` seconds."""
    with selectors.DefaultSelector() as selector:
        selector.register(each, selectors.EVENT_READ)
        return bool(selector.select(timeout))
