"""The recording that is run when none is named (SAMPLE), and the filters of its symbol. See PROVENANCE.md."""

from pathlib import Path
from typing import Final

__all__ = ["SAMPLE", "SAMPLE_INSTRUMENTS"]

_FOLDER: Final = Path(__file__).parent
SAMPLE: Final = _FOLDER / "btcusdt_spot_20240808.gz"
SAMPLE_INSTRUMENTS: Final = _FOLDER / "btcusdt_exchange_info.json"
