"""Runs inside the booted guest: asks hwtune, applies, verifies, undoes; prints what it found as one line of JSON."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from hwtune.cli import main

HOT = "3"
MARK = "HWTUNE-RESULT "


def ask(*arguments: str) -> tuple[int, Any]:
    """Exit code and JSON of one hwtune command."""
    print(f"at {time.monotonic():.0f} s: {arguments[0]}", flush=True)
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        code = main([*arguments, "--json"])
    return code, json.loads(text.getvalue() or "null")


def ticks(seconds: int = 3) -> int:
    """Timer interrupts that the hot CPU took while one thread spun on it."""

    def count() -> int:
        for line in Path("/proc/interrupts").read_text().splitlines():
            if line.strip().startswith("LOC:"):
                return int(line.split()[1 + int(HOT)])
        raise AssertionError("/proc/interrupts has no LOC")

    # The spinner needs a moment to be placed; what is counted is the steady state.
    spinner = subprocess.Popen(["/bin/hwtune-probe", "gap", "--cpus", HOT, "--seconds", str(seconds + 3)], stdout=-3)
    time.sleep(2)
    before = count()
    time.sleep(seconds)
    found = count() - before
    spinner.wait()
    return found


def verdicts(check: Any) -> dict[str, str]:
    return {r["id"]: r["verdict"] for r in check["results"]}


def snapshot(targets: list[str]) -> dict[str, str]:
    return {t: Path(t.removeprefix("file:")).read_text() for t in targets if t.startswith("file:")}


def run(phase: str) -> dict[str, Any]:
    plan_of = ("--hot-cpus", HOT, "--nic", "eth1", "--seconds", "1")
    found: dict[str, Any] = {"phase": phase, "ticks": ticks()}
    code, check = ask("check", *plan_of)
    found |= {"check_code": code, "verdicts": verdicts(check), "score": check["score"]}
    _, plan = ask("plan", *plan_of)
    found["cmdline_then"] = plan["cmdline"]["then"]
    targets = [step["target"] for step in plan["steps"]]
    if phase == "2":
        before = snapshot(targets)
        code, applied = ask("apply", *plan_of)
        changed = snapshot(targets)
        drift_code, verified = ask("verify", "--seconds", "1")
        _, check = ask("check", *plan_of)
        found |= {
            "applied": applied,
            "apply_code": code,
            "drift": verified["drift"],
            "verdicts_applied": verdicts(check),
        }
        found["ticks_applied"] = ticks()
        undo_code, undone = ask("undo")
        found |= {"undo_code": undo_code, "undone": undone, "verify_code": drift_code, "targets": len(targets)}
        after = snapshot(targets)
        found["changed"] = sum(before[t] != changed[t] for t in before)
        found["not_restored"] = {t: [before[t], after[t]] for t in before if before[t] != after[t]}
    return found


if __name__ == "__main__":
    print(MARK + json.dumps(run(sys.argv[1])), flush=True)
