"""The limits as they came out, in their units, and what in them contradicts something else."""

from __future__ import annotations

from pathlib import Path

from bot3.config import SystemConfig
from bot3.engine.builtin import find_builtin
from bot3.engine.core import Engine
from bot3.engine.decimals import MONEY_SCALE, plain
from bot3.engine.money import METHODS
from bot3.engine.plan import BuiltinStrategy, RunPlan
from bot3.ffi import lib

__all__ = ["contradictions", "notes", "pointless_limits", "resolved_limits", "without_means"]

_QUEUES = {
    lib.B3_QUEUE_NONE: "none: nobody is ahead",
    lib.B3_QUEUE_CONSERVATIVE: "conservative: only trades take it away",
    lib.B3_QUEUE_PROPORTIONAL: "proportional: cancels take their share",
}
_PICKLES = (".pkl", ".pickle", ".joblib")


def resolved_limits(plan: RunPlan) -> list[tuple[str, str]]:
    """Name and value with its unit of every limit that the run has."""
    engine, limits = plan.engine, plan.engine["limits"]
    reporting = engine["reporting_currency"]
    currency = plan.currency_names[reporting]
    rows = []
    for instrument, own in zip(plan.instruments, plan.limits, strict=True):
        base, scale = plan.currency_names[instrument["base_currency"]], instrument["qty_scale"]
        rows.append((f"{instrument['symbol']}: position", _at_most(own["position_max_raw"], scale, base)))
        rows.append((f"{instrument['symbol']}: one order", _at_most(own["order_qty_max_raw"], scale, base)))
    return [
        *rows,
        ("notional exposure", _at_most(limits["exposure_max_raw"], MONEY_SCALE, currency)),
        ("net exposure, either way", _at_most(limits["net_exposure_max_raw"], MONEY_SCALE, currency)),
        ("notional of one order", _at_most(limits["order_notional_max_raw"], MONEY_SCALE, currency)),
        ("price through the touch", _at_most(limits["price_collar_rate_raw"], MONEY_SCALE - 2, "%")),
        ("open positions", _at_most(limits["open_positions_max"], 0, "")),
        ("open orders", _at_most(limits["open_orders_max"], 0, "")),
        ("new orders", _at_most(limits["orders_per_second"], 0, "a second")),
        ("age of market data", _at_most(limits["stale_after_ns"], 6, "ms")),
        ("lateness of market data", _at_most(limits["late_after_ns"], 6, "ms")),
        *_guard_rows(engine["guard"], currency),
        ("daily loss", _at_most(limits["daily_loss_max_raw"], MONEY_SCALE, currency)),
        ("drawdown from the peak", _at_most(limits["drawdown_max_rate_raw"], MONEY_SCALE - 2, "%")),
        ("selling more than is held", "allowed" if limits["allow_short"] else "refused"),
        ("starting balances", _starting_balances(plan)),
        ("cost of what is sold", METHODS[engine["pnl_method"]].replace("_", " ")),
        *_paper(plan),
    ]


def _paper(plan: RunPlan) -> list[tuple[str, str]]:
    """What the paper venue takes: fees, time, queues."""
    paper = plan.engine["paper"]
    rows = []
    for tier in paper["fees"]:
        above = f", from {plain(tier['volume_min_raw'], MONEY_SCALE)} traded on" if tier["volume_min_raw"] else ""
        rates = (plain(tier[f"{side}_fee_rate_raw"], MONEY_SCALE - 2) for side in ("maker", "taker"))
        rows.append((f"fee as maker, as taker{above}", " %, ".join(rates) + " %"))
    asset = plan.currency_names[paper["fee_currency"]] if paper["fee_asset"] == lib.B3_FEE_THIRD else None
    received = "what a fill brings in"
    quote = "the quote currency"
    rows.append(("fees are paid in", asset or (quote if paper["fee_asset"] == lib.B3_FEE_QUOTE else received)))
    rows.append(("latency to the venue", _latency(paper["order_entry"])))
    if any(paper["market_data"].values()):
        rows.append(("latency of market data", _latency(paper["market_data"])))
    return [*rows, ("queue ahead of resting orders", _QUEUES[paper["queue_model"]])]


def _latency(model: dict[str, int]) -> str:
    drawn = f" + {plain(model['spread_ns'], 3)} us on average, drawn" if model["spread_ns"] else ""
    return f"{plain(model['constant_ns'], 3)} us{drawn}"


def _guard_rows(guard: dict[str, int], currency: str) -> list[tuple[str, str]]:
    """The stops, and each cause of the breaker that is on."""
    percent = MONEY_SCALE - 2
    window = f"{currency} within {plain(guard['breaker_window_ns'], 9)} s"
    jump = f"% within {plain(guard['breaker_window_ns'], 9)} s"
    causes = [
        ("loss", guard["breaker_loss_max_raw"], MONEY_SCALE, window),
        ("drawdown", guard["breaker_drawdown_rate_raw"], percent, "%"),
        ("refusals", guard["breaker_reject_rate_raw"], percent, f"% of {guard['breaker_reject_count']} orders"),
        ("price jump", guard["breaker_jump_rate_raw"], percent, jump),
        ("latency", guard["breaker_latency_ns"], 6, "ms"),
        ("silence", guard["breaker_gap_ns"], 6, "ms"),
    ]
    rows = [(f"breaker: {name}", _at_most(raw, scale, unit)) for name, raw, scale, unit in causes if raw]
    if rows:
        cool_down = guard["cool_down_ns"]
        rows.append(("breaker: closes", f"after {plain(cool_down, 9)} s" if cool_down else "when a person resets it"))
    return [
        ("stop-loss", _stop(guard["stop_loss_rate_raw"], "from the average entry price")),
        ("trailing stop", _stop(guard["trailing_stop_rate_raw"], "from the best price since entry")),
        *(rows or [("breaker", "off")]),
    ]


def _stop(rate_raw: int, base: str) -> str:
    return f"{plain(rate_raw, MONEY_SCALE - 2)} % {base}" if rate_raw else "off"


def _starting_balances(plan: RunPlan) -> str:
    held = (f"{plain(c['start_raw'], MONEY_SCALE)} {c['name']}" for c in plan.currencies if c["start_raw"])
    return ", ".join(held) or "none"


def _at_most(raw: int, scale: int, unit: str) -> str:
    return f"at most {plain(raw, scale)} {unit}".rstrip() if raw else "no limit"


def notes(config: SystemConfig, plan: RunPlan) -> list[str]:
    """What of the configuration has no effect on this run, and why."""
    found = [_model_note(config.signal.model_path)]
    if not config.execution.paper_trading:
        found.append("execution.paper_trading is false, but a recording is always traded on paper")
    if not any(currency["start_raw"] for currency in plan.currencies):
        found.append("the account starts with nothing, so no order can be paid for (account.balances)")
    futures = [i["symbol"] for i in plan.instruments if i["venue"] == lib.B3_VENUE_BINANCE_USDM]
    if futures:
        found.append(
            f"{', '.join(futures)}: futures, whose funding and margin are not kept yet: the market is followed, "
            "every order is refused (not_trading)"
        )
    reporting = plan.engine["reporting_currency"]
    valued = _valued(plan)
    foreign = [i["symbol"] for i in plan.instruments if i["quote_currency"] not in valued]
    if foreign:
        found.append(
            f"{', '.join(foreign)}: not quoted in {plan.currency_names[reporting]}, and nothing tells a rate "
            "(account.rates, or an instrument of the run), so the notional and exposure limits refuse their orders"
        )
    return [note for note in [*found, _fee_note(plan), _blend_note(plan)] if note]


def _fee_note(plan: RunPlan) -> str:
    """Fees in a currency whose worth nothing tells are paid otherwise."""
    paper = plan.engine["paper"]
    if paper["fee_asset"] != lib.B3_FEE_THIRD or paper["fee_currency"] in _valued(plan):
        return ""
    name = plan.currency_names[paper["fee_currency"]]
    return (
        f"paper.fee_asset {name}: nothing tells its rate (account.rates, or an instrument of the run), so fees are "
        "paid in what a fill brings in"
    )


def _blend_note(plan: RunPlan) -> str:
    """No model gives a signal yet, so a blend goes without."""
    for strategy in plan.strategies:
        if isinstance(strategy, BuiltinStrategy) and strategy.name == "blend":
            names = [param.name for param in find_builtin("blend").params]
            weight = dict(zip(names, strategy.params, strict=True))["w_model"]
            if weight != 0:
                return f"blend: there is no model, so its weight (w_model={weight:g}) is shared out among the others"
    return ""


def _valued(plan: RunPlan) -> set[int]:
    """The currencies whose worth in the reporting currency is configured, or told by an instrument of the run."""
    valued = {index for index, currency in enumerate(plan.currencies) if currency["rate_raw"]}
    valued.add(plan.engine["reporting_currency"])
    for _ in plan.currencies:
        valued |= {i["base_currency"] for i in plan.instruments if i["quote_currency"] in valued}
    return valued


def without_means(plan: RunPlan) -> list[str]:
    """Instruments that the starting balances allow neither to buy nor to sell."""
    names, currencies = plan.currency_names, plan.currencies
    return [
        f"{i['symbol']}: the account starts with neither {names[i['quote_currency']]} nor {names[i['base_currency']]}: "
        "nothing can be bought. Give it some with account.balances"
        for i in plan.instruments
        if not currencies[i["quote_currency"]]["start_raw"] and not currencies[i["base_currency"]]["start_raw"]
    ]


def _model_note(model_path: str) -> str:
    path = Path(model_path)
    if path.suffix.lower() in _PICKLES and path.exists():
        return (
            f"signal.model_path {model_path} is a pickle, which bot3 never loads: it could run any code. The model "
            "strategy is off. Convert it to ONNX where it was trained (scikit-learn: skl2onnx.to_onnx(model, X[:1]); "
            "LightGBM, XGBoost: onnxmltools.convert), and name the .onnx file"
        )
    if path.exists():
        return f"signal.model_path {model_path}: this version does not run models, so the model strategy is off"
    return f"signal.model_path {model_path} is not there, so the model strategy is off"


def pointless_limits(plan: RunPlan) -> list[str]:
    """Limits that another one, of the settings or the venue, makes pointless whatever the prices are."""
    engine, limits = plan.engine, plan.engine["limits"]
    reporting = engine["reporting_currency"]
    currency = plan.currency_names[reporting]

    def money(name: str, key: str) -> tuple[str, int, str]:
        return name, limits.get(key, 0), f"{plain(limits.get(key, 0), MONEY_SCALE)} {currency}"

    def percent(name: str, rate_raw: int) -> tuple[str, int, str]:
        return name, rate_raw, f"{plain(rate_raw, MONEY_SCALE - 2)} %"

    def count(name: str, number: int) -> tuple[str, int, str]:
        return name, number, str(number)

    gross = money("risk.max_notional_exposure", "exposure_max_raw")
    start_raw = plan.currencies[reporting]["start_raw"]
    start = ("the starting balance", start_raw, f"{plain(start_raw, MONEY_SCALE)} {currency}")
    pairs = [
        (money("risk.max_order_notional", "order_notional_max_raw"), gross),
        (money("risk.max_net_exposure", "net_exposure_max_raw"), gross),
        (money("risk.max_daily_loss", "daily_loss_max_raw"), start),
        (
            count("risk.max_open_orders", limits["open_orders_max"]),
            count("engine.order_capacity", engine["order_capacity"]),
        ),
    ]
    if engine["pnl_method"] != lib.B3_PNL_WEIGHTED_AVERAGE:
        orders = engine["lot_capacity"] // lib.B3_LOTS_AN_ORDER
        room = count(f"what engine.lot_capacity is enough for, at {lib.B3_LOTS_AN_ORDER} lots an order", orders)
        pairs.append((count("risk.max_open_orders", limits["open_orders_max"]), room))
    for instrument, own in zip(plan.instruments, plan.limits, strict=True):
        base, scale = plan.currency_names[instrument["base_currency"]], instrument["qty_scale"]
        symbol = instrument["symbol"]

        def size(name: str, raw: int, scale: int = scale, base: str = base) -> tuple[str, int, str]:
            return name, raw, f"{plain(raw, scale)} {base}"

        order = size("risk.max_order_size", own["order_qty_max_raw"])
        pairs.append((order, size("risk.max_position_size", own["position_max_raw"])))
        pairs.append((order, size(f"the venue's largest lot of {symbol}", instrument["lot_max_raw"])))
        collar = percent("risk.price_collar_percent", limits["price_collar_rate_raw"])
        if instrument["bid_multiplier_up_raw"]:
            rate = instrument["bid_multiplier_up_raw"] - 10**MONEY_SCALE
            pairs.append((collar, percent(f"the venue's percent filter on buys of {symbol}", rate)))
        if instrument["ask_multiplier_down_raw"]:
            rate = 10**MONEY_SCALE - instrument["ask_multiplier_down_raw"]
            pairs.append((collar, percent(f"the venue's percent filter on sells of {symbol}", rate)))
    return [
        f"{name} ({text}) is above {other} ({bound_text}): it will never be reached"
        for (name, raw, text), (other, bound, bound_text) in dict.fromkeys(pairs)
        if 0 < bound < raw
    ]


def contradictions(engine: Engine, plan: RunPlan) -> list[str] | None:
    """Position limits that money makes pointless at the prices of now; None while a price is not known."""
    reporting = plan.engine["reporting_currency"]
    currency = plan.currency_names[reporting]
    bounds = {
        "risk.max_notional_exposure": plan.engine["limits"]["exposure_max_raw"],
        "the starting balance": plan.currencies[reporting]["start_raw"],
    }
    found = []
    for index, (instrument, own) in enumerate(zip(plan.instruments, plan.limits, strict=True)):
        state = engine.instrument(index)
        touch = state.touch
        if not (touch.bid_qty_raw and touch.ask_qty_raw):
            return None
        price_raw = (touch.bid_price_raw + touch.ask_price_raw) // 2
        digits = instrument["price_scale"] + instrument["qty_scale"] - MONEY_SCALE
        worth_raw = int(own["position_max_raw"] * price_raw // 10**digits)
        exceeded = [
            f"{name} ({plain(raw, MONEY_SCALE)} {currency})" for name, raw in bounds.items() if 0 < raw < worth_raw
        ]
        if exceeded and instrument["quote_currency"] == reporting:
            base = plan.currency_names[instrument["base_currency"]]
            size = f"{plain(own['position_max_raw'], instrument['qty_scale'])} {base}"
            found.append(
                f"{instrument['symbol']}: risk.max_position_size of {size} is worth {plain(worth_raw, MONEY_SCALE)} "
                f"{currency} at {plain(price_raw, instrument['price_scale'])}, more than {' and '.join(exceeded)}: "
                "the position limit will never be reached"
            )
    return found
