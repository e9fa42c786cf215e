"""Files as blocks of bytes: plain, gzip or zstd, told apart by their first bytes, never by their name."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from bot3.errors import RecordingError

__all__ = ["OWN_MAGIC", "ahead", "line_blocks", "magic_of"]

OWN_MAGIC: Final = b"BOT3REC\0"
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"

_READ_BYTES: Final = 128 << 10
_LINE_BYTES_MAX: Final = 64 << 20


def magic_of(path: Path) -> bytes:
    """The first 8 bytes. Raises RecordingError when the file cannot be read, or is empty."""
    try:
        with path.open("rb") as file:
            magic = file.read(8)
    except OSError as error:
        raise _unreadable(path, error) from error
    if not magic:
        raise RecordingError("is empty", where=str(path), hint="Give a file that holds a recorded session.")
    return magic


def line_blocks(path: Path) -> Iterator[bytes]:
    """The file's text, decompressed, in blocks of whole lines; a last line without a newline gets one.

    Raises RecordingError for what cannot be read or decompressed, and for a line of more than 64 MiB.
    """
    pieces: list[bytes] = []
    pending = 0
    for block in _blocks(path):
        cut = block.rfind(b"\n") + 1
        if cut:
            yield b"".join([*pieces, block[:cut]])
            pieces, pending = [], 0
        pieces.append(block[cut:])
        pending += len(block) - cut
        if pending > _LINE_BYTES_MAX:
            what = f"has a line of more than {_LINE_BYTES_MAX >> 20} MiB: not a text recording"
            raise RecordingError(what, where=str(path))
    if pending:
        yield b"".join([*pieces, b"\n"])


def ahead(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same blocks, the next one made in a thread while one is worked on: decompression releases the GIL."""
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(next, blocks, b"")
        while block := pending.result():
            pending = pool.submit(next, blocks, b"")
            yield block


def _blocks(path: Path) -> Iterator[bytes]:
    magic = magic_of(path)
    try:
        with path.open("rb") as file:
            if magic.startswith(_GZIP):
                yield from _inflate(path, file, _GZIP, "gzip")
            elif magic.startswith(_ZSTD):
                yield from _inflate(path, file, _ZSTD, "zstd")
            else:
                while block := file.read(8 * _READ_BYTES):
                    yield block
    except OSError as error:
        raise _unreadable(path, error) from error


def _decompressor(name: str) -> tuple[Any, type[Exception]]:
    if name == "gzip":
        return zlib.decompressobj(wbits=31), zlib.error
    import zstandard  # here, because only compressed captures need it

    return zstandard.ZstdDecompressor().decompressobj(), zstandard.ZstdError


def _inflate(path: Path, file: Any, magic: bytes, name: str) -> Iterator[bytes]:
    """All members of a compressed file, one after the other."""
    stream, failure = _decompressor(name)
    while compressed := file.read(_READ_BYTES):
        while compressed:
            if stream.eof:
                if not compressed.strip(b"\0"):
                    break  # padding, as tapes and block devices add
                if not compressed.startswith(magic[: len(compressed)]):
                    raise _damaged(path, name, file.tell() - len(compressed), "other bytes follow the stream")
                stream, failure = _decompressor(name)
            try:
                block = stream.decompress(compressed)
            except failure as error:
                raise _damaged(path, name, file.tell() - len(compressed), str(error)) from error
            compressed = stream.unused_data if stream.eof else b""
            if block:
                yield block
    if not stream.eof:
        raise _damaged(path, name, file.tell(), "it ends in the middle of the stream")


def _damaged(path: Path, name: str, position: int, why: str) -> RecordingError:
    what = f"damaged {name} data within {_READ_BYTES >> 10} KiB after byte {position}: {why}"
    return RecordingError(what, where=str(path), hint="Use another copy of the file.", position=position)


def _unreadable(path: Path, error: OSError) -> RecordingError:
    return RecordingError(f"cannot be read: {error.strerror or error}", where=str(path))
