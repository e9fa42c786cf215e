"""--strategy: what is understood, what is loaded, and how it is told when it cannot be."""

from decimal import Decimal
from pathlib import Path

import pytest

from bot3.engine.builtin import builtins, find_builtin
from bot3.engine.host import kinds_of
from bot3.engine.loader import load_class, make, parse_choice
from bot3.errors import StrategyError
from bot3.ffi import lib
from bot3.strategy import Bar, Strategy, Trade

GOOD = """
from bot3.strategy import Bar, Strategy

class Good(Strategy):
    def __init__(self, window: int = 3, name: str = "a") -> None:
        self.window, self.name = window, name
    def on_bar(self, bar: Bar) -> None: ...

class Timed(Strategy):
    def on_timer(self) -> None: ...

class Other: ...
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "file", "name", "params"),
    [
        ("ema_cross", None, "ema_cross", {}),
        ("ema_cross:fast=3,slow=9", None, "ema_cross", {"fast": "3", "slow": "9"}),
        ("a/my.py:Mine", Path("a/my.py"), "Mine", {}),
        ("a b/my.py:Mine:k=v, w = 2", Path("a b/my.py"), "Mine", {"k": "v", "w": "2"}),
        ("/a:b/my.py:Mine", Path("/a:b/my.py"), "Mine", {}),
    ],
)
def test_choices(text: str, file: Path | None, name: str, params: dict[str, str]) -> None:
    choice = parse_choice(text)
    assert (choice.file, choice.name, choice.params) == (file, name, params)


@pytest.mark.parametrize(
    "text", ["", ":", "my.py", "my.py:", "a-b", "ema_cross:fast", "ema_cross:=3", "ema_cross:f=1,f=2"]
)
def test_choices_that_are_none(text: str) -> None:
    with pytest.raises(StrategyError, match="Write NAME"):
        parse_choice(text)


def test_the_core_s_own_table_names_the_built_in_ones() -> None:
    found = builtins()
    assert {"ema_cross", "obi"} <= set(found)
    for builtin in found.values():
        assert builtin.text
        for param in builtin.params:
            assert param.min <= param.default <= param.max
            assert param.text


def test_parameters_are_completed_and_checked() -> None:
    builtin = find_builtin("ema_cross")
    names = [param.name for param in builtin.params]
    values = dict(zip(names, builtin.resolve({"fast": "3"}), strict=True))
    assert (values["fast"], values["slow"]) == (3.0, 26.0)
    with pytest.raises(StrategyError, match="Meant slow"):
        builtin.resolve({"slw": "3"})
    with pytest.raises(StrategyError, match="out of bounds"):
        builtin.resolve({"fast": "-1"})
    for text in ("x", "", "nan"):
        with pytest.raises(StrategyError):
            builtin.resolve({"fast": text})
    with pytest.raises(StrategyError, match="ema_cross"):
        find_builtin("ema_crss")


def test_a_class_is_loaded_and_made(file: Path) -> None:
    kind = load_class(file, "Good")
    strategy = make(kind, {"window": "7", "name": "x"}, file)
    assert (strategy.window, strategy.name) == (7, "x")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "told"),
    [("Absent", "Strategies there: Good, Timed"), ("Other", "not derived"), ("Timed", "no timers")],
)
def test_classes_that_are_no_strategy(file: Path, name: str, told: str) -> None:
    with pytest.raises(StrategyError, match=told):
        load_class(file, name)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StrategyError, match="no such file"):
        load_class(tmp_path / "none.py", "Mine")


@pytest.mark.parametrize(
    ("source", "line"), [("x = 1\ndef f(:\n", 2), ("\n\nraise ValueError('no')\n", 3), ("import not_there\n", 1)]
)
def test_a_file_that_fails_is_told_with_its_line(tmp_path: Path, source: str, line: int) -> None:
    path = tmp_path / "broken.py"
    path.write_text(source, encoding="utf-8")
    with pytest.raises(StrategyError, match=f"{path}:{line}: cannot be loaded"):
        load_class(path, "Mine")


def test_parameters_that_a_class_does_not_take(file: Path) -> None:
    with pytest.raises(StrategyError, match="unexpected keyword"):
        make(load_class(file, "Good"), {"widow": "7"}, file)


def test_only_methods_that_are_written_are_called() -> None:
    class OnBar(Strategy):
        def on_bar(self, bar: Bar) -> None: ...

    class OnTrade(OnBar):
        def on_trade(self, trade: Trade) -> None: ...

    update = 1 << lib.B3_UPDATE
    assert kinds_of(Strategy) == update
    assert kinds_of(OnBar) == update | 1 << lib.B3_BAR
    assert kinds_of(OnTrade) == update | 1 << lib.B3_BAR | 1 << lib.B3_TRADE


def test_a_strategy_without_an_engine_says_so() -> None:
    strategy = Strategy()
    for call in (
        lambda: strategy.symbol,
        lambda: strategy.position,
        lambda: strategy.buy("1"),
        lambda: strategy.cancel(1),
    ):
        with pytest.raises(StrategyError, match="not running"):
            call()


class Fixed:
    """Steps of an instrument, for rounding alone."""

    price_step = Decimal("0.05")
    qty_step = Decimal("0.001")

    def submit(self, *order: object) -> None:
        pytest.fail(f"submitted: {order}")


def test_rounding_keeps_to_the_venue_s_steps() -> None:
    strategy = Strategy()
    strategy._context = Fixed()  # type: ignore[assignment]
    assert strategy.round_qty("0.0019999") == Decimal("0.001")
    assert strategy.round_qty(0.0005) == 0
    assert strategy.round_price("10.07") == Decimal("10.05")
    assert strategy.round_price(10.08) == Decimal("10.10")


@pytest.mark.parametrize("qty", [0, -1, "x", None, True, float("nan"), float("inf")])
def test_quantities_that_are_none(qty: object) -> None:
    strategy = Strategy()
    strategy._context = Fixed()  # type: ignore[assignment]
    with pytest.raises(StrategyError):
        strategy.buy(qty)  # type: ignore[arg-type]
