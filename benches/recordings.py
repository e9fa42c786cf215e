"""Recordings that benches run on."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "dev"
SHARED = ROOT.parent / "shared" / "data" / "binance"


def as_recording(sources: list[Path], folder: Path, name: str) -> Path:
    """Convert recorded sessions into one .b3r in `folder`, by the product's own command."""
    target = folder / f"{name}.b3r"
    command = [str(Path(sys.executable).with_name("bot3")), "record", "convert", *map(str, sources), "-o", str(target)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return target


def sample_lines() -> Path:
    """Return the sample that ships with the project, as it was recorded."""
    import bot3

    return next((Path(bot3.__file__).parent / "sample").glob("*.gz"))


def sample_recording(folder: Path) -> Path:
    """Return the sample as a .b3r."""
    return as_recording([sample_lines()], folder, "sample")


def session_recording(folder: Path) -> Path | None:
    """Return the whole ten-minute BTCUSDT session as a .b3r, or None where the shared recordings are not there."""
    parts = [SHARED / "spot_btcusdt_20240808.gz", SHARED / "spot_btcusdt_20240809.gz"]
    return as_recording(parts, folder, "session") if all(part.is_file() for part in parts) else None
