"""Writes bot3/ffi/_core.pyi, what type checkers know of the compiled module, from the declarations in csrc/bot3.h.

python tools/core_stub.py          writes it anew
"""

from __future__ import annotations

import keyword
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STUB = ROOT / "bot3" / "ffi" / "_core.pyi"

HEAD = '''"""What the compiled module offers, for type checkers. Written by tools/core_stub.py from csrc/bot3.h."""

from typing import Any

class CData:
    """A C value. Which C type it has is checked by cffi when it is passed on, not here."""

    def __getattr__(self, name: str) -> Any: ...
    def __setattr__(self, name: str, value: Any) -> None: ...
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __add__(self, other: int) -> CData: ...
    def __int__(self) -> int: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Any: ...

class CType:
    """A C type."""

    cname: str
    kind: str
    fields: list[tuple[str, Any]]
    item: CType
    length: int

class FFI:
    """cffi's view of the declarations."""

    NULL: CData
    error: type[Exception]
    def new(self, ctype: str, init: Any = ...) -> CData: ...
    def cast(self, ctype: str, value: Any) -> CData: ...
    def string(self, cdata: CData, maxlen: int = ...) -> bytes: ...
    def buffer(self, cdata: CData, size: int = ...) -> Any: ...
    def from_buffer(self, ctype: Any, data: Any = ..., require_writable: bool = ...) -> CData: ...
    def memmove(self, dest: Any, src: Any, n: int) -> None: ...
    def sizeof(self, ctype: str | CType | CData) -> int: ...
    def offsetof(self, ctype: str | CType, *fields: str | int) -> int: ...
    def typeof(self, ctype: str | CData) -> CType: ...
    def addressof(self, cdata: Any, *fields: str | int) -> CData: ...
    def gc(self, cdata: CData, destructor: Any, size: int = ...) -> CData: ...
    def release(self, cdata: CData) -> None: ...
    def unpack(self, cdata: CData, length: int) -> Any: ...
    def list_types(self) -> tuple[list[str], list[str], list[str]]: ...

class Lib:
    """Constants and functions of csrc/bot3.h, where each is described."""

'''
TAIL = "\nffi: FFI\nlib: Lib\n"


def stub(header: str) -> str:
    """The stub for a header, unformatted."""
    text = header.split("/* cdef: begin */", 1)[1].split("/* cdef: end */", 1)[0]
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    names = re.findall(r"^#define (B3_\w+)", text, re.M)
    for body in re.findall(r"^enum b3_\w+ \{(.*?)\}", text, re.M | re.S):
        names += re.findall(r"\b(B3_\w+)\s*=", body)
    lines = [f"    {name}: int" for name in names]
    lines += [_function(*found) for found in re.findall(r"^([a-z_0-9 ]+?[ *]+)(b3_\w+)\(([^;{]*?)\);", text, re.M)]
    return HEAD + "\n".join(lines) + "\n" + TAIL


def _function(result: str, name: str, parameters: str) -> str:
    given = (
        ""
        if parameters == "void"
        else "".join(f", {_parameter(one)}" for one in " ".join(parameters.split()).split(", "))
    )
    returned = "None" if result.strip() == "void" else _type(result)
    return f"    def {name}(self{given}{', /' if given else ''}) -> {returned}: ..."


def _parameter(declared: str) -> str:
    match = re.fullmatch(r"(.*?[ *(])(\w+)\)?(\[\w*\])?", declared)
    assert match is not None, declared
    name = match[2] + "_" * keyword.iskeyword(match[2])
    ctype = match[1] + ("*" if match[3] else "")
    bytes_too = re.fullmatch(r"const (char|void) \*", ctype.strip()) is not None
    return f"{name}: {'bytes | CData' if bytes_too else _type(ctype)}"


def _type(ctype: str) -> str:
    if "*" in ctype:
        return "CData"
    if ctype.strip() in ("double", "float"):
        return "float"
    return "int" if re.match(r"(u?int\d+_t|size_t|enum )", ctype) else "CData"


def main() -> None:
    """Writes the stub, formatted as all other code is."""
    text = stub((ROOT / "csrc" / "bot3.h").read_text(encoding="utf-8"))
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(STUB), "-"]
    formatted = subprocess.run(command, input=text, capture_output=True, text=True, check=True, cwd=ROOT)
    STUB.write_text(formatted.stdout, encoding="utf-8")


if __name__ == "__main__":
    main()
