"""What the tests of hwtune share: the dumps of real hosts, snapshots of trees, and running a command."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

import pytest

from hwtune.cli import main
from hwtune.dump import DumpHost
from hwtune.facts import Facts
from hwtune.roles import Roles, propose

REPOSITORY = Path(__file__).resolve().parents[2]
SYSROOTS = REPOSITORY.parent / "shared" / "data" / "sysroots"
SUFFIXES = (".tar.gz", ".tgz", ".tar.bz2")


def dump_paths() -> list[Path]:
    return sorted(p for p in SYSROOTS.glob("*/*") if p.name.endswith(SUFFIXES))


def dump_path(name: str) -> Path:
    path = SYSROOTS / name
    if not path.exists():
        pytest.skip(f"{path} is absent: the shared dumps are not beside this repository")
    return path


def facts_of(name: str, **roles: object) -> Facts:
    """Facts of a dump under the given plan, or under what the host claims, or proposed."""
    host = DumpHost(dump_path(name))
    bare = Facts(host, Roles())
    if roles:
        plan = Roles.model_validate(roles)
    elif bare.claimed_hot:
        plan = Roles(hot={"isolated": bare.claimed_hot})
    else:
        plan = propose(bare.topology, None, None) if len(bare.topology.cores) > 1 else Roles()
    return Facts(host, plan)


def tree(root: Path) -> dict[str, bytes]:
    """Every file below `root` with its content, and every directory."""
    return {str(p.relative_to(root)): (p.read_bytes() if p.is_file() else b"<dir>") for p in sorted(root.rglob("*"))}


@dataclass
class Done:
    """What a command printed and returned."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str) -> Done:
    """One command in this process: an exception that the command does not handle fails the test."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(arguments))
    return Done(code, out.getvalue(), err.getvalue())
