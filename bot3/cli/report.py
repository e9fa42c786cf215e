"""`bot3 report`: a finished run's directory as one HTML page and a few lines."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("report")
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--html", type=click.Path(path_type=Path), metavar="FILE", help="Where the page goes. Default: DIR/report.html."
)
def command(directory: Path, html: Path | None) -> int:
    """Write what a run earned, from what, and what became of its orders.

    DIR is what `bot3 run --out DIR` wrote. The page is one file that needs no network; the numbers are printed too.
    """
    from rich.table import Table

    from bot3.cli.terminal import console
    from bot3.report import figures_of, read_run, write_page
    from bot3.report.page import headline

    run = read_run(directory)
    figures = figures_of(run)
    page = html or directory / "report.html"
    write_page(run, figures, page)
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for row in headline(figures):
        table.add_row(*row)
    screen = console(stderr=False)
    screen.print(table)
    screen.print(f"page: {page}", highlight=False, markup=False, soft_wrap=True)
    return 0
