"""bot3.ta in processes of its own, so that one test can ask every instruction set."""

import os
import pickle
import subprocess
import sys
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Worker:
    """Calls kernels under one BOT3_ISA. isa: the one that it really uses."""

    def __init__(self, isa: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            env={**os.environ, "BOT3_ISA": isa},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.isa: str = self._receive()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=30)

    def call(self, name: str, series: list[Array], params: dict[str, Any]) -> list[Array]:
        """The outputs of a kernel."""
        assert self._process.stdin is not None
        pickle.dump((name, series, params), self._process.stdin)
        self._process.stdin.flush()
        answer: list[Array] = self._receive()
        return answer

    def _receive(self) -> Any:
        assert self._process.stdout is not None
        return pickle.load(self._process.stdout)


def _serve() -> None:
    from bot3 import ta

    def send(value: object) -> None:
        pickle.dump(value, sys.stdout.buffer)
        sys.stdout.buffer.flush()

    send(ta.isa())
    while True:
        try:
            name, series, params = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        result = getattr(ta, name)(*series, **params)
        send(list(result) if isinstance(result, tuple) else [result])


if __name__ == "__main__":
    _serve()
