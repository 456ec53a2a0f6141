"""Whole messages over a socket: JSON behind its length, open files beside it where asked for."""

from __future__ import annotations

import json
import socket
import struct
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

ENGINE = "perfkit-warm"
_HEAD = struct.Struct("!Q")


def send(line: socket.socket, message: Mapping[str, Any], files: Sequence[int] = ()) -> None:
    """Send ``message``, and with it copies of the open ``files``.

    Raises
    ------
    OSError
        If nobody listens any more.
    """
    body = json.dumps(message, default=_plain).encode("ascii")
    head = _HEAD.pack(len(body))
    if files:
        socket.send_fds(line, [head], list(files))
        line.sendall(body)
    else:
        line.sendall(head + body)


def receive(line: socket.socket, files: int = 0) -> tuple[dict[str, Any] | None, list[int]]:
    """Wait for a message; return it (None: the other side is gone) and up to ``files`` open files."""
    head, taken = b"", list[int]()
    if files:
        head, taken, *_ = socket.recv_fds(line, _HEAD.size, files)
    head = _rest(line, head, _HEAD.size)
    if len(head) < _HEAD.size:
        return None, taken
    size = _HEAD.unpack(head)[0]
    body = _rest(line, b"", size)
    return (json.loads(body) if len(body) == size else None), taken


def message(kind: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a message of the Jupyter protocol, as far as both ends of a line need one."""
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": ENGINE}
    filled = {"content": content or {}, "parent_header": {}, "metadata": {}, "buffers": []}
    return {"header": header, "msg_type": kind, **filled}


def request(code: str, count: int) -> dict[str, Any]:
    """Return the request to run ``code`` as the cell number ``count`` of those that are run."""
    return message("execute_request", {"code": code, "count": count})


class Frames:
    """Take messages out of what has arrived so far, for a reader that must not wait.

    Examples
    --------
    >>> frames = Frames()
    >>> frames.take(_HEAD.pack(2) + b"{"), frames.take(b"}")
    ([], [{}])
    """

    def __init__(self) -> None:
        self._held = bytearray()

    def take(self, data: bytes) -> list[dict[str, Any]]:
        """Add ``data``; return the messages that are now whole."""
        self._held += data
        whole: list[dict[str, Any]] = []
        while len(self._held) >= _HEAD.size:
            end = _HEAD.size + _HEAD.unpack_from(self._held)[0]
            if len(self._held) < end:
                break
            whole.append(json.loads(bytes(self._held[_HEAD.size : end])))
            del self._held[:end]
        return whole


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _rest(line: socket.socket, data: bytes, size: int) -> bytes:
    parts, have = [data], len(data)
    while have < size:
        part = line.recv(min(size - have, 1 << 20))
        if not part:
            break
        parts.append(part)
        have += len(part)
    return b"".join(parts)
