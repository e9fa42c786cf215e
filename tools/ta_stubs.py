"""Writes what type checkers know of the indicators, which are made from the kernel table when bot3.ta is imported.

python tools/ta_stubs.py          writes bot3/ta/_functions.pyi and bot3/ta/_streams.pyi anew
"""

from __future__ import annotations

from pathlib import Path

from bot3.ta.kernels import KERNELS, Kernel, Param

TA = Path(__file__).resolve().parents[1] / "bot3" / "ta"

FUNCTIONS = '''"""The functions of bot3.ta, for type checkers. Written by tools/ta_stubs.py from the kernel table."""

from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeVar, overload

from numpy.typing import ArrayLike

from bot3.ta.memory import Array

_T = TypeVar("_T")

class _Series(Protocol):
    """A Series of pandas or polars, which comes back as one."""

    def to_numpy(self, *args: Any, **kwargs: Any) -> Any: ...
    def describe(self, *args: Any, **kwargs: Any) -> Any: ...

_S = TypeVar("_S", bound=_Series)
'''

STREAMS = '''"""The classes of bot3.ta.stream, for type checkers. Written by tools/ta_stubs.py from the kernel table."""

# mypy: disable-error-code="override"

from typing import Literal, Self, TypeVar, overload

from numpy.typing import ArrayLike

from bot3.ta import _functions
from bot3.ta.memory import Array
from bot3.ta.stream import Stream

_S = TypeVar("_S", bound=_functions._Series)
'''


def _written(param: Param) -> str:
    if param.choices:
        choices = ", ".join(f'"{each}"' if isinstance(each, str) else str(each) for each in param.accepted)
        return f'{param.name}: Literal[{choices}] = "{param.shown}"'
    return f"{param.name}: {'int' if param.unit == 'bars' else 'float'} = {param.shown}"


def _several(kernel: Kernel) -> str:
    return f"{kernel.name.title().replace('_', '')}Outputs"


def _result(kernel: Kernel, of: str, module: str = "") -> str:
    return of if len(kernel.outputs) == 1 else f"{module}{_several(kernel)}[{of}]"


def _out(kernel: Kernel) -> str:
    many = f"tuple[{', '.join(['Array'] * len(kernel.outputs))}] | list[Array]"
    return many if len(kernel.outputs) > 1 else "Array"


def _function(kernel: Kernel) -> str:
    first, *others = kernel.inputs
    params = [f"{name}: ArrayLike" for name in others] + [_written(p) for p in kernel.params]
    rest = "".join(f"{param}, " for param in params)
    text = f'"""{kernel.text}."""'
    out = _out(kernel)
    overloads = "".join(
        f"@overload\ndef {kernel.name}({first}: {taken}, {rest}*, out: {given}) -> {result}:\n    {text}\n"
        for taken, given, result in (
            ("_S", "None = None", _result(kernel, "_S")),
            ("ArrayLike", f"{out} | None = None", _result(kernel, "Array")),
        )
    )
    fields = "".join(f"    {name}: _T\n" for name in kernel.outputs)
    named = f'"""Outputs of {kernel.name}."""'
    outputs = (
        f"class {_several(kernel)}(NamedTuple, Generic[_T]):\n    {named}\n\n{fields}\n"
        if len(kernel.outputs) > 1
        else ""
    )
    return outputs + overloads


def _stream(kernel: Kernel) -> str:
    values = ", ".join(f"{name}: float" for name in kernel.inputs)
    arrays = ", ".join(f"{name}: ArrayLike" for name in kernel.inputs)
    params = ", ".join(["self", *map(_written, kernel.params)])
    first, *others = kernel.inputs
    rest = "".join(f", {name}: ArrayLike" for name in others)
    out = _out(kernel)
    one, many = _result(kernel, "float", "_functions."), _result(kernel, "Array", "_functions.")
    text = f'"""{kernel.text}."""'
    return f"""class {kernel.name.upper()}(Stream):
    {text}

    def __init__({params}) -> None: ...
    def update(self, {values}, /) -> {one}: ...
    def peek(self, {values}, /) -> {one}: ...
    @overload
    def update_many(self, {first}: _S{rest}, /, *, out: None = None) -> {_result(kernel, "_S", "_functions.")}: ...
    @overload
    def update_many(self, {first}: ArrayLike{rest}, /, *, out: {out} | None = None) -> {many}: ...
    def seed(self, {arrays}, /) -> Self: ...
    @property
    def value(self) -> {one}: ...
"""


def stubs() -> dict[Path, str]:
    """Both files' text."""
    rows = KERNELS.values()
    return {
        TA / "_functions.pyi": "\n".join([FUNCTIONS, *map(_function, rows)]),
        TA / "_streams.pyi": "\n".join([STREAMS, *map(_stream, rows)]),
    }


if __name__ == "__main__":
    for path, text in stubs().items():
        path.write_text(text, encoding="utf-8")
