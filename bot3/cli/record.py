"""`bot3 record`: recordings into bot3's own format, and what a recording holds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot3.recording.info import Info

__all__ = ["command"]

_PATH = click.Path(path_type=Path)


@click.group("record")
def command() -> None:
    """Convert recordings to bot3's own format, or say what they hold."""


@command.command("convert")
@click.argument("files", type=_PATH, nargs=-1, required=True, metavar="FILE...")
@click.option(
    "-o", "--out", type=_PATH, required=True, metavar="OUT.b3r", help="The file to write; an old one is replaced."
)
@click.option("--parsed", is_flag=True, help="Parse the messages: the file holds events instead of raw bytes.")
def _convert(files: tuple[Path, ...], out: Path, parsed: bool) -> None:
    """Convert files that continue one another into one recording.

    Known are text lines "<receive time, ns> <message>", captures of cryptofeed (format 2), both also in gzip or zstd,
    and bot3's own recordings.
    """
    from bot3.recording.converting import convert_recordings  # here, so that --help does not load the core

    done = convert_recordings(files, out, parsed=parsed)
    for line in done.bad_lines:
        click.echo(f"left out: {line}", err=True)
    if done.bad_line_count > len(done.bad_lines):
        click.echo(f"left out: {done.bad_line_count - len(done.bad_lines):,} more lines", err=True)
    if done.bad_frames:
        click.echo(f"left out: {done.bad_frames:,} messages; the first is {done.first_bad_frame}", err=True)
    what = f", {done.events:,} events of {done.frames:,} messages" if parsed else ""
    click.echo(f"{out}: {done.bytes:,} bytes, {', '.join(done.symbols)}{what}")


@command.command("info")
@click.argument("file", type=_PATH)
@click.pass_context
def _info(context: click.Context, file: Path) -> None:
    """Say what a recording or a journal holds, and check every checksum in it."""
    from bot3.recording.info import describe  # here, so that --help does not load the core

    info = describe(file)
    for row in _rows(info):
        click.echo(row)
    if info.damage is not None:
        raise info.damage


def _rows(info: Info) -> list[str]:
    counts = [f"{name} {count:,}" for name, count in info.records.items()]
    rows = [
        f"content   {info.content}, {info.bytes:,} bytes, {'whole' if info.damage is None else 'damaged'}",
        f"symbols   {', '.join(info.symbols) or 'none'}",
        f"received  {_time(info.first_ns)} to {_time(info.last_ns)}, {(info.last_ns - info.first_ns) / 1e9:,.3f} s",
        f"records   {', '.join(counts) or 'none'}",
    ]
    if info.events:
        rows.append(f"events    {', '.join(f'{name} {count:,}' for name, count in info.events.items())}")
    if info.backwards:
        rows.append(f"order     {info.backwards:,} records were received before the one before them")
    for index, entry in enumerate(info.sources):
        source = entry.source
        about = f"{source.market}{', symbol ' + source.symbol if source.symbol else ''}"
        rows.append(f"source {index:<3}{source.name} ({about}): {entry.records:,} records, {entry.bytes:,} bytes")
    return rows


def _time(time_ns: int) -> str:
    if time_ns == 0:
        return "-"
    seconds, rest_ns = divmod(time_ns, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{rest_ns:09d} UTC"
