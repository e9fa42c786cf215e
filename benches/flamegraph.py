"""A flame graph of `bot3 run`, Python and native frames, written as SVG: where does a run spend its time?"""

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Record a run of the sample with py-spy. Its exit code; 2 without the name of a file to write."""
    if len(sys.argv) != 2:
        print("use: flamegraph.py OUT.svg", file=sys.stderr)
        return 2
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    tools = Path(sys.executable).parent
    command = [
        str(tools / "py-spy"),
        "record",
        "--native",
        "--rate",
        "1000",
        "--format",
        "flamegraph",
        "-o",
        str(target),
    ]
    return subprocess.run(
        [*command, "--", sys.executable, str(tools / "bot3"), "run", "--json"], check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
