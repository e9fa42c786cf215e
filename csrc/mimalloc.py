"""Prints mimalloc's include directory and object file, one a line, where the build has the wheel cmeel-mimalloc."""

import sys
from pathlib import Path

for entry in sys.path:
    prefix = Path(entry) / "cmeel.prefix"
    includes = sorted(prefix.glob("include/mimalloc-*"))
    objects = sorted(prefix.glob("lib/mimalloc-*/mimalloc.o"))
    if includes and objects:
        print(includes[-1])
        print(objects[-1])
        break
