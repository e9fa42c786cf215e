"""nautilus_trader on the session and strategy of our main job: nanoseconds a level or trade, microseconds an order.

Its input is built outside the timed part: the depth levels as OrderBookDelta, the trades as TradeTick, on an L2 venue;
bars of a second are built inside from the trades, as ours are. The strategy is ours: EMA 12 over 26, market orders of
0.01, flat to begin with. It parses nothing and sees no bookTicker. Prints one JSON object. Runs in the environment of
the peers (see pyproject.toml, extra `peers`).
"""

from __future__ import annotations

import gzip
import json
import statistics
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import nautilus_trader
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, RiskEngineConfig, StrategyConfig
from nautilus_trader.indicators import ExponentialMovingAverage
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import BarType, BookOrder, OrderBookDelta, OrderBookDeltas, TradeTick
from nautilus_trader.model.enums import (
    AccountType,
    AggressorSide,
    BookAction,
    BookType,
    OmsType,
    OrderSide,
    RecordFlag,
)
from nautilus_trader.model.identifiers import InstrumentId, TradeId, TraderId, Venue
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

RUNS = 3
CHURN_ORDERS = 2_000  # each costs more than the one before
INSTRUMENT = TestInstrumentProvider.btcusdt_binance()
QTY = Quantity.from_str("0.010000")


def delta(side: OrderSide, price: str, qty: str, flags: int, sequence: int, event_ns: int, init_ns: int) -> Any:
    size = Quantity(float(qty), INSTRUMENT.size_precision)
    action = BookAction.UPDATE if size > 0 else BookAction.DELETE
    order = BookOrder(side, Price(float(price), INSTRUMENT.price_precision), size, 0)
    return OrderBookDelta(INSTRUMENT.id, action, order, flags, sequence, event_ns, init_ns)


def depth(bids: Any, asks: Any, sequence: int, event_ns: int, init_ns: int, *, snapshot: bool) -> Any:
    """A message as one batch, None for one without levels."""
    levels = [(OrderSide.BUY, *row[:2]) for row in bids] + [(OrderSide.SELL, *row[:2]) for row in asks]
    deltas = [OrderBookDelta.clear(INSTRUMENT.id, sequence, event_ns, init_ns)] if snapshot else []
    for index, (side, price, qty) in enumerate(levels):
        flags = RecordFlag.F_LAST if index == len(levels) - 1 else 0
        deltas.append(delta(side, price, qty, flags, sequence, event_ns, init_ns))
    return OrderBookDeltas(INSTRUMENT.id, deltas) if levels else None


def data_of(files: list[Path]) -> tuple[list[Any], int]:
    """Nautilus data in order of receipt, and how many levels and trades it holds."""
    found: list[Any] = []
    units, snapshot_id = 0, None
    for file in files:
        with gzip.open(file, "rt") as lines:
            for line in lines:
                stamp, text = line.split(" ", 1)
                recv_ns = int(stamp)
                message = json.loads(text)
                data = message.get("data", message)
                batch = None
                if "lastUpdateId" in data:
                    snapshot_id = data["lastUpdateId"]
                    batch = depth(data["bids"], data["asks"], snapshot_id, recv_ns, recv_ns, snapshot=True)
                elif data.get("e") == "depthUpdate" and snapshot_id is not None and data["u"] > snapshot_id:
                    batch = depth(data["b"], data["a"], data["u"], data["E"] * 10**6, recv_ns, snapshot=False)
                elif data.get("e") == "trade":
                    side = AggressorSide.SELLER if data["m"] else AggressorSide.BUYER
                    price = Price(float(data["p"]), INSTRUMENT.price_precision)
                    size = Quantity(float(data["q"]), INSTRUMENT.size_precision)
                    if size > 0:
                        trade = TradeId(str(data["t"]))
                        found.append(TradeTick(INSTRUMENT.id, price, size, side, trade, data["T"] * 10**6, recv_ns))
                        units += 1
                if batch is not None:
                    found.append(batch)
                    units += len(batch.deltas)
    return found, units


class CrossConfig(StrategyConfig, frozen=True):
    instrument_id: InstrumentId
    bar_type: BarType


class Cross(Strategy):
    """Our ema_cross: long while the fast average is above the slow one, else flat."""

    def __init__(self, config: CrossConfig) -> None:
        super().__init__(config)
        self.fast = ExponentialMovingAverage(12)
        self.slow = ExponentialMovingAverage(26)
        self.above: bool | None = None
        self.sent = 0

    def on_start(self) -> None:
        self.register_indicator_for_bars(self.config.bar_type, self.fast)
        self.register_indicator_for_bars(self.config.bar_type, self.slow)
        self.subscribe_order_book_deltas(self.config.instrument_id, BookType.L2_MBP)
        self.subscribe_bars(self.config.bar_type)

    def on_bar(self, _bar: Any) -> None:
        if not self.indicators_initialized():
            return
        above = self.fast.value > self.slow.value
        crossed = self.above is not None and above != self.above
        self.above = above
        flat = self.portfolio.is_flat(self.config.instrument_id)
        if crossed and (flat if above else not flat):
            side = OrderSide.BUY if above else OrderSide.SELL
            self.submit_order(self.order_factory.market(self.config.instrument_id, side, QTY))
            self.sent += 1


class Churn(Cross):
    """A market order on each of the first trades, buy and sell in turn: what an order costs from end to end."""

    def on_start(self) -> None:
        self.subscribe_order_book_deltas(self.config.instrument_id, BookType.L2_MBP)
        self.subscribe_trade_ticks(self.config.instrument_id)

    def on_trade_tick(self, _tick: Any) -> None:
        if self.sent == CHURN_ORDERS:
            return
        side = OrderSide.SELL if self.sent % 2 else OrderSide.BUY
        self.submit_order(self.order_factory.market(self.config.instrument_id, side, QTY))
        self.sent += 1


def seconds(data: list[Any], kind: type[Cross]) -> tuple[float, int]:
    """Time of one run, and orders sent in it."""
    engine = BacktestEngine(
        BacktestEngineConfig(
            trader_id=TraderId("BENCH-001"),
            logging=LoggingConfig(bypass_logging=True),
            risk_engine=RiskEngineConfig(max_order_submit_rate="1000000/00:00:01"),
        )
    )
    engine.add_venue(
        venue=Venue("BINANCE"),
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        base_currency=None,
        starting_balances=[Money(100_000, USDT), Money(Decimal(1), BTC)],
        book_type=BookType.L2_MBP,
    )
    engine.add_instrument(INSTRUMENT)
    # It judges a list by its first item: one list a kind, which it then orders by time of receipt.
    for kind_of_data in (OrderBookDeltas, TradeTick):
        engine.add_data([item for item in data if isinstance(item, kind_of_data)])
    bars = BarType.from_str(f"{INSTRUMENT.id}-1-SECOND-LAST-INTERNAL")
    strategy = kind(CrossConfig(instrument_id=INSTRUMENT.id, bar_type=bars))
    engine.add_strategy(strategy)
    started = time.perf_counter()
    engine.run()
    taken = time.perf_counter() - started
    sent = strategy.sent
    engine.dispose()
    return taken, sent


def main() -> None:
    data, units = data_of([Path(name) for name in sys.argv[1:]])
    crossing = [seconds(data, Cross) for _ in range(RUNS)]
    churning = [seconds(data, Churn) for _ in range(RUNS)]
    cross_s = statistics.median(taken for taken, _ in crossing)
    churn_s = statistics.median(taken for taken, _ in churning)
    orders = churning[0][1] - crossing[0][1]
    result = {
        "version": nautilus_trader.__version__,
        "units": units,
        "orders": crossing[0][1],
        "ns_ema_cross": cross_s * 1e9 / units,
        "us_order_cycle": (churn_s - cross_s) * 1e6 / orders,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
