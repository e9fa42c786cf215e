"""Only type-checked: running from Python, and reading what happened."""

from pathlib import Path
from typing import assert_type

from bot3.config import BarSpec, SystemConfig, load_config, parse_bars
from bot3.engine.session import Result, Settings, Ui, run_session
from bot3.errors import Bot3Error, ConfigError


def run(ui: Ui) -> None:
    try:
        config = load_config(Path("config/system.json"))
    except ConfigError as error:
        assert_type(error.problems, tuple[tuple[str, str], ...])
        return
    assert_type(config, SystemConfig)
    assert_type(parse_bars("1s"), BarSpec)
    result = run_session(Settings([Path("a.b3r")], [], config), ui)
    assert_type(result, Result)
    assert_type(result.error, Bot3Error | None)
    Settings("a.b3r", [])  # type: ignore[arg-type]
