"""What `--bars` says: 500ms, 1s, 1m, 4h, 1d by time; 100t by trades; 2.5v by base quantity; 10000n by notional."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from bot3.errors import ArgumentError

__all__ = ["BarSpec", "parse_bars"]

_TIME_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_OTHER = {"t": "tick", "v": "volume", "n": "notional"}
_TEXT = re.compile(r"(\d{1,15}(?:\.\d{1,8})?)(ms|[smhdtvn])", re.ASCII)
_HINT = "Write a number and a unit: 500ms, 1s, 1m, 4h, 1d (time), 100t (trades), 2.5v (base quantity), 10000n (quote)."


@dataclass(frozen=True, slots=True)
class BarSpec:
    """One kind of bar. size: milliseconds (time), trades (tick), base asset (volume) or quote currency (notional)."""

    kind: str
    size: Decimal
    text: str


def parse_bars(text: str, where: str = "--bars") -> BarSpec:
    """Reads a bar specification. Raises ArgumentError saying what may be written."""
    match = _TEXT.fullmatch(text.strip())
    if match is None:
        raise ArgumentError("is no kind of bar", where=where, value=text, hint=_HINT)
    number, unit = Decimal(match[1]), match[2]
    if number == 0:
        raise ArgumentError("a bar cannot be of size 0", where=where, value=text, hint=_HINT)
    if unit not in _TIME_MS:
        if unit == "t" and number != int(number):
            raise ArgumentError("a tick bar counts whole trades", where=where, value=text, hint=_HINT)
        return BarSpec(_OTHER[unit], number, text.strip())
    size_ms = number * _TIME_MS[unit]
    if size_ms != int(size_ms) or size_ms > 86_400_000:
        raise ArgumentError("a time bar is 1 ms to 1 day, in whole milliseconds", where=where, value=text, hint=_HINT)
    return BarSpec("time", size_ms, text.strip())
