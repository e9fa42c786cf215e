"""Technical indicators: `bot3.ta.rsi(close, 14)`. docs/TA.md lists them.

Batch: each kernel is a function of arrays (time), or of panels (symbols, time). Stream: `bot3.ta.stream.RSI(14)`.
Many streams in one call: `bot3.ta.Graph`. Covariances and systems of equations: `bot3.ta.matrix`. All run the same
kernels of the core, as the engine does.
"""

from typing import TYPE_CHECKING, Any

from bot3.ta import matrix, stream
from bot3.ta.batch import batch_function
from bot3.ta.graph import Graph
from bot3.ta.kernels import KERNELS, IndicatorError, isa

__all__ = ["KERNELS", "Graph", "IndicatorError", "isa", "matrix", "stream", *KERNELS]  # noqa: PLE0604 - names of the table

if TYPE_CHECKING:
    from bot3.ta._functions import *  # noqa: F403 - their names are the table's
else:

    def __getattr__(name: str) -> Any:
        raise AttributeError(f"bot3.ta has no {name!r}; indicators are {', '.join(KERNELS)}")


globals().update({kernel.name: batch_function(kernel) for kernel in KERNELS.values()})
