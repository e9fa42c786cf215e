"""The guard's memory between the core's raw numbers and people's units."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from bot3.engine.decimals import MONEY_SCALE, from_raw, to_raw
from bot3.engine.state import BreakerState, State, ns_of, time_of
from bot3.errors import StateError
from bot3.ffi import lib
from bot3.ffi.status import text

if TYPE_CHECKING:
    from bot3.ffi._core import CData

__all__ = ["EPOCH", "FOREVER_NS", "rule_name", "saved_fields", "state_of"]

EPOCH: Final = date(1970, 1, 1)
FOREVER_NS: Final = 2**63 - 1  # an open breaker that does not close by itself


def saved_fields(state: State | None, currency: str, where: str) -> dict[str, int]:
    """b3_guard_saved from what was kept. Raises StateError: of another currency, or an unknown cause."""
    if state is None:
        return {}
    if state.currency != currency:
        hint = "Give each account a state file of its own."
        what = f"currency: belongs to an account in {state.currency}, and this one is in {currency}"
        raise StateError(what, where=where, hint=hint)
    fields = {
        "day": 0 if state.day is None else (date.fromisoformat(state.day) - EPOCH).days,
        "day_start_equity_raw": _money(state.day_start_equity, "day_start_equity"),
        "peak_equity_raw": _money(state.peak_equity, "peak_equity"),
        "killed": int(state.killed),
    }
    if state.breaker is not None:
        causes = {rule_name(rule): rule for rule in range(1, lib.B3_RULE_END)}
        if state.breaker.cause not in causes:
            raise StateError("breaker.cause: there is no such rule", where=where, value=state.breaker.cause)
        fields["breaker_cause"] = causes[state.breaker.cause]
        fields["breaker_until_ns"] = FOREVER_NS if state.breaker.until is None else ns_of(state.breaker.until)
    return fields


def state_of(saved: CData, currency: str) -> State:
    """The opposite of saved_fields, of a b3_guard_saved."""
    breaker = None
    if saved.breaker_until_ns:
        until = None if saved.breaker_until_ns == FOREVER_NS else time_of(saved.breaker_until_ns)
        breaker = BreakerState(cause=rule_name(saved.breaker_cause), until=until)
    return State(
        currency=currency,
        killed=bool(saved.killed),
        day=str(EPOCH + timedelta(days=saved.day)) if saved.day else None,
        day_start_equity=_known(saved.day_start_equity_raw),
        peak_equity=_known(saved.peak_equity_raw),
        breaker=breaker,
    )


def _money(value: Decimal | None, where: str) -> int:
    return 0 if value is None else to_raw(value, MONEY_SCALE, where)


def _known(raw: int) -> Decimal | None:
    return from_raw(raw, MONEY_SCALE) if raw else None


def rule_name(rule: int) -> str:
    """The name of a b3_rule."""
    return text(lib.b3_rule_name(rule))
