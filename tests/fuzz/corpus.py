"""Makes corpus_binance_json from the recordings of hftbacktest (MIT, see PROVENANCE.md)."""

import gzip
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CORPUS = HERE / "corpus_binance_json"
RECORDINGS = HERE.parents[2] / "shared" / "data" / "binance"
FILES = {"spot": "spot_btcusdt_20240808.gz", "usdm": "usdm_btcusdt_20240808.gz"}
KINDS = {"depth": b"depthUpdate", "quote": b"bookTicker", "trade": b'"trade"'}


def pick(name: str) -> dict[str, bytes]:
    """Three short messages of each kind, and the snapshot cut to three levels a side."""
    found: dict[str, bytes] = {}
    counts = dict.fromkeys(KINDS, 0)
    with gzip.open(RECORDINGS / name) as file:
        for line in file:
            message = line.rstrip(b"\n").split(b" ", 1)[1]
            if message.startswith(b'{"lastUpdateId"'):
                snapshot = json.loads(message)
                cut = snapshot | {"bids": snapshot["bids"][:3], "asks": snapshot["asks"][:3]}
                found["snapshot"] = json.dumps(cut, separators=(",", ":")).encode()
            for kind, mark in KINDS.items():
                if mark in message and len(message) < 700 and counts[kind] < 3:
                    found[f"{kind}{counts[kind]}"] = message
                    counts[kind] += 1
    return found


def main() -> int:
    if not RECORDINGS.is_dir():
        print(f"no recordings at {RECORDINGS}")
        return 1
    CORPUS.mkdir(exist_ok=True)
    for market, name in FILES.items():
        for kind, message in pick(name).items():
            (CORPUS / f"{market}_{kind}.json").write_bytes(message)
    print(f"{len(list(CORPUS.iterdir()))} files in {CORPUS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
