"""A finished run's tables as one page and a few numbers: what it earned, from what, and what became of its orders."""

from bot3.report.figures import RunFigures, figures_of
from bot3.report.files import RunFiles, read_run
from bot3.report.page import write_page

__all__ = ["RunFigures", "RunFiles", "figures_of", "read_run", "write_page"]
