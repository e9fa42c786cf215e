"""The regression gate: instruction counts of the hot paths under callgrind against the committed baseline.

Instructions do not depend on what else the machine does, so a slow-down of a few percent shows; wall time would not.
AVX-512 is switched off (valgrind does not know it) through the core's own dispatch. A count above the baseline by more
than TOLERANCE fails; one below by more than that asks for a new baseline (`make bench-baseline`), so that what was won
is kept. A case without a baseline fails, and so does what the baseline has and no case counts any more.

Counts depend on the compiler: the baseline names the one it was made with. With another one they are printed, and
nothing is judged; without valgrind nothing is counted. Either is neither a pass nor a failure: exit code NOT_JUDGED.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from recordings import BUILD, ROOT, sample_lines, sample_recording
from rich.console import Console
from rich.table import Table

BASELINE = ROOT / "benches" / "baseline.json"
TOLERANCE = 0.02
HOLDS, SLOWER, NOT_JUDGED = 0, 1, 3  # argparse has 2


@dataclass(frozen=True)
class Case:
    """A bench program with fixed work. In arguments `{lines}` is the shipped sample, `{sample}` the same as .b3r."""

    name: str
    program: str
    arguments: tuple[str, ...]
    unit: str


CASES = (
    Case("main job, no strategy", "main_job", ("{sample}", "-", "1", "-"), "run of the sample"),
    Case("main job, ema_cross", "main_job", ("{sample}", "ema_cross", "1", "-"), "run of the sample"),
    Case("main job, obi", "main_job", ("{sample}", "obi", "1", "-"), "run of the sample"),
    Case("JSON to events", "feed_json", ("0", "{lines}"), "pass over real messages of the sample"),
    Case("L2 book", "book_l2", ("0", "{lines}"), "pass over the sample's depth"),
    Case("risk checks", "trading_cycle", ("risk", "20480"), "20,480 orders"),
    Case("order cycle", "trading_cycle", ("cycle", "20480"), "20,480 orders"),
    *(
        Case(f"{name}, batch", "ta", ("0", "batch", name), "20,000 bars")
        for name in ("sma", "max", "bbands", "rsi", "adx")
    ),
    *(
        Case(f"{name}, stream", "ta", ("0", "stream", name), "20,000 bars")
        for name in ("ema", "rsi", "stddev", "stoch")
    ),
)


def compiler() -> str:
    """Return the C compiler's version line: what a baseline is valid for."""
    text = subprocess.run(["cc", "--version"], check=True, capture_output=True, text=True).stdout
    return text.splitlines()[0]


def instructions(case: Case, sample: Path, build: Path, isa: str) -> int:
    """Instructions executed inside bench_body; RuntimeError when the bench fails or callgrind says nothing."""
    arguments = [argument.format(sample=sample, lines=sample_lines()) for argument in case.arguments]
    profile = sample.with_name("callgrind.out")
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", "--toggle-collect=bench_body*"]
    done = subprocess.run(
        [*command, str(build / "benches" / case.program), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "BOT3_ISA": isa},
        check=False,
    )
    found = re.search(r"Collected\s*:\s*(\d+)", done.stderr)
    if done.returncode != 0 or found is None:
        raise RuntimeError(f"{case.name}: {' '.join(map(str, done.args))} failed:\n{done.stdout}{done.stderr}")
    count = int(found.group(1))
    if count == 0:
        raise RuntimeError(f"{case.name}: callgrind saw no bench_body in {case.program}")
    return count


def not_judged(why: str) -> int:
    """Say so, and return the exit code."""
    print(f"bench gate: not judged: {why}")
    return NOT_JUDGED


def report(counts: dict[str, int], baseline: dict[str, int]) -> bool:
    """Print the table; return whether the gate holds."""
    table = Table("case", "instructions", "baseline", "change", "")
    held = True
    for name, count in counts.items():
        before = baseline.get(name)
        if before is None:
            held = False
            table.add_row(name, f"{count:,}", "-", "-", "no baseline: run make bench-baseline")
            continue
        change = count / before - 1
        slower = change > TOLERANCE
        held = held and not slower
        verdict = "[red]slower[/]" if slower else "faster: renew the baseline" if change < -TOLERANCE else "ok"
        table.add_row(name, f"{count:,}", f"{before:,}", f"{change:+.2%}", verdict)
    for name in sorted(baseline.keys() - counts.keys()):
        held = False
        table.add_row(name, "-", f"{baseline[name]:,}", "-", "no case: run make bench-baseline")
    Console(width=140).print(table)
    return held


def main() -> int:
    """Count, compare, and write the baseline if asked; return HOLDS, SLOWER or NOT_JUDGED."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="make the counts the new baseline")
    parser.add_argument("--build", type=Path, default=BUILD, help="build folder that holds benches/")
    parser.add_argument("--isa", default="avx2", help="BOT3_ISA of the benches; a lower one shows the gate fail")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        return not_judged("valgrind is not here (apt-get install valgrind)")
    with tempfile.TemporaryDirectory() as folder:
        sample = sample_recording(Path(folder))
        counts = {case.name: instructions(case, sample, options.build, options.isa) for case in CASES}
    if options.write:
        BASELINE.write_text(
            json.dumps({"compiler": compiler(), "instructions": counts}, indent=2) + "\n", encoding="utf-8"
        )
        print(f"wrote {BASELINE}")
        return HOLDS
    stored = json.loads(BASELINE.read_text(encoding="utf-8"))
    held = report(counts, stored["instructions"])
    if stored["compiler"] != compiler():
        return not_judged(f"the baseline is of {stored['compiler']}, this is {compiler()}")
    print("bench gate: holds" if held else "bench gate: a hot path became slower, or cases and baseline differ")
    return HOLDS if held else SLOWER


if __name__ == "__main__":
    sys.exit(main())
