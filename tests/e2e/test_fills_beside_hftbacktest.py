"""The same two-sided quoter on the paper venue and in hftbacktest, on the same session: docs/PAPER.md has the numbers.

hftbacktest lives in the environment of the peers (make bench makes it), or wherever B3_PEERS points to: an interpreter.
"""

import os
import subprocess
from pathlib import Path
from typing import Any

import fills
import pytest
from report import PEERS


@pytest.fixture(scope="module")
def python() -> Path:
    found = Path(os.environ.get("B3_PEERS", PEERS / "bin" / "python"))
    if not found.is_file() or subprocess.run([str(found), "-c", "import hftbacktest"], check=False).returncode != 0:
        pytest.skip(
            f"no hftbacktest in {found}: make bench installs it there, or set B3_PEERS to an interpreter with it"
        )
    if not all(part.is_file() for part in fills.SESSION):
        pytest.skip(f"the session is not at {fills.SHARED}")
    return found


@pytest.fixture(scope="module")
def ours(python: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("fills")
    return {queue: fills.ours(queue, folder) for queue in fills.QUEUES}


@pytest.fixture(scope="module")
def theirs(python: Path) -> dict[str, Any]:
    return fills.theirs(python)


def test_a_longer_queue_fills_less(ours: dict[str, Any]) -> None:
    qty = {queue: float(run["qty"]) for queue, run in ours.items()}
    assert qty["conservative"] < qty["proportional"] < qty["none"]
    assert {run["ended"] for run in ours.values()} == {"end"}


@pytest.mark.parametrize(("ours_is", "theirs_is"), [("conservative", "risk_adverse"), ("proportional", "power_prob_1")])
def test_the_fills_are_of_the_same_size(
    ours: dict[str, Any], theirs: dict[str, Any], ours_is: str, theirs_is: str
) -> None:
    """Within 10 % on the same displays; what differs is explained in docs/PAPER.md."""
    assert float(ours[ours_is]["qty"]) == pytest.approx(theirs["fused"][theirs_is]["qty"], rel=0.10)
    assert ours[ours_is]["orders"] == pytest.approx(theirs["fused"][theirs_is]["orders"], rel=0.10)


def test_without_a_cap_the_conservative_queue_fills_no_more(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert float(ours["conservative"]["qty"]) <= theirs["fused"]["risk_adverse"]["qty"]
