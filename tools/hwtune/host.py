"""All access to a host's files goes through here, so that a dump, a test tree and the real host look alike.

`LiveHost` is the real one (or a directory that plays it, in tests) and can write. `DumpHost` is a directory or a tar
archive taken from another host: read-only, and confined: no link in it can lead to a file of the real host.
"""

from __future__ import annotations

import errno
import fnmatch
import os
import posixpath
from abc import ABC, abstractmethod
from pathlib import Path

from hwtune.errors import AccessError, Problem

# No file that hwtune reads is larger; a damaged or hostile dump may claim to be.
READ_MAX_BYTES = 16 << 20
READ_CHUNK_BYTES = 64 << 10

_PROBLEMS = {
    errno.ENOENT: Problem.ABSENT,
    errno.ENODEV: Problem.ABSENT,
    errno.ENXIO: Problem.ABSENT,
    errno.ENOTDIR: Problem.ABSENT,
    errno.ESRCH: Problem.ABSENT,
    errno.EACCES: Problem.DENIED,
    errno.EPERM: Problem.DENIED,
    errno.EROFS: Problem.DENIED,
    errno.EOPNOTSUPP: Problem.UNSUPPORTED,
    errno.ENOSYS: Problem.UNSUPPORTED,
    errno.ENOTTY: Problem.UNSUPPORTED,
    errno.EINVAL: Problem.INVALID,
    errno.ERANGE: Problem.INVALID,
    errno.EBUSY: Problem.BUSY,
}


def access_error(error: OSError, where: str) -> AccessError:
    """The typed error of an OSError: "not found" and "permission denied" are never confused."""
    problem = _PROBLEMS.get(error.errno or 0, Problem.FAILED)
    return AccessError(problem, where, os.strerror(error.errno) if error.errno else str(error))


class Host(ABC):
    """Read access by absolute path. Texts are UTF-8 with undecodable bytes replaced."""

    live = False

    @abstractmethod
    def read_bytes(self, path: str) -> bytes:
        """The file's content. Raises AccessError."""

    @abstractmethod
    def listdir(self, path: str) -> list[str]:
        """Sorted names in a directory; empty if it is absent. Raises AccessError if it may not be read."""

    @abstractmethod
    def exists(self, path: str) -> bool:
        """Whether the path leads to a file or directory."""

    @abstractmethod
    def realpath(self, path: str) -> str:
        """The path with all links followed, inside the host."""

    def read(self, path: str) -> str:
        """The file's text. Raises AccessError."""
        return self.read_bytes(path).decode("utf-8", "replace")

    def get(self, path: str) -> str | None:
        """The file's text without surrounding blanks and NULs, or None if absent. Raises AccessError otherwise."""
        try:
            return self.read(path).strip(" \t\n\0")
        except AccessError as error:
            if error.problem is Problem.ABSENT:
                return None
            raise

    def glob(self, pattern: str) -> list[str]:
        """Existing paths that match, `*` within one component. Sorted."""
        found = ["/"]
        for part in pattern.strip("/").split("/"):
            if any(ch in part for ch in "*?["):
                found = [posixpath.join(d, n) for d in found for n in self.listdir(d) if fnmatch.fnmatchcase(n, part)]
            else:
                found = [posixpath.join(d, part) for d in found]
        return sorted(p for p in found if self.exists(p))


class LiveHost(Host):
    """The running host below `root` ("/" but for tests), with writing. `live` says it may be asked by system call."""

    def __init__(self, root: str = "/") -> None:
        self.root = root.rstrip("/")
        self.live = self.root == ""

    def _at(self, path: str) -> str:
        return self.root + path

    def read_bytes(self, path: str) -> bytes:
        """Implements Host.read_bytes."""
        try:
            with Path(self._at(path)).open("rb", buffering=0) as file:
                # Small reads: for one of megabytes procfs answers ENOMEM, as it sets the whole buffer aside.
                parts, total = [], 0
                while total < READ_MAX_BYTES and (part := file.read(READ_CHUNK_BYTES)):
                    parts.append(part)
                    total += len(part)
                    if self.live and path.startswith("/dev/"):
                        break
                return b"".join(parts)
        except OSError as error:
            raise access_error(error, path) from error

    def listdir(self, path: str) -> list[str]:
        """Implements Host.listdir."""
        try:
            return sorted(entry.name for entry in Path(self._at(path)).iterdir())
        except OSError as error:
            problem = access_error(error, path)
            if problem.problem is Problem.ABSENT:
                return []
            raise problem from error

    def exists(self, path: str) -> bool:
        """Implements Host.exists."""
        try:
            return Path(self._at(path)).exists()
        except OSError as error:
            raise access_error(error, path) from error

    def realpath(self, path: str) -> str:
        """Implements Host.realpath."""
        root = str(Path(self.root or "/").resolve()).rstrip("/")
        return str(Path(self._at(path)).resolve()).removeprefix(root) or "/"

    def write(self, path: str, text: str) -> None:
        """Writes a kernel file in one write call, never creating it. Raises AccessError."""
        try:
            fd = os.open(self._at(path), os.O_WRONLY | os.O_CLOEXEC | (os.O_TRUNC if self.root else 0))
            try:
                os.write(fd, text.encode() or b"\n")
            finally:
                os.close(fd)
        except OSError as error:
            raise access_error(error, path) from error

    def write_durable(self, path: str, data: bytes) -> None:
        """Replaces a file of our own so that after a power cut it is the old one or the new one. Raises AccessError."""
        target = Path(self._at(path))
        fresh = target.with_name(target.name + ".new")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(target)
            self._sync_dir(target.parent)
        except OSError as error:
            raise access_error(error, path) from error

    def remove_durable(self, path: str) -> None:
        """Removes a file of our own, absent or not, and makes that durable. Raises AccessError."""
        target = Path(self._at(path))
        try:
            target.unlink(missing_ok=True)
            # what a power cut in the middle of write_durable leaves behind
            target.with_name(target.name + ".new").unlink(missing_ok=True)
            if target.parent.exists():
                self._sync_dir(target.parent)
        except OSError as error:
            raise access_error(error, path) from error

    def remove_empty(self, top: str, below: str) -> None:
        """Removes empty directories from that of `below` up to `top`. Raises AccessError."""
        directory = Path(self._at(below)).parent
        stop = Path(self._at(top))
        try:
            while directory.is_relative_to(stop):
                # an earlier, killed attempt may have removed the lower ones
                if directory.is_dir():
                    if any(directory.iterdir()):
                        break
                    directory.rmdir()
                directory = directory.parent
        except OSError as error:
            raise access_error(error, below) from error

    @staticmethod
    def _sync_dir(directory: Path) -> None:
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
