"""The feature vector of a recording as a table, and how much of the next ten seconds each feature explains.

python examples/features.py [RECORDING]
"""

import sys

import numpy as np

from bot3.features import FEATURES, FeatureComputer
from bot3.sample import SAMPLE, SAMPLE_INSTRUMENTS


def main() -> None:
    """Correlation of each feature with the return over the ten bars after it."""
    if len(sys.argv) > 1:
        table = FeatureComputer("1s").compute(sys.argv[1])
    else:
        table = FeatureComputer("1s").compute(SAMPLE, instruments=SAMPLE_INSTRUMENTS)
    returns = table["return_1_bps"].to_numpy()
    ahead = np.array([returns[i + 1 : i + 11].sum() if i + 11 <= len(returns) else np.nan for i in range(len(returns))])
    print(f"{table.num_rows} bars")
    for feature in FEATURES:
        values = table[feature.name].to_numpy()
        known = np.isfinite(values) & np.isfinite(ahead)
        print(f"{feature.name:18} {np.corrcoef(values[known], ahead[known])[0, 1]:+.3f}  {feature.text}")


if __name__ == "__main__":
    main()
