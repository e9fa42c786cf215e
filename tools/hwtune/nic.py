"""What a NIC is set to, from three sources: ioctl on the running host, our own dumps, and the text of ethtool."""

from __future__ import annotations

import ctypes
import fcntl
import re
import socket
import struct
from dataclasses import dataclass, field
from typing import Any

from hwtune import netlink
from hwtune.errors import AccessError, ParseError, Problem
from hwtune.host import access_error
from hwtune.netlink import TsInfo

SIOCETHTOOL = 0x8946
SIOCSHWTSTAMP = 0x89B0
SIOCGHWTSTAMP = 0x89B1

# linux/net_tstamp.h, in bit order.
STAMP_BITS = (
    "hardware-transmit",
    "software-transmit",
    "hardware-receive",
    "software-receive",
    "software-system-clock",
    "hardware-legacy-clock",
    "hardware-raw-clock",
)
RX_FILTERS = (
    "none",
    "all",
    "some",
    "ptpv1-l4-event",
    "ptpv1-l4-sync",
    "ptpv1-l4-delay-req",
    "ptpv2-l4-event",
    "ptpv2-l4-sync",
    "ptpv2-l4-delay-req",
    "ptpv2-l2-event",
    "ptpv2-l2-sync",
    "ptpv2-l2-delay-req",
    "ptpv2-event",
    "ptpv2-sync",
    "ptpv2-delay-req",
    "ntp-all",
)
TX_TYPES = ("off", "on", "onestep-sync", "onestep-p2p")


@dataclass
class Nic:
    """Settings by ethtool's own names (`rx-usecs`, `lro`). What the driver does not offer is in `refused`."""

    name: str
    driver: dict[str, str] = field(default_factory=dict)
    settings: dict[str, int] = field(default_factory=dict)
    stamps: tuple[str, ...] = ()
    tx_types: tuple[str, ...] = ()
    rx_filters: tuple[str, ...] = ()
    phc_index: int | None = None
    refused: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """What from_json takes back."""
        return vars(self)

    @classmethod
    def from_json(cls, raw: Any, where: str) -> Nic:
        """The inverse of as_json. Raises ParseError."""
        try:
            return cls(
                str(raw["name"]),
                {str(k): str(v) for k, v in raw["driver"].items()},
                {str(k): int(v) for k, v in raw["settings"].items()},
                tuple(map(str, raw["stamps"])),
                tuple(map(str, raw["tx_types"])),
                tuple(map(str, raw["rx_filters"])),
                None if raw["phc_index"] is None else int(raw["phc_index"]),
                {str(k): str(v) for k, v in raw["refused"].items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ParseError(f"is no NIC record ({error!r})", where) from error


@dataclass(frozen=True)
class _Command:
    """An ethtool ioctl: get and set command, number of u32 after the command word, and the fields we use."""

    get: int
    set: int
    words: int
    fields: dict[str, int]


COMMANDS = {
    "coalesce": _Command(
        0x0E,
        0x0F,
        22,
        {"rx-usecs": 0, "rx-frames": 1, "tx-usecs": 4, "tx-frames": 5, "adaptive-rx": 9, "adaptive-tx": 10},
    ),
    "ring": _Command(0x10, 0x11, 8, {"ring-rx-max": 0, "ring-rx": 4, "ring-tx": 7}),
    "pause": _Command(0x12, 0x13, 3, {"pause-autoneg": 0, "pause-rx": 1, "pause-tx": 2}),
    "channels": _Command(
        0x3C,
        0x3D,
        8,
        {"channels-rx-max": 0, "channels-combined-max": 3, "channels-rx": 4, "channels-tx": 5, "channels-combined": 7},
    ),
    "eee": _Command(0x44, 0x45, 9, {"eee-active": 3, "eee": 4}),
    "gro": _Command(0x2B, 0x2C, 1, {"gro": 0}),
    "tso": _Command(0x1E, 0x1F, 1, {"tso": 0}),
    "gso": _Command(0x23, 0x24, 1, {"gso": 0}),
    "flags": _Command(0x25, 0x26, 1, {}),
}
FLAG_BITS = {"lro": 1 << 15, "ntuple": 1 << 27, "rxhash": 1 << 28}


def _ioctl(name: str, request: int, data: bytearray, what: str) -> None:
    """One ioctl on an interface; `data` is read and filled in place. Raises AccessError."""
    buffer = (struct.pack("16s", name.encode()[:15]), data)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        area = (ctypes.c_char * len(data)).from_buffer(data)
        ifreq = bytearray(buffer[0] + struct.pack("P", ctypes.addressof(area)) + bytes(16))
        try:
            fcntl.ioctl(sock.fileno(), request, ifreq)
        except OSError as error:
            raise access_error(error, f"{name} {what}") from error
        finally:
            del area


def _get_words(name: str, group: str) -> list[int]:
    command = COMMANDS[group]
    data = bytearray(struct.pack("I", command.get) + bytes(4 * command.words))
    _ioctl(name, SIOCETHTOOL, data, group)
    return list(struct.unpack(f"{command.words}I", data[4:]))


def read_setting(name: str, key: str) -> int:
    """One setting by ethtool name. Raises AccessError; unsupported is not an error of ours but the driver's answer."""
    if key in FLAG_BITS:
        return int(bool(_get_words(name, "flags")[0] & FLAG_BITS[key]))
    group = next(g for g, c in COMMANDS.items() if key in c.fields)
    return _get_words(name, group)[COMMANDS[group].fields[key]]


def write_setting(name: str, key: str, value: int) -> None:
    """Sets one setting and leaves the others of its group as they are. Raises AccessError."""
    group = "flags" if key in FLAG_BITS else next(g for g, c in COMMANDS.items() if key in c.fields)
    words = _get_words(name, group)
    if key in FLAG_BITS:
        words[0] = words[0] | FLAG_BITS[key] if value else words[0] & ~FLAG_BITS[key]
    else:
        words[COMMANDS[group].fields[key]] = value
    data = bytearray(struct.pack(f"{1 + len(words)}I", COMMANDS[group].set, *words))
    _ioctl(name, SIOCETHTOOL, data, key)


def read_hwstamp(name: str) -> tuple[int, int]:
    """(tx_type, rx_filter) now in force. Raises AccessError."""
    data = bytearray(12)
    _ioctl(name, SIOCGHWTSTAMP, data, "hwtstamp")
    _, tx_type, rx_filter = struct.unpack("3i", data)
    return tx_type, rx_filter


def write_hwstamp(name: str, tx_type: int, rx_filter: int) -> tuple[int, int]:
    """Sets both; the driver may give a wider filter, which is returned. Raises AccessError."""
    data = bytearray(struct.pack("3i", 0, tx_type, rx_filter))
    _ioctl(name, SIOCSHWTSTAMP, data, "hwtstamp")
    _, tx_type, rx_filter = struct.unpack("3i", data)
    return tx_type, rx_filter


def _bits(value: int, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(n for i, n in enumerate(names) if value >> i & 1)


def timestamping_by_ioctl(name: str) -> TsInfo:
    """What interface `name` can stamp, by the older way. Raises AccessError."""
    data = bytearray(struct.pack("I", 0x41) + bytes(40))
    _ioctl(name, SIOCETHTOOL, data, "timestamping")
    _, stamps, phc, tx, _, _, _, rx, *_ = struct.unpack("IIiIIIIIIII", data)
    return TsInfo(stamps, tx, rx, phc if phc >= 0 else None)


def _timestamping(name: str) -> TsInfo:
    try:
        return netlink.timestamping(name)
    except AccessError:
        # kernels before 5.7 have no ethtool netlink: its refusal is no answer, the ioctl's is
        return timestamping_by_ioctl(name)


def read_live(name: str) -> Nic:
    """Asks the driver everything; what it refuses is kept in `refused` with its reason. Never raises for a refusal."""
    nic = Nic(name)
    for group, command in [*COMMANDS.items()]:
        try:
            words = _get_words(name, group)
        except AccessError as error:
            nic.refused[group] = error.problem.value
            continue
        nic.settings |= {key: words[at] for key, at in command.fields.items()}
        if group == "flags":
            nic.settings |= {key: int(bool(words[0] & bit)) for key, bit in FLAG_BITS.items()}
    try:
        info = _timestamping(name)
        nic.stamps = _bits(info.stamps, STAMP_BITS)
        nic.tx_types, nic.rx_filters = _bits(info.tx_types, TX_TYPES), _bits(info.rx_filters, RX_FILTERS)
        nic.phc_index = info.phc_index
    except AccessError as error:
        nic.refused["timestamping"] = error.problem.value
    # The number of flow rules: who cannot count them cannot steer, whatever the feature flag says.
    try:
        _ioctl(name, SIOCETHTOOL, bytearray(struct.pack("I", 0x2E) + bytes(188)), "flow rules")
    except AccessError as error:
        nic.refused["ntuple"] = error.problem.value
    data = bytearray(struct.pack("I", 0x03) + bytes(192))
    try:
        _ioctl(name, SIOCETHTOOL, data, "driver")
        text = [data[4 + 32 * i : 36 + 32 * i].split(b"\0")[0].decode("utf-8", "replace") for i in range(4)]
        nic.driver = dict(zip(("driver", "version", "firmware-version", "bus-info"), text, strict=True))
    except AccessError as error:
        nic.refused["driver"] = error.problem.value
    try:
        nic.settings["hwstamp-tx"], nic.settings["hwstamp-rx"] = read_hwstamp(name)
    except AccessError as error:
        nic.refused["hwstamp"] = error.problem.value
    return nic


_SECTION = re.compile(r"^## ethtool -(\w+) (\S+)\s*$", re.MULTILINE)
_FEATURES = {
    "generic-receive-offload": "gro",
    "large-receive-offload": "lro",
    "tcp-segmentation-offload": "tso",
    "generic-segmentation-offload": "gso",
    "ntuple-filters": "ntuple",
    "receive-hashing": "rxhash",
}


def _number(text: str) -> int | None:
    text = text.split()[0] if text.split() else ""
    if text in ("on", "off"):
        return int(text == "on")
    return int(text) if re.fullmatch(r"\d{1,10}", text) else None


def _take(nic: Nic, key: str, text: str) -> None:
    value = _number(text)
    if value is not None:
        nic.settings[key] = value


def parse_ethtool(text: str) -> dict[str, Nic]:
    """NICs of a file of ethtool outputs, each below `## ethtool -X NAME`. Lines of unknown form are skipped."""
    nics: dict[str, Nic] = {}
    heads = list(_SECTION.finditer(text))
    for i, head in enumerate(heads):
        option, name = head.group(1), head.group(2)
        nic = nics.setdefault(name, Nic(name))
        body = text[head.end() : heads[i + 1].start() if i + 1 < len(heads) else len(text)]
        if "not supported" in body:
            nic.refused[{"l": "channels", "n": "ntuple", "x": "rss"}.get(option, option)] = Problem.UNSUPPORTED.value
        _parse_section(nic, option, body)
    return nics


def _parse_section(nic: Nic, option: str, body: str) -> None:
    part = ""
    for line in body.splitlines():
        key, colon, value = line.partition(":")
        word = key.strip()
        stamped = re.fullmatch(r"(tx_type|rx_filter)\s+(\d{1,3})", line.strip())
        if stamped:
            nic.settings["hwstamp-tx" if stamped.group(1) == "tx_type" else "hwstamp-rx"] = int(stamped.group(2))
        elif colon and not line.startswith("\t"):
            part = word
        if option == "T" and not colon:
            if part == "Capabilities" and word in STAMP_BITS:
                nic.stamps += (word,)
            elif part.startswith("Hardware Transmit") and word in TX_TYPES:
                nic.tx_types += (word,)
            elif part.startswith("Hardware Receive") and word in RX_FILTERS:
                nic.rx_filters += (word,)
        elif option == "T" and word in ("PTP Hardware Clock", "Hardware timestamp provider index"):
            nic.phc_index = _number(value)
        elif option == "c" and word == "Adaptive RX":
            _take(nic, "adaptive-rx", value)
        elif option == "c" and word in ("rx-usecs", "rx-frames", "tx-usecs", "tx-frames"):
            _take(nic, word, value)
        elif option == "g" and word in ("RX", "TX"):
            kind = word.lower()
            _take(nic, f"ring-{kind}-max" if f"ring-{kind}-max" not in nic.settings else f"ring-{kind}", value)
        elif option == "l" and word in ("RX", "TX", "Combined"):
            stem = f"channels-{word.lower()}"
            _take(nic, f"{stem}-max" if f"{stem}-max" not in nic.settings else stem, value)
        elif option == "k" and word in _FEATURES:
            _take(nic, _FEATURES[word], value)
            if "[fixed]" in value:
                nic.refused[_FEATURES[word]] = "fixed"
        elif option == "i" and word in ("driver", "version", "firmware-version", "bus-info"):
            nic.driver[word] = value.strip()
        elif option == "a" and word in ("RX", "TX"):
            _take(nic, f"pause-{word.lower()}", value)
