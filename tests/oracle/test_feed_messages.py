"""Messages made by hypothesis, in any order and dress: every form of the parser against Python's json and Decimal."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from feed_native import Native, forms
from feed_oracle import Events, FaultError, Symbol, meaning
from hypothesis import example, given, settings
from hypothesis import strategies as st

SYMBOLS = {
    "BTCUSDT": Symbol(0, 8, 8),
    "ETHUSDT": Symbol(1, 2, 5),
    "SHIBUSDT": Symbol(2, 10, 0),
    "币安USDT": Symbol(3, 5, 3),
}
DEFAULT = SYMBOLS["ETHUSDT"]

DECIMAL = st.one_of(
    st.from_regex(r"[0-9]{1,9}\.[0-9]{8}", fullmatch=True),
    st.from_regex(r"[0-9]{1,12}(\.[0-9]{1,12})?", fullmatch=True),
    st.from_regex(r"[0-9]{1,5}\.[0-9]{2}0{0,6}", fullmatch=True),
    st.sampled_from(
        [
            "0",
            "0.00000000",
            "9223372036854775807",
            "9223372036854775808",
            "92233720368.54775807",
            "92233720368.54775808",
            "184467440737.09551616",
            "00001.50",
            "1.000000000000000000000000000000",
            "0.000000001",
            "99999999999999999999999",
        ]
    ),
)
BAD_DECIMAL = st.sampled_from(
    [
        b'"-1.5"',
        b'"+1"',
        b'"1e5"',
        b'"1.5E-3"',
        b'""',
        b'"."',
        b'".5"',
        b'"5."',
        b'"1.2.3"',
        b'" 1"',
        b'"1,5"',
        b'"0x10"',
        b'"Infinity"',
        b"1.5",
        b"null",
        b"true",
        b"[]",
        b'{"a":1}',
        b'"\xc2\xb2"',
    ]
)
WHOLE = st.one_of(
    st.integers(1, 2**63 - 1), st.integers(10**9, 10**16 + 5), st.sampled_from([0, 10**15, 10**16 - 1, 2**63 - 1])
)
BAD_WHOLE = st.sampled_from(
    [b"-1", b"1.0", b"1e3", b"9223372036854775808", b"99999999999999999999", b'"5"', b"null", b"false", b"[1]"]
)
TIME = st.one_of(st.integers(1, 9_223_372_036_854), st.integers(10**14, 9_223_372_036_854_775), st.just(1723161255208))
BAD_TIME = st.sampled_from([b"9223372036855", b"99999999999999", b"9223372036854776", b"-5", b'"1723161255208"'])
SPACE = st.sampled_from(["", "", "", " ", "\n", "\t \r\n"])
UNKNOWN = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=6,
)


@dataclass(frozen=True)
class Field:
    """How one value of a message is drawn, and what would be wrong in its place."""

    good: st.SearchStrategy[bytes]
    bad: st.SearchStrategy[bytes]


def _text(values: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    return values.map(lambda value: json.dumps(value, ensure_ascii=False).encode())


DECIMALS = Field(_text(DECIMAL), BAD_DECIMAL)
WHOLES = Field(_text(WHOLE), BAD_WHOLE)
TIMES = Field(_text(TIME), BAD_TIME)
BOOLS = Field(_text(st.booleans()), st.sampled_from([b"0", b'"true"', b"null"]))
SYMBOL = Field(
    _text(st.sampled_from([*SYMBOLS])),
    st.sampled_from([b'"XRPUSDT"', b'"BTCUSD"', b'"btcusdt"', b"7", b'""', b'"BTCUSDT\\u0000"']),
)
LEVEL = st.tuples(_text(DECIMAL), _text(DECIMAL), st.sampled_from([b"", b"", b"", b",[]"])).map(
    lambda t: b"[%b,%b%b]" % t
)
SIDE = Field(
    st.lists(LEVEL, max_size=5).map(lambda side: b"[" + b",".join(side) + b"]"),
    st.sampled_from(
        [b"{}", b'"x"', b'[["1"]]', b"[[]]", b'["1","2"]', b'[["1","2"],3]', b'[["1",2]]', b'[["1.0","-2"]]', b"null"]
    ),
)


def _name(text: str) -> Field:
    return Field(st.just(json.dumps(text).encode()), st.sampled_from([b'"24hrTicker"', b"3", b"null"]))


KLINE = {
    "t": TIMES,
    "T": TIMES,
    "o": DECIMALS,
    "c": DECIMALS,
    "h": DECIMALS,
    "l": DECIMALS,
    "v": DECIMALS,
    "n": WHOLES,
    "x": BOOLS,
    "q": DECIMALS,
}
SHAPES: dict[str, dict[str, Field]] = {
    "depth": {"e": _name("depthUpdate"), "E": TIMES, "s": SYMBOL, "U": WHOLES, "u": WHOLES, "b": SIDE, "a": SIDE},
    "futures depth": {
        "e": _name("depthUpdate"),
        "E": TIMES,
        "T": TIMES,
        "s": SYMBOL,
        "U": WHOLES,
        "u": WHOLES,
        "pu": WHOLES,
        "b": SIDE,
        "a": SIDE,
    },
    "trade": {
        "e": _name("trade"),
        "E": TIMES,
        "s": SYMBOL,
        "t": WHOLES,
        "p": DECIMALS,
        "q": DECIMALS,
        "T": TIMES,
        "m": BOOLS,
        "M": BOOLS,
    },
    "futures trade": {
        "e": _name("trade"),
        "E": TIMES,
        "T": TIMES,
        "s": SYMBOL,
        "t": WHOLES,
        "p": DECIMALS,
        "q": DECIMALS,
        "X": Field(_text(st.sampled_from(["MARKET", "MARKET", "NA", "INSURANCE_FUND"])), st.just(b"1")),
        "m": BOOLS,
    },
    "aggTrade": {
        "e": _name("aggTrade"),
        "E": TIMES,
        "s": SYMBOL,
        "a": WHOLES,
        "p": DECIMALS,
        "q": DECIMALS,
        "f": WHOLES,
        "l": WHOLES,
        "T": TIMES,
        "m": BOOLS,
        "M": BOOLS,
    },
    "bookTicker": {"u": WHOLES, "s": SYMBOL, "b": DECIMALS, "B": DECIMALS, "a": DECIMALS, "A": DECIMALS},
    "futures bookTicker": {
        "e": _name("bookTicker"),
        "u": WHOLES,
        "s": SYMBOL,
        "b": DECIMALS,
        "B": DECIMALS,
        "a": DECIMALS,
        "A": DECIMALS,
        "T": TIMES,
        "E": TIMES,
    },
    "snapshot": {"lastUpdateId": WHOLES, "bids": SIDE, "asks": SIDE},
    "futures snapshot": {"lastUpdateId": WHOLES, "E": TIMES, "T": TIMES, "bids": SIDE, "asks": SIDE},
    "kline": {
        "e": _name("kline"),
        "E": TIMES,
        "s": SYMBOL,
        "k": Field(st.just(b""), st.sampled_from([b"[]", b"null", b'"k"', b"{}"])),
    },
}


def _escaped(text: str) -> bytes:
    return b'"' + b"".join(b"\\u%04x" % unit for unit in memoryview(text.encode("utf-16-le")).cast("H")) + b'"'


@st.composite
def objects(draw: st.DrawFn, shape: dict[str, Field], plain: bool, faulty: str | None) -> bytes:
    """The text of one JSON object. faulty: the field that gets a bad value, or is left out."""
    members: list[tuple[str, bytes]] = []
    for key, field in shape.items():
        if key == faulty and draw(st.booleans()):
            continue
        value = draw(field.bad if key == faulty else field.good)
        members.append(
            (key, value or draw(objects(KLINE, plain, draw(st.sampled_from([None, *KLINE])) if faulty else None)))
        )
    if plain:
        return b"{" + b",".join(b'"%b":%b' % (key.encode(), value) for key, value in members) + b"}"
    members = draw(st.permutations(members))
    for key, _ in members[: draw(st.integers(0, 2))]:  # an earlier value of the same key does not count
        members.insert(0, (key, draw(_text(UNKNOWN))))
    for key in draw(st.lists(st.sampled_from(["z", "id", "result", "é", "lastUpdate", "bidsx", "EE"]), max_size=2)):
        members.insert(draw(st.integers(0, len(members))), (key, draw(_text(UNKNOWN))))
    space = [draw(SPACE).encode() for _ in range(4)]
    texts = []
    for key, value in members:
        name = _escaped(key) if draw(st.integers(0, 9)) == 0 else json.dumps(key, ensure_ascii=False).encode()
        texts.append(space[0] + name + space[1] + b":" + space[2] + value + space[3])
    return b"{" + b",".join(texts) + b"}"


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    shape = SHAPES[draw(st.sampled_from([*SHAPES]))]
    faulty = draw(st.sampled_from([None, None, None, *shape]))
    plain = draw(st.booleans())
    payload = draw(objects(shape, plain, faulty))
    stream = draw(st.sampled_from([b'"btcusdt@depth@100ms"', b'"a\\u0022b"', b'""', b'"' + b"x" * 40 + b'"']))
    wrapping = draw(st.sampled_from(["bare", "stream first", "data first"]))
    if wrapping == "stream first":
        payload = b'{"stream":%b,"data":%b}' % (stream, payload)
    elif wrapping == "data first":
        payload = b'{"data":%b,"stream":%b}' % (payload, stream)
    return payload if plain else draw(SPACE).encode() + payload + draw(SPACE).encode()


@pytest.fixture(scope="module")
def parsers(internals: tuple[Any, Any]) -> dict[str, Native]:
    return {form: Native(internals, SYMBOLS, form) for form in forms(internals)}


def check(parsers: dict[str, Native], message: bytes) -> Events | set[str] | None:
    """All forms give what the oracle gives: events, nothing, or a fault of that type, at one place."""
    expected: Events | set[str] | None
    try:
        expected = meaning(message, SYMBOLS, DEFAULT)
    except FaultError as fault:
        expected = fault.names
    outputs = set()
    for form, parser in parsers.items():
        status = parser.parse(message, DEFAULT.index)
        if isinstance(expected, Events):
            assert status == "B3_OK", (form, message, parser.error.position)
            assert (parser.parsed.kind, parser.parsed.instrument) == (expected.kind, expected.instrument)
            assert parser.rows() == expected.rows, (form, message)
            outputs.add(parser.bytes_out())
        elif expected is None:
            assert status == "B3_EMPTY", (form, message)
        else:
            assert status in expected, (form, message, expected)
            assert parser.error.position <= len(message)
            outputs.add((status, parser.error.position))
    assert len(outputs) <= 1
    return expected


@settings(max_examples=150, deadline=None)
@given(messages())
@example(b"[]")
@example(b"[1,2")
@example(b'  {"result":null,"id":7}  ')
@example(b'{"error":{"code":2,"msg":"x"}}')
@example(b'{"stream":"!miniTicker@arr","data":[{"e":"24hrMiniTicker"}]}')
@example(b'{"u":1,"s":"BTCUSDT"}')
@example(b'{"e":"trade","s":"\\u0042TCUSDT","t":5,"p":"1.\\u0035","q":"2","T":9,"m":false}')
@example(b'{"u":1,"u":2,"s":"XRPUSDT","s":"BTCUSDT","b":"1","B":"1","a":"1","A":"1"}')
def test_any_dress_reads_as_json_and_decimal_do(parsers: dict[str, Native], message: bytes) -> None:
    check(parsers, message)


REAL = {
    "depth": b'{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1723161254408,"s":"BTCUSDT",'
    b'"U":50093239208,"u":50093239224,"b":[["61837.63000000","3.78826000"],["61820.99000000","0.00000000"],'
    b'["61771.97000000","0.00100000"]],"a":[["61837.64000000","1.60520000"],["61838.04000000",'
    b'"12.00000000"]]}}',
    "futures depth": b'{"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":1723161256299,"T":1723161256298,'
    b'"s":"BTCUSDT","U":5123107832006,"u":5123107837557,"pu":5123107831937,"b":[["58710.20","0.014"],'
    b'["61496.50","0.010"]],"a":[]}}',
    "bookTicker": b'{"stream":"btcusdt@bookTicker","data":{"u":50093239212,"s":"BTCUSDT","b":"61837.63000000",'
    b'"B":"3.78826000","a":"61837.64000000","A":"1.54698000"}}',
    "futures bookTicker": b'{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":5123107839020,'
    b'"s":"BTCUSDT","b":"61800.20",'
    b'"B":"2.507","a":"61800.30","A":"2.510","T":1723161256313,"E":1723161256313}}',
    "trade": b'{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,'
    b'"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}}',
    "futures trade": b'{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161256322,"T":1723161256322,"s":"BTCUSDT",'
    b'"t":5266583935,"p":"61800.30","q":"0.006","X":"MARKET","m":false}}',
    "snapshot": b'{"lastUpdateId":50093239218,"bids":[["61837.63000000","3.78826000"],["61837.62000000","0.00010000"]],'
    b'"asks":[["61837.64000000","1.54698000"],["61838.00000000","0.50000000"],["61838.01000000",'
    b'"0.50000000"]]}',
    # In the venue's form, with numbers of ours: the recordings that may be copied have none.
    "aggTrade": b'{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1723161255343,"s":"BTCUSDT","a":3123456789,'
    b'"p":"61837.63000000","q":"0.02000000","f":3735683259,"l":3735683260,"T":1723161255342,"m":false,'
    b'"M":true}}',
    "futures aggTrade": b'{"e":"aggTrade","E":1723161255343,"a":3123456789,"s":"BTCUSDT","p":"61837.63","q":"0.020",'
    b'"f":3735683259,"l":3735683260,"T":1723161255342,"m":true}',
    "kline": b'{"stream":"btcusdt@kline_1m","data":{"e":"kline","E":1723161255343,"s":"BTCUSDT","k":{"t":1723161240000,'
    b'"T":1723161299999,"s":"BTCUSDT","i":"1m","f":3735683000,"L":3735683260,"o":"61830.00000000",'
    b'"c":"61837.63000000","h":"61838.00000000","l":"61829.99000000","v":"12.50000000","n":260,"x":false,'
    b'"q":"772900.12500000","V":"1.0","Q":"2.0","B":"0"}}}',
}


@pytest.mark.parametrize("kind", REAL)
def test_real_forms_are_read(parsers: dict[str, Native], kind: str) -> None:
    assert isinstance(check(parsers, REAL[kind]), Events)


@pytest.mark.parametrize("kind", REAL)
def test_any_byte_changed_reads_as_json_and_decimal_do(parsers: dict[str, Native], kind: str) -> None:
    for at in range(len(REAL[kind])):
        for byte in b'"0:,}]\\x. -\x07\xff':
            changed = bytearray(REAL[kind])
            changed[at] = byte
            check(parsers, bytes(changed))


@pytest.mark.parametrize("kind", REAL)
def test_any_byte_inserted_or_left_out_reads_as_json_and_decimal_do(parsers: dict[str, Native], kind: str) -> None:
    real = REAL[kind]
    for at in range(len(real)):
        check(parsers, real[:at] + real[at + 1 :])
        for byte in (b'"', b"0", b"9", b" ", b",", b"]", b"}"):
            check(parsers, real[:at] + byte + real[at:])


@pytest.mark.parametrize("kind", REAL)
def test_truncated_anywhere_is_told_and_nothing_beyond_the_padding_is_read(
    parsers: dict[str, Native], kind: str
) -> None:
    real = REAL[kind]
    for form, parser in parsers.items():
        assert parser.parse(real, DEFAULT.index) == "B3_OK"  # so that speculation knows the numbers' form
        for length in range(len(real)):
            for follow in ((real[length:] + bytes(64))[:64], b"0" * 64, b'"' * 64, b"]" * 64):
                status = parser.parse_guarded(real, length, follow, DEFAULT.index)
                assert status == "B3_ERR_TRUNCATED", (form, length)
                assert parser.error.position == length
        assert parser.parse_guarded(real, len(real), b"}" * 64, DEFAULT.index) == "B3_OK"


def test_levels_beyond_the_room_are_a_fault_and_never_written(parsers: dict[str, Native]) -> None:
    for parser in parsers.values():
        for kind, levels in (("depth", 5), ("futures depth", 2), ("snapshot", 5)):
            real = REAL[kind]
            for room in range(levels + 2):
                status = parser.parse_guarded(real, len(real), bytes(64), DEFAULT.index, room * 80)
                assert status == ("B3_OK" if room >= levels else "B3_ERR_CAPACITY")
        assert parser.parse_guarded(REAL["trade"], len(REAL["trade"]), bytes(64), 0, 72) == "B3_ERR_CAPACITY"
        assert parser.parse_guarded(REAL["kline"], len(REAL["kline"]), bytes(64), 0, 80) == "B3_ERR_CAPACITY"


@st.composite
def depths_of_one_symbol(draw: st.DrawFn) -> list[bytes]:
    """Depth messages in the venue's form whose levels mostly, but not always, have numbers of the same length."""
    usual = (draw(st.integers(1, 8)), draw(st.integers(1, 6)))
    fractions = draw(st.sampled_from([(8, 8), (2, 5), (1, 3), (0, 0), (8, 0)]))
    out = []
    for number in range(1, draw(st.integers(2, 12))):
        sides = []
        for _ in range(2):
            levels = []
            for _ in range(draw(st.integers(0, 9))):
                wholes = usual if draw(st.integers(0, 4)) else (draw(st.integers(1, 9)), draw(st.integers(1, 9)))
                texts = []
                for whole, fraction in zip(wholes, fractions, strict=True):
                    digits = str(draw(st.integers(10 ** (whole - 1), 10**whole - 1)))
                    texts.append(
                        digits + ("." + f"{draw(st.integers(0, 10**fraction - 1)):0{fraction}}" if fraction else "")
                    )
                levels.append(f'["{texts[0]}","{texts[1]}"]')
            sides.append(",".join(levels))
        ids = f'"U":{number * 10},"u":{number * 10 + 5}'
        head = f'{{"e":"depthUpdate","E":1723161254408,"s":"BTCUSDT",{ids}'
        out.append(f'{head},"b":[{sides[0]}],"a":[{sides[1]}]}}'.encode())
    return out


@settings(max_examples=150, deadline=None)
@given(depths_of_one_symbol(), st.integers(0, 2**32))
def test_levels_of_changing_form_read_as_json_and_decimal_do(
    internals: tuple[Any, Any], messages: list[bytes], seed: int
) -> None:
    parsers = {form: Native(internals, SYMBOLS, form, 1 << 14) for form in forms(internals)}
    for i, message in enumerate(messages):
        check(parsers, message)
        at = seed % len(message)
        check(parsers, message[:at] + b"7" + message[at + 1 :])
        cut = (seed >> 8) % len(message)
        for parser in parsers.values():
            follow = (message[cut:] + messages[i - 1] + bytes(64))[:64]
            assert parser.parse_guarded(message, cut, follow) == "B3_ERR_TRUNCATED"
