"""Recorded sessions: files of several formats in, bot3's own format out."""

from bot3.recording.exchange_info import read_exchange_info
from bot3.recording.model import BadLine, Source
from bot3.recording.opening import Recording, open_recordings
from bot3.recording.prices import first_prices
from bot3.recording.reader import RecordingFile
from bot3.recording.writer import Recorder

__all__ = [
    "BadLine",
    "Recorder",
    "Recording",
    "RecordingFile",
    "Source",
    "first_prices",
    "open_recordings",
    "read_exchange_info",
]
