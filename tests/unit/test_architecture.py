"""The architecture's rules as tests: who may include or import whom, what a stage may call, what the core exports."""

import ast
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CSRC = ROOT / "csrc"

STAGES = {"feed", "book", "bars", "math", "signal", "risk", "exec", "venue"}
MAY_INCLUDE = {
    "base": {"base"},
    "net": {"base", "net"},
    **{stage: {"base", stage} for stage in STAGES},
    "signal": {"base", "signal", "math"},
    "engine": {"base", "net", "engine", *STAGES},
}
# Other than these, the C library is for base, net and engine.
STAGE_HEADERS = {"stdint.h", "stddef.h", "string.h", "math.h", "float.h", "limits.h", "bot3.h"}
STAGE_HEADERS |= {"immintrin.h", "arm_neon.h"}
# Of base: what neither allocates nor waits.
STAGE_BASE = {"base/cpu.h", "base/map.h", "base/money.h"}
# A panel of indicators is computed for a caller of `bot3.ta`, not on the hot path: it alone may start threads.
THREADS_OF = {"math/panel.c": "base/parallel.h"}


def c_files() -> list[Path]:
    return sorted(path for pattern in ("*.c", "*.h", "*.def") for path in CSRC.rglob(pattern))


def includes(path: Path) -> list[str]:
    return re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', path.read_text(encoding="utf-8"), re.M)


@pytest.mark.parametrize("path", c_files(), ids=lambda path: str(path.relative_to(CSRC)))
def test_includes_follow_the_layers(path: Path) -> None:
    folder = path.relative_to(CSRC).parts[0]
    if folder == "bot3.h":
        assert set(includes(path)) <= {"stdint.h", "stddef.h"}
        return
    for name in includes(path):
        if "/" in name and (CSRC / name).exists():
            assert name.split("/")[0] in MAY_INCLUDE[folder], f"{path.name} of {folder} includes {name}"
            if folder in STAGES and name.startswith("base/"):
                allowed = {*STAGE_BASE, THREADS_OF.get(str(path.relative_to(CSRC)))}
                assert name in allowed, f"{path.name}: a stage includes {name}"
        elif (path.parent / name).exists():
            continue
        else:
            assert name != "Python.h"
            if folder in STAGES:
                assert name in STAGE_HEADERS, f"{path.name}: a stage includes {name}"


ATOMICS = re.compile(r"\b(__atomic_\w+|__sync_\w+|_Atomic|stdatomic\.h|volatile)\b")


@pytest.mark.parametrize("path", c_files(), ids=lambda path: str(path.relative_to(CSRC)))
def test_only_one_file_names_a_memory_order(path: Path) -> None:
    if path == CSRC / "base" / "atomics.h":
        return
    code = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
    code = re.sub(r"__asm__\s+__volatile__", "", code)
    assert ATOMICS.findall(code) == []


# What a stage's object file may refer to outside the core: nothing that allocates, blocks, prints, or asks the system,
# and nothing whose last digit depends on the CPU.
ALLOWED_CALLS = set(
    """
    memcpy memset memmove memcmp memchr strlen strnlen strcmp strncmp strchr __stack_chk_fail _GLOBAL_OFFSET_TABLE_
    sqrt fabs floor ceil round rint nearbyint trunc llround lround fma fmin fmax ldexp frexp
    """.split()
)


# Members that stages reach and that ask the system: the CPU's features, once, while the library is loaded; and the
# threads that THREADS_OF gives to one file.
ASKS_THE_SYSTEM = {"base_cpu.c.o", "base_parallel.c.o"}
# Arithmetic that the compiler has no instruction for.
COMPILER_RUNTIME = re.compile(r"__(u?(div|mod|divmod)ti|popcount|float|fix)\w*")


def defined_and_wanted(library: Path) -> Iterator[tuple[str, set[str], set[str]]]:
    # gcc-nm, since an archive may hold LTO objects, whose symbols only the compiler's plugin reads.
    text = subprocess.run(["gcc-nm", str(library)], check=True, capture_output=True, text=True).stdout
    member, defined, wanted = "", set[str](), set[str]()
    for line in text.splitlines():
        if line.endswith(":"):
            if member:
                yield member, defined, wanted
            member, defined, wanted = Path(line[:-1]).name, set(), set()
        elif line.strip():
            kind, name = line.split()[-2:]
            (wanted if kind in "Uw" else defined).add(name)
    yield member, defined, wanted


@pytest.fixture(scope="module")
def native_build() -> Path:
    folder = Path(os.environ.get("B3_INTERNALS", ROOT / "build" / "dev" / "tests" / "native")).parents[1]
    if shutil.which("gcc-nm") is None:
        pytest.skip("gcc-nm is not here: apt-get install gcc")
    return folder


def test_stages_call_nothing_that_blocks(native_build: Path) -> None:
    """Nor does anything of the core that they reach."""
    if "sanitize" in native_build.name:
        pytest.skip("a sanitized build calls its runtime everywhere")
    members: dict[str, set[str]] = {}
    home: dict[str, str] = {}
    for library in sorted((native_build / "csrc").glob("libbot3_*.a")):
        for member, defined, wanted in defined_and_wanted(library):
            members.setdefault(member, set()).update(wanted)
            home |= dict.fromkeys(defined, member)
    assert len(members) > 20, f"no core under {native_build}: build it first"
    stages = {name for name in members if name.split("_")[0] in STAGES}
    assert {name.split("_")[0] for name in stages} == STAGES
    reached = set[str]()
    found = stages
    while found:
        reached |= found
        found = {home[call] for name in found for call in members[name] if call in home} - reached
    assert reached >= ASKS_THE_SYSTEM, "an exception that is not needed"
    for name in sorted(reached - ASKS_THE_SYSTEM):
        calls = members[name] - home.keys() - ALLOWED_CALLS
        foreign = sorted(call for call in calls if not COMPILER_RUNTIME.fullmatch(call))
        assert not foreign, f"{name}, which stages reach, calls {foreign}"
    starts_threads = {name for name in stages if "b3_parallel" in members[name]}
    assert starts_threads == {path.replace("/", "_") + ".o" for path in THREADS_OF}


def header_functions() -> set[str]:
    public = (CSRC / "bot3.h").read_text(encoding="utf-8")
    public = public.split("/* cdef: begin */")[1].split("/* cdef: end */")[0]
    public = re.sub(r"/\*.*?\*/", "", public, flags=re.S)
    public = re.sub(r"\{[^{}]*\}", "{}", public, flags=re.S)
    return set(re.findall(r"\b(b3_\w+)\s*\(", public))


def test_exports_equal_the_header(native_build: Path) -> None:
    library = native_build / "bot3" / "ffi" / "_core.abi3.so"
    text = subprocess.run(
        ["nm", "-D", "--defined-only", str(library)], check=True, capture_output=True, text=True
    ).stdout
    exported = {line.split()[-1] for line in text.splitlines()}
    assert exported - {"PyInit__core", "PyInit__ta", "_init", "_fini"} == header_functions()


# ---------------------------------------------------------------- Python

LAYERS = {
    "errors": set[str](),
    "_version": set[str](),
    "strategy": {"errors"},
    "config": {"errors"},
    "ffi": {"errors", "config"},
}
FACADES = {"ta", "book", "bars", "feed", "instruments", "recording"}
UPPER = {"engine", "features", "storage", "report"}


def python_files() -> list[Path]:
    return sorted(path for path in (ROOT / "bot3").rglob("*.py") if "sample" not in path.parts)


def imported(path: Path) -> set[str]:
    """Parts of bot3 that a file imports, at any depth."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "bot3":
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("bot3.")}
    return found


def layer_of(path: Path) -> str:
    return path.relative_to(ROOT / "bot3").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_layers(path: Path) -> None:
    layer = layer_of(path)
    wanted = imported(path) - {layer, "_version", "__version__"}
    if layer in LAYERS:
        allowed = LAYERS[layer]
    elif layer in FACADES:
        allowed = {"errors", "config", "ffi", "instruments"}
    elif layer in UPPER:
        allowed = {"errors", "config", "ffi", "strategy", *FACADES, *UPPER}
    elif layer in {"cli", "__init__"}:
        return
    else:
        pytest.fail(f"{layer} has no place in the layers: name it here and in docs/ARCHITECTURE.md")
    assert wanted <= allowed, f"{layer} imports {sorted(wanted - allowed)}"


def runtime_imports(tree: ast.AST) -> Iterator[str]:
    """Modules that a file imports when it runs, not those for the type checker alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        yield from runtime_imports(node)


def test_only_the_border_imports_the_compiled_module() -> None:
    for path in python_files():
        if layer_of(path) != "ffi":
            assert "bot3.ffi._core" not in set(runtime_imports(ast.parse(path.read_text(encoding="utf-8")))), path


def test_hwtune_and_bot3_do_not_know_each_other() -> None:
    for path in (ROOT / "tools" / "hwtune").rglob("*.py"):
        assert not re.search(r"^\s*(from|import)\s+bot3\b", path.read_text(encoding="utf-8"), re.M), path
    for path in python_files():
        if path.parent.name != "cli":
            assert not re.search(r"^\s*(from|import)\s+hwtune\b", path.read_text(encoding="utf-8"), re.M), path
