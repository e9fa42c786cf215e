"""Prints what pyproject.toml requires under a heading (build, or an optional extra), one a line, for pip."""

import sys
import tomllib
from pathlib import Path


def requirements(heading: str) -> list[str]:
    """Return the requirement strings of `build` or of an extra; KeyError for an unknown heading."""
    project = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    if heading == "build":
        return [str(line) for line in project["build-system"]["requires"]]
    return [str(line) for line in project["project"]["optional-dependencies"][heading]]


if __name__ == "__main__":
    print("\n".join(requirements(sys.argv[1])))
