"""How often the same two-sided quoter fills on our paper venue and in hftbacktest, on the same session.

    python benches/fills.py [--json]

docs/PAPER.md explains the differences. hftbacktest runs in the environment of the peers, see report.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from recordings import ROOT, SHARED

QUEUES = ("none", "conservative", "proportional")
SESSION = [SHARED / "spot_btcusdt_20240808.gz", SHARED / "spot_btcusdt_20240809.gz"]
# The quoter is limited by its own position alone; nothing is charged, so that nothing else stops it.
CONFIG = {
    "risk": {"max_position_size": 1, "max_notional_exposure": 10_000_000, "stop_loss_percent": 99},
    "execution": {"rate_limit_per_second": 1_000_000},
    "paper": {
        "starting_cash": 10_000_000,
        "allow_short": True,
        "maker_fee_rate": 0,
        "taker_fee_rate": 0,
        "latency_us": 1_000,
    },
}


def ours(queue_model: str, folder: Path) -> dict[str, Any]:
    """Fills, orders sent and rejects of a run with this queue model."""
    config = {**CONFIG, "paper": {**CONFIG["paper"], "queue_model": queue_model}}
    path = folder / f"{queue_model}.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("bot3")), "run", "--json", "--config", str(path)]
    out = folder / queue_model
    command += ["--strategy", f"{ROOT / 'benches' / 'quoter.py'}:Quoter", "--out", str(out)]
    for part in SESSION:
        command += ["--recording", str(part)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    summary = json.loads(done.stdout)
    filled = pq.read_table(out / "fills.parquet", columns=["qty"]).column("qty")  # type: ignore[no-untyped-call]
    counts = {key: summary[key] for key in ("fills", "orders", "rejects", "ended")}
    return {**counts, "qty": str(sum(filled.to_pylist()))}


def theirs(python: Path) -> dict[str, Any]:
    """The same of hftbacktest, by feed and queue model. python: an interpreter that has it."""
    script = ROOT / "benches" / "peers" / "hftbacktest_fills.py"
    done = subprocess.run([str(python), str(script), str(SHARED)], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    from report import peer_environment

    with tempfile.TemporaryDirectory() as folder:
        result: dict[str, Any] = {"bot3": {queue: ours(queue, Path(folder)) for queue in QUEUES}}
    python = peer_environment()
    if python is None:
        print("hftbacktest could not be installed: only our own counts", file=sys.stderr)
    else:
        result["hftbacktest"] = theirs(python)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
