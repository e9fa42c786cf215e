"""Risk, orders, account and paper venue as Python objects over the compiled core, for their tests.

What is fed in is made by the tests. Money, prices and quantities are raw integers as in the core: see csrc/bot3.h.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MONEY = 10**8
NOW_NS = 1_700_000_000_000_000_000
BUY, SELL = 1, 2
NEW, CANCEL, REPLACE = 1, 2, 3
MARKET, LIMIT, STOP, STOP_LIMIT = 1, 2, 3, 4
GTC, IOC, FOK, POST_ONLY = 1, 2, 3, 4
PENDING_NEW, WORKING, PARTIALLY_FILLED, FILLED, PENDING_CANCEL, CANCELED, REJECTED, EXPIRED, UNKNOWN = range(1, 10)
SYNCED, HALTED, CROSSED = 1, 2, 4
CANCEL_REJECT, TRIGGERED = 1, 2
BUYER_MAKER = 1
LEVEL, BALANCE, RATE = 1, 10, 11
QUEUE_NONE, QUEUE_CONSERVATIVE, QUEUE_PROPORTIONAL = 1, 2, 3
FEE_QUOTE, FEE_RECEIVED, FEE_THIRD = 1, 2, 3
REDUCE_ONLY, EXIT = 1, 2
TRADE, QUOTE, REQUEST, UPDATE, DECISION = 2, 3, 7, 8, 13
BID_SIDE, ASK_SIDE = BUY, SELL
WEIGHTED_AVERAGE, FIFO, LIFO = 1, 2, 3


@dataclass(frozen=True)
class Book:
    """What the market displays: the fused touch, and the depth book's levels, best first, as (price, quantity)."""

    bid: tuple[int, int] = (0, 0)
    ask: tuple[int, int] = (0, 0)
    bids: tuple[tuple[int, int], ...] = ()
    asks: tuple[tuple[int, int], ...] = ()
    update_id: int = 1


@dataclass
class Core:
    """The compiled module, and the memory that its objects live in."""

    ffi: Any
    lib: Any
    kept: list[Any] = field(default_factory=list)

    def memory(self, size: int) -> Any:
        """Zeroed, aligned to 64, alive as long as this object."""
        block = self.ffi.new("uint8_t[]", size + 64)
        self.kept.append(block)
        address = int(self.ffi.cast("uintptr_t", block))
        return self.ffi.cast("void *", (address + 63) // 64 * 64)

    def keep(self, thing: Any) -> Any:
        self.kept.append(thing)
        return thing

    def struct(self, name: str, **fields: Any) -> Any:
        """A zeroed struct with these fields; `hdr` takes a dict."""
        made = self.keep(self.ffi.new(f"{name} *"))
        for key, value in fields.items():
            if isinstance(value, dict):
                for inner, number in value.items():
                    setattr(getattr(made, key), inner, number)
            else:
                setattr(made, key, value)
        return made

    def instruments(self, *descriptions: dict[str, Any]) -> Any:
        """An array of b3_instrument, trading unless told otherwise."""
        array = self.keep(self.ffi.new("b3_instrument[]", len(descriptions)))
        for target, description in zip(array, descriptions, strict=True):
            for key, value in {"trading": 1, "tick_raw": 1, **description}.items():
                setattr(target, key, value)
        return array

    def request(self, **fields: Any) -> Any:
        """A b3_request: a limit buy, good till cancelled, unless told otherwise.

        instrument, strategy and flags go to its header.
        """
        header = {"kind": REQUEST, "version": 1, "instrument": fields.pop("instrument", 0)}
        header["strategy"] = fields.pop("strategy", 1)
        header["flags"] = fields.pop("flags", 0)
        defaults = {"action": NEW, "side": BUY, "order_type": LIMIT, "tif": GTC}
        return self.struct("b3_request", hdr=header, **{**defaults, **fields})

    def update(self, **fields: Any) -> Any:
        """A b3_update of a buy unless told otherwise; instrument, strategy and flags go to its header."""
        header = {"kind": UPDATE, "version": 1, "instrument": fields.pop("instrument", 0)}
        header["flags"] = fields.pop("flags", 0)
        header["strategy"] = fields.pop("strategy", 1)
        return self.struct("b3_update", hdr=header, **{"side": BUY, "order_type": LIMIT, **fields})

    def view(
        self,
        instrument: Any,
        book: Book,
        now_ns: int = NOW_NS,
        flags: int = SYNCED,
        touch_ns: int | None = None,
        late_ns: int = 0,
    ) -> Any:
        """A view of a made-up market."""
        (bid, bid_qty), (ask, ask_qty) = book.bid, book.ask
        touch = self.struct(
            "b3_touch",
            bid_price_raw=bid,
            bid_qty_raw=bid_qty,
            ask_price_raw=ask,
            ask_qty_raw=ask_qty,
            update_id=book.update_id,
            ts_recv_ns=now_ns if touch_ns is None else touch_ns,
        )
        made = self.keep(self.ffi.new("b3t_book *"))
        for levels, target, index in ((book.bids, made.bids, 0), (book.asks, made.asks, 1)):
            made.counts[index] = len(levels)
            for i, (price, qty) in enumerate(levels):
                target[i].price_raw, target[i].qty_raw = price, qty
        return self.struct(
            "b3_view",
            instrument=instrument,
            touch=touch,
            book=made,
            levels=self.ffi.addressof(self.lib, "b3t_book_levels"),
            qty_at=self.ffi.addressof(self.lib, "b3t_book_qty_at"),
            now_ns=now_ns,
            flags=flags,
            late_ns=late_ns,
        )


def rule_name(core: Core, rule: int) -> str:
    """The core's own enumerator, for messages: 'POSITION_MAX'."""
    return str(core.ffi.string(core.ffi.cast("enum b3_rule", rule))).removeprefix("B3_RULE_")


class Account:
    """b3_account with its instruments and strategies 1 and 2. rates: by currency, 8 digits."""

    def __init__(
        self,
        core: Core,
        instruments: Any,
        currency_count: int,
        *,
        reporting: int = 0,
        rates: dict[int, int] | None = None,
        method: int = WEIGHTED_AVERAGE,
        lots: int = 256,
    ) -> None:
        self.core, self.instruments = core, instruments
        currencies = core.keep(core.ffi.new("b3_currency[]", currency_count))
        for currency, rate in (rates or {}).items():
            currencies[currency].rate_raw = rate
        config = core.struct(
            "b3_account_config",
            instruments=instruments,
            currencies=currencies,
            instrument_count=len(instruments),
            currency_count=currency_count,
            strategy_count=2,
            reporting_currency=reporting,
            pnl_method=method,
            lot_capacity=lots,
        )
        memory = core.memory(core.lib.b3_account_size(config))
        self.handle = core.lib.b3_account_init(memory, config)

    def equity(self) -> int | None:
        """In the reporting currency; None: something has no value."""
        out = self.core.ffi.new("int64_t *")
        status = self.core.lib.b3_account_equity(self.handle, out)
        assert status in (0, self.core.lib.B3_EMPTY), status
        return None if status else int(out[0])

    def deposit(self, currency: int, amount: int) -> int:
        return int(self.core.lib.b3_account_deposit(self.handle, currency, amount))

    def on_update(self, update: Any) -> int:
        return int(self.core.lib.b3_account_on_update(self.handle, update, self.core.ffi.new("b3_position *")))

    def mark(self, instrument: int, price: int) -> None:
        self.core.lib.b3_account_mark(self.handle, instrument, price)

    def position(self, instrument: int = 0, strategy: int = 0) -> dict[str, int]:
        """The account's, or a strategy's."""
        out = self.core.ffi.new("b3_position *")
        self.core.lib.b3_account_read_strategy(self.handle, strategy, instrument, out)
        names = ("qty", "cost", "realized", "fees", "unrealized", "mark_price")
        return {name: getattr(out, f"{name}_raw") for name in names}

    def incomplete(self, instrument: int = 0, strategy: int = 0) -> bool:
        """Whether a fee is missing in what is said of a position."""
        out = self.core.ffi.new("b3_position *")
        self.core.lib.b3_account_read_strategy(self.handle, strategy, instrument, out)
        return bool(out.hdr.flags & self.core.lib.B3_FLAG_INCOMPLETE)

    def balance(self, currency: int) -> tuple[int, int]:
        """(total, locked)."""
        out = self.core.ffi.new("b3_balance *")
        self.core.lib.b3_account_read_balance(self.handle, currency, out)
        return out.total_raw, out.locked_raw

    def pnl(self, currency: int) -> dict[str, int]:
        out = self.core.ffi.new("b3_pnl *")
        assert self.core.lib.b3_account_read_pnl(self.handle, currency, out) == 0
        return {name: getattr(out, f"{name}_raw") for name in ("realized", "unrealized", "fees", "total")}


class Risk:
    """b3_risk over an account. limits, per_instrument: fields of b3_limits and b3_instrument_limits.

    standing: the guard's word, which a test sets as it likes.
    """

    def __init__(
        self,
        core: Core,
        account: Account,
        *,
        currency_count: int = 2,
        order_capacity: int = 64,
        taker_fee: int = 0,
        reporting: int = 0,
        per_instrument: dict[int, dict[str, int]] | None = None,
        **limits: int,
    ) -> None:
        self.core, self.account = core, account
        count = len(account.instruments)
        self.exiting = core.keep(core.ffi.new("uint8_t[]", count))
        self.standing = core.struct("b3_standing", exiting=self.exiting)
        own = core.keep(core.ffi.new("b3_instrument_limits[]", count))
        for index, fields in (per_instrument or {}).items():
            for key, value in fields.items():
                setattr(own[index], key, value)
        config = core.struct(
            "b3_risk_config",
            limits=limits,
            per_instrument=own,
            instruments=account.instruments,
            account=account.handle,
            instrument_count=count,
            currency_count=currency_count,
            reporting_currency=reporting,
            order_capacity=order_capacity,
            taker_fee_rate_raw=taker_fee,
            standing=self.standing,
        )
        self.handle = core.lib.b3_risk_init(core.memory(core.lib.b3_risk_size(config)), config)

    def decide(self, request: Any, view: Any) -> Any:
        out = self.core.ffi.new("b3_decision *")
        self.core.lib.b3_risk_decide(self.handle, request, view, out)
        return out

    def decide_exactly(self, request: Any, view: Any) -> Any:
        out = self.core.ffi.new("b3_decision *")
        self.core.lib.b3_risk_decide_exactly(self.handle, request, view, out)
        return out

    def on_update(self, update: Any) -> None:
        self.core.lib.b3_risk_on_update(self.handle, update)

    def on_mark(self, instrument: int, price: int) -> None:
        self.core.lib.b3_risk_on_mark(self.handle, instrument, price)

    def on_rate(self, base: int, quote: int, rate: int) -> None:
        self.core.lib.b3_risk_on_rate(self.handle, self.core.struct("b3_rate", base=base, quote=quote, rate_raw=rate))

    def state(self, instrument: int = 0) -> dict[str, int]:
        out = self.core.ffi.new("b3_risk_state *")
        self.core.lib.b3_risk_read(self.handle, instrument, out)
        names = ["pending_buy_raw", "pending_sell_raw", "best_buy_raw", "best_sell_raw", "exposure_raw", "net_long_raw"]
        names += ["net_short_raw", "instrument_orders", "open_orders", "open_positions"]
        return {name.removesuffix("_raw"): getattr(out, name) for name in names}


class Orders:
    """b3_orders."""

    def __init__(self, core: Core, capacity: int = 64, instruments: int = 1, strategies: int = 2) -> None:
        self.core = core
        size = core.lib.b3_orders_size(capacity, instruments, strategies)
        self.handle = core.lib.b3_orders_init(core.memory(size), capacity, instruments, strategies)

    def on_request(self, request: Any) -> int:
        return int(self.core.lib.b3_orders_on_request(self.handle, request))

    def on_update(self, update: Any) -> int:
        return int(self.core.lib.b3_orders_on_update(self.handle, update))

    def find(self, order_id: int) -> Any | None:
        found = self.core.lib.b3_orders_find(self.handle, order_id)
        return None if found == self.core.ffi.NULL else found

    def open(self, instrument: int = 0, strategy: int = 0) -> int:
        return int(self.core.lib.b3_orders_open(self.handle, instrument, strategy))

    def stats(self) -> dict[str, int]:
        out = self.core.ffi.new("b3_orders_stats *")
        self.core.lib.b3_orders_read_stats(self.handle, out)
        names = ("open", "sent", "filled", "canceled", "rejected", "expired", "fills", "cancels_sent")
        return {name: getattr(out, name) for name in names}


class Paper:
    """b3_paper. Events return the updates that it answers with, drained `cap` at a time.

    now_ns moves on by itself, one nanosecond an event, unless a test sets it. tiers: (volume, maker, taker).
    """

    def __init__(
        self,
        core: Core,
        instruments: Any,
        *,
        maker: int = 0,
        taker: int = 0,
        tiers: tuple[tuple[int, int, int], ...] = (),
        order_capacity: int = 64,
        cap: int = 8,
        queue_model: int = QUEUE_CONSERVATIVE,
        fee_asset: int = FEE_QUOTE,
        fee_currency: int = 0,
        **fields: Any,
    ) -> None:
        self.core, self.instruments, self.cap, self.now_ns = core, instruments, cap, NOW_NS
        self.queue_model = queue_model
        names = ("volume_min_raw", "maker_fee_rate_raw", "taker_fee_rate_raw")
        rows = tiers or ((0, maker, taker),)
        config = core.struct(
            "b3_paper_config",
            fees=[dict(zip(names, row, strict=True)) for row in rows],
            fee_tier_count=len(rows),
            order_capacity=order_capacity,
            queue_model=queue_model,
            fee_asset=fee_asset,
            fee_currency=fee_currency,
            **fields,
        )
        size = core.lib.b3_paper_size(config, instruments, len(instruments))
        self.handle = core.lib.b3_paper_init(core.memory(size), config, instruments, len(instruments))

    def event(self, event: Any, view: Any) -> list[Any]:
        out = self.core.ffi.new("b3_slot[]", self.cap)
        event = self.core.ffi.cast("b3_header *", event)
        updates = []
        while True:
            count = self.core.lib.b3_paper_on_event(self.handle, event, view, out, self.cap)
            assert 0 <= count <= self.cap, count
            for i in range(count):
                update = self.core.keep(self.core.ffi.new("b3_update *"))
                self.core.ffi.memmove(update, self.core.ffi.addressof(out, i), self.core.ffi.sizeof("b3_update"))
                updates.append(update)
            if count < self.cap:
                return updates
            event = self.core.ffi.NULL

    def view(self, instrument: int, book: Book, flags: int = SYNCED, late_ns: int = 0) -> Any:
        self.now_ns += 1
        which = self.core.ffi.addressof(self.instruments, instrument)
        return self.core.view(which, book, self.now_ns, flags, late_ns=late_ns)

    def arrive(self, request: Any, book: Book, flags: int = SYNCED) -> list[Any]:
        return self.event(request, self.view(request.hdr.instrument, book, flags))

    def quote(self, book: Book, instrument: int = 0) -> list[Any]:
        event = self.core.struct("b3_quote", hdr={"kind": QUOTE, "instrument": instrument})
        return self.event(event, self.view(instrument, book))

    def trade(
        self,
        price: int,
        qty: int,
        instrument: int = 0,
        book: Book | None = None,
        *,
        seller_takes: bool = True,
        exchange_ns: int = 0,
        late_ns: int = 0,
    ) -> list[Any]:
        """exchange_ns 0: not known, and the trade happens now; else it happened late_ns and the slack ago."""
        header = {"kind": TRADE, "instrument": instrument, "flags": BUYER_MAKER if seller_takes else 0}
        header["ts_exchange_ns"] = exchange_ns
        event = self.core.struct("b3_trade", hdr=header, price_raw=price, qty_raw=qty)
        return self.event(event, self.view(instrument, book or Book(), late_ns=late_ns))

    def levels(self, levels: list[tuple[int, int, int]], update_id: int, exchange_ns: int = 0) -> None:
        """A depth message: (side, price, quantity)."""
        made = self.core.keep(self.core.ffi.new("b3_level[]", len(levels)))
        for level, (side, price, qty) in zip(made, levels, strict=True):
            level.hdr.kind, level.hdr.flags, level.hdr.ts_exchange_ns = LEVEL, 4 if side == SELL else 0, exchange_ns
            level.price_raw, level.qty_raw, level.last_update_id = price, qty, update_id
        self.now_ns += 1
        self.core.lib.b3_paper_on_levels(self.handle, made, len(levels), self.now_ns)

    def rate(self, base: int, quote: int, rate: int) -> None:
        event = self.core.struct("b3_rate", hdr={"kind": RATE}, base=base, quote=quote, rate_raw=rate)
        assert self.event(event, self.core.ffi.NULL) == []

    def balance(self, currency: int, total: int) -> None:
        event = self.core.struct("b3_balance", hdr={"kind": BALANCE}, currency=currency, total_raw=total)
        assert self.event(event, self.core.ffi.NULL) == []

    def ahead(self, order_id: int) -> int | None:
        """Of others, before a resting order."""
        out = self.core.ffi.new("int64_t *")
        return int(out[0]) if self.core.lib.b3_paper_read_ahead(self.handle, order_id, out) == 0 else None
