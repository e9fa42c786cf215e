"""Raw integers at a decimal scale to Decimals and text, and back, exactly."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from bot3.errors import ArgumentError

__all__ = ["MONEY_SCALE", "from_raw", "plain", "to_raw"]

MONEY_SCALE: Final = 8  # digits of money after the point, everywhere

_INT64_MAX: Final = 2**63 - 1


def from_raw(raw: int, scale: int) -> Decimal:
    """Raw x 10^-scale, exact."""
    return Decimal(raw).scaleb(-scale)


def plain(raw: int, scale: int) -> str:
    """The decimal as text: no exponent, no zeros at the end of the fraction, no point without a fraction."""
    text = f"{from_raw(raw, scale):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def to_raw(value: Decimal, scale: int, where: str) -> int:
    """Value x 10^scale as an int64. Raises ArgumentError when it is finer or does not fit; never rounds."""
    raw = int(value.scaleb(scale))
    if from_raw(raw, scale) != value:
        raise ArgumentError(f"is finer than {scale} decimals", where=where, value=str(value), hint="Round it first.")
    if abs(raw) > _INT64_MAX:
        raise ArgumentError(f"is too large for {scale} decimals", where=where, value=str(value))
    return raw
