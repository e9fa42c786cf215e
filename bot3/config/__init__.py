"""Settings: the shape of system.json, read and checked in full before anything starts."""

from bot3.config.barspec import BarSpec, parse_bars
from bot3.config.load import load_config, parse_config
from bot3.config.model import StrategyEntry, SystemConfig

__all__ = ["BarSpec", "StrategyEntry", "SystemConfig", "load_config", "parse_bars", "parse_config"]
