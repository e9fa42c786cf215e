"""The way into a running engine from another shell: a Unix socket that its owner alone may open.

    runtime directory (0700)   $XDG_RUNTIME_DIR/bot3, else /tmp/bot3-UID
      NAME.sock (0600)         one an engine; NAME is --name, else the process id
    a connection               one line of JSON there, one back, at most 4 KiB each:
                               {"command": "kill"}  ->  {"ok": true, "cancelled": 3, ...}, {"ok": false, "error": "..."}

The thread here only carries messages. Commands are carried out by the thread that runs the engine, between two inputs,
for which it is interrupted; it answers when what was asked for has begun, and what must survive is on disk.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import queue
import re
import socket
import stat
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot3.errors import ArgumentError, ControlError

__all__ = ["Answer", "Asked", "Channel", "Command", "ask", "engines"]

Command = Literal["kill", "kill_flatten", "flatten", "reset", "status"]

_LINE_MAX: Final = 4096
_HEAR_S: Final = 2.0  # a peer that says nothing so long is given up
_ANSWER_S: Final = 30.0  # a Python strategy may keep the engine's thread
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", re.ASCII)


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Request(_Message):
    """What is asked."""

    command: Command


class Answer(_Message):
    """What came of it.

    cancelled: orders whose cancel was sent. closing: positions being taken out. refuses: the rule that refuses orders.
    """

    ok: bool
    name: str = ""
    pid: int = 0
    error: str = ""
    cancelled: Annotated[int, Field(ge=0)] = 0
    closing: Annotated[int, Field(ge=0)] = 0
    killed: bool = False
    refuses: str = ""
    equity: str = ""
    inputs: Annotated[int, Field(ge=0)] = 0


@dataclass
class Asked:
    """A command that waits to be carried out; answer() lets its sender go."""

    command: Command
    _answers: queue.SimpleQueue[Answer] = field(default_factory=queue.SimpleQueue)

    def answer(self, answer: Answer) -> None:
        """From the thread that runs the engine."""
        self._answers.put(answer)

    def wait(self) -> Answer:
        """Raises queue.Empty when nobody answers."""
        return self._answers.get(timeout=_ANSWER_S)


def _directory() -> Path:
    """The runtime directory, made if it is not there. Raises ControlError unless it is ours alone."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    path = Path(base) / "bot3" if base else Path(f"/tmp/bot3-{os.geteuid()}")
    hint = "Set XDG_RUNTIME_DIR to a directory that only you can use."
    try:
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
        found = path.lstat()
    except OSError as error:
        raise ControlError(f"cannot be used: {error.strerror}", where=str(path), hint=hint) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        what = "is not a directory that its owner alone may use, and you are its owner"
        raise ControlError(what, where=str(path), hint=hint)
    return path


def _is_alive(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_HEAR_S)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True  # busy is alive
    return True


class Channel:
    """The engine's end. interrupt: calls the engine's thread to take()."""

    def __init__(self, interrupt: Callable[[], None], name: str | None = None) -> None:
        """Raises ArgumentError for a name that cannot be one or is taken, ControlError for the directory."""
        self.pid = os.getpid()
        self.name = str(self.pid) if name is None else name
        if not _NAME.fullmatch(self.name):
            hint = "Use up to 40 letters, digits, _ . and -, the first a letter or digit."
            raise ArgumentError("is no name for an engine", where="--name", value=self.name, hint=hint)
        self._interrupt = interrupt
        self._asked: queue.SimpleQueue[Asked] = queue.SimpleQueue()
        self._path = _directory() / f"{self.name}.sock"
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._bind()
        except BaseException:
            self._listener.close()
            raise
        self._closing = False
        self._thread = threading.Thread(target=self._serve, name="bot3-control", daemon=True)
        self._thread.start()

    def _bind(self) -> None:
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)  # so that two do not find the same old socket dead
            if self._path.exists() and _is_alive(self._path):
                hint = "Choose another --name, or stop that engine."
                raise ArgumentError("an engine of that name is running", where="--name", value=self.name, hint=hint)
            self._path.unlink(missing_ok=True)
            self._listener.bind(str(self._path))
            self._path.chmod(0o600)
            self._listener.listen(8)
        except OSError as error:
            raise ControlError(f"cannot be made: {error.strerror or error}", where=str(self._path)) from error
        finally:
            os.close(folder)

    def take(self) -> Iterator[Asked]:
        """What was asked since the last call."""
        with contextlib.suppress(queue.Empty):
            while True:
                yield self._asked.get_nowait()

    def close(self) -> None:
        """Nobody is heard any more; who still waits is told so."""
        self._closing = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for asked in self.take():
            asked.answer(Answer(ok=False, error="the run is over"))
        self._thread.join()
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _serve(self) -> None:
        while not self._closing:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            with peer, contextlib.suppress(OSError):
                peer.settimeout(_HEAR_S)
                peer.sendall(_line(self._heard(peer)))

    def _heard(self, peer: socket.socket) -> Answer:
        _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if uid not in (os.geteuid(), 0):
            return Answer(ok=False, error="only the owner of this engine may command it")
        try:
            asked = Asked(Request.model_validate_json(_read_line(peer)).command)
        except (ValidationError, ValueError) as error:
            return Answer(ok=False, error=f"not understood: {str(error).splitlines()[0]}")
        self._asked.put(asked)
        self._interrupt()
        if self._closing:
            return Answer(ok=False, error="the run is over")
        try:
            return asked.wait()
        except queue.Empty:
            what = f"not carried out within {_ANSWER_S:g} s: a strategy keeps the engine's thread, and it comes next"
            return Answer(ok=False, error=f"{what}. To end the process at once: kill -KILL {self.pid}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _line(message: _Message) -> bytes:
    return message.model_dump_json().encode() + b"\n"


def _read_line(peer: socket.socket) -> bytes:
    """Raises ValueError for a line that is too long or does not end."""
    data = b""
    while not data.endswith(b"\n"):
        part = peer.recv(_LINE_MAX + 1 - len(data))
        data += part
        if not part or len(data) > _LINE_MAX:
            raise ValueError(f"a message is one line of at most {_LINE_MAX} bytes")
    return data


def engines() -> list[str]:
    """Names of the engines that are running. Raises ControlError."""
    return sorted(path.stem for path in _directory().glob("*.sock") if _is_alive(path))


def ask(command: Command, name: str | None = None) -> Answer:
    """Sends a command to an engine and waits for its answer. name: None for the only one that runs.

    Raises ControlError: none of that name, several to choose from, no answer, or the engine's own refusal.
    """
    running = engines()
    if name is None and len(running) > 1:
        raise ControlError("several engines are running", value=", ".join(running), hint="Say which with --name.")
    if not running or (name is not None and name not in running):
        there = f"Running: {', '.join(running)}." if running else "There is none on this host that is yours."
        raise ControlError("no such engine is running", where="--name" if name else "", value=name, hint=there)
    chosen = running[0] if name is None else name
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.settimeout(_HEAR_S + _ANSWER_S)
            peer.connect(str(_directory() / f"{chosen}.sock"))
            peer.sendall(_line(Request(command=command)))
            answer = Answer.model_validate_json(_read_line(peer))
    except (OSError, ValueError) as error:
        hint = "Its process may just have ended; look for it before you rely on the command."
        raise ControlError(f"did not answer: {error}", where=f"engine {chosen}", hint=hint) from error
    if not answer.ok:
        raise ControlError(answer.error, where=f"engine {chosen}")
    return answer
