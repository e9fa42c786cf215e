"""The recording that is run when none is named, and its symbol's filters. See PROVENANCE.md."""

from pathlib import Path
from typing import Final

__all__ = ["EXCHANGE_INFO", "RECORDING"]

_FOLDER: Final = Path(__file__).parent
RECORDING: Final = _FOLDER / "btcusdt_spot_20240808.gz"
EXCHANGE_INFO: Final = _FOLDER / "btcusdt_exchange_info.json"
