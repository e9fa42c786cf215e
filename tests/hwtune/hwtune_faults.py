"""Killing a process in the middle of its writes: at each one in turn, in a child that is really killed with SIGKILL."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def _is_write(event: str, args: tuple[object, ...]) -> bool:
    """Whether an audited event changes something outside the process. The event comes before the change."""
    if event == "open":
        return isinstance(args[2], int) and bool(args[2] & _WRITING) and not str(args[0]).startswith("/dev/null")
    # 0x8946 is SIOCETHTOOL: reads are among them, which only adds points to be killed at
    return event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir") or (event == "fcntl.ioctl" and args[1] == 0x8946)


def killed_at(point: int, work: Callable[[], object]) -> bool:
    """Runs `work` in a child and kills it just before its write number `point`, counted from 0.

    True if it was killed, False if it ended by itself before. Fails if the child failed in another way.
    """
    pid = os.fork()
    if pid == 0:
        left = [point]

        def hook(event: str, args: tuple[object, ...]) -> None:
            if _is_write(event, args):
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left[0] -= 1

        sys.addaudithook(hook)
        try:
            work()
        except BaseException as error:
            os.write(2, f"child failed: {error!r}\n".encode())
            os._exit(3)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the work itself failed"
    return False
