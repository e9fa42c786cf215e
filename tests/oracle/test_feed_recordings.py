"""Every message of every recording: the parser, in each of its forms, against Python's json and Decimal."""

import collections
from pathlib import Path
from typing import Any

import pytest
from feed_native import Native, forms
from feed_oracle import BAR, CAPTURES, NAMES, RECORDINGS, Symbol, meaning, messages

SYMBOLS = {name: Symbol(i, 8, 8) for i, name in enumerate(NAMES)}


@pytest.mark.parametrize("name", RECORDINGS + CAPTURES)
def test_recordings_equal_json_and_decimal_in_every_form(
    name: str, internals: tuple[Any, Any], shared_data: Path
) -> None:
    native = {form: Native(internals, SYMBOLS, form) for form in forms(internals)}
    count = 0
    kinds = collections.Counter[int]()
    for message, source_symbol in messages(shared_data, name):
        default = SYMBOLS.get(source_symbol)
        expected = meaning(message, SYMBOLS, default)
        assert expected is not None
        outputs = set()
        for form, parser in native.items():
            status = parser.parse(message, default.index if default else -1)
            assert status == "B3_OK", (form, status, message[:200])
            outputs.add((parser.parsed.kind, parser.parsed.instrument, parser.bytes_out()))
        assert len(outputs) == 1, f"the forms differ: {message[:200]!r}"
        assert (parser.parsed.kind, parser.parsed.instrument) == (expected.kind, expected.instrument)
        assert parser.rows() == expected.rows, message[:200]
        count += 1
        kinds[expected.kind] += 1
    for form, parser in native.items():
        stats = parser.stats()
        assert stats["messages"] == count and stats["bad"] == 0
        # Klines, and the first message of each symbol, are the general parser's; all others are in the usual form.
        usual = count - kinds[BAR] - len(NAMES)
        assert form == "general" or count - stats["general"] >= usual
