"""The limits as they came out, in their units, and what in them contradicts something else."""

from __future__ import annotations

from pathlib import Path

from bot3.config import SystemConfig
from bot3.engine.core import Engine
from bot3.engine.decimals import MONEY_SCALE, plain
from bot3.engine.plan import RunPlan
from bot3.ffi import lib

__all__ = ["contradictions", "notes", "resolved_limits"]

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
        ("notional of one order", _at_most(limits["order_notional_max_raw"], MONEY_SCALE, currency)),
        ("open orders", _at_most(limits["open_orders_max"], 0, "")),
        ("new orders", _at_most(limits["orders_per_second"], 0, "a second")),
        ("age of market data", _at_most(limits["stale_after_ns"], 6, "ms")),
        ("selling more than is held", "allowed" if limits["allow_short"] else "refused"),
        ("starting cash", f"{plain(plan.currencies[reporting]['start_raw'], MONEY_SCALE)} {currency}"),
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


def _at_most(raw: int, scale: int, unit: str) -> str:
    return f"at most {plain(raw, scale)} {unit}".rstrip() if raw else "no limit"


def notes(config: SystemConfig, plan: RunPlan) -> list[str]:
    """What of the configuration has no effect on this run, and why."""
    found = [_model_note(config.signal.model_path)]
    if not config.execution.paper_trading:
        found.append("execution.paper_trading is false, but a recording is always traded on paper")
    reporting = plan.engine["reporting_currency"]
    foreign = [i["symbol"] for i in plan.instruments if i["quote_currency"] != reporting]
    if foreign:
        found.append(
            f"{', '.join(foreign)}: not quoted in {plan.currency_names[reporting]}, and no conversion rate is known, "
            "so the notional and exposure limits refuse their orders"
        )
    stops = {"max_open_positions", "stop_loss_percent", "trailing_stop_percent"} & config.risk.model_fields_set
    if stops:
        found.append(f"not enforced by this version: {', '.join(f'risk.{name}' for name in sorted(stops))}")
    return [note for note in found if note]


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


def contradictions(engine: Engine, plan: RunPlan) -> list[str] | None:
    """Position limits that money makes pointless at the prices of now; None while a price is not known."""
    reporting = plan.engine["reporting_currency"]
    currency = plan.currency_names[reporting]
    bounds = {
        "risk.max_notional_exposure": plan.engine["limits"]["exposure_max_raw"],
        "paper.starting_cash": plan.currencies[reporting]["start_raw"],
    }
    found = []
    for index, (instrument, own) in enumerate(zip(plan.instruments, plan.limits, strict=True)):
        touch = engine.instrument(index).touch
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
