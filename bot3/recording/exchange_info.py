"""The venue's exchangeInfo as a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bot3.errors import InstrumentError, RecordingError
from bot3.recording.streams import line_blocks

__all__ = ["read_exchange_info"]


def read_exchange_info(path: Path) -> dict[str, Any]:
    """The JSON object of an exchangeInfo file: plain, gzip or zstd. Raises InstrumentError."""
    try:
        text = b"".join(line_blocks(path))
    except RecordingError as error:
        raise InstrumentError(error.what, where=error.where, hint=error.hint) from error
    try:
        info = json.loads(text, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise InstrumentError(f"is not JSON: {error}", where=str(path)) from error
    if not isinstance(info, dict):
        raise InstrumentError("is not an exchangeInfo: not an object", where=str(path))
    return info
