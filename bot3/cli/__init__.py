"""The command line. Asking for the version imports nothing: it answers in about the time that Python takes to start."""

import sys

from bot3._version import __version__

__all__ = ["main"]


def main() -> None:
    """Entry point of the `bot3` command."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        print(f"bot3 {__version__}")
        return
    from bot3.cli.app import run_command_line

    sys.exit(run_command_line())
