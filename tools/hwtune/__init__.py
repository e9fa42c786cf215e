"""Prepare, prove and restore a trading host: checks, plan, apply with an undo journal, verify, measure.

The command is `bot3 tune` (module `hwtune.cli`). An engine uses `hwtune.scoped` to hold its tuning while it runs.
"""

from hwtune.errors import ExitCode, HwtuneError
from hwtune.scoped import Done, Scope, scoped

__all__ = ["Done", "ExitCode", "HwtuneError", "Scope", "scoped"]
