"""Timestamping capabilities by ethtool's netlink, which knows more than the ioctl on NICs with several clocks.

Only the one question that hwtune asks; attributes are (u16 length, u16 type, payload padded to 4).
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from hwtune.errors import AccessError, Problem
from hwtune.host import access_error

NETLINK_GENERIC, GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 16, 16, 3
CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 1, 2
NLM_F_REQUEST, NLMSG_ERROR = 1, 2
TSINFO_GET = 25
HEADER, HEADER_DEV_NAME, HEADER_FLAGS, COMPACT_BITSETS = 1, 2, 3, 1
TIMESTAMPING, TX_TYPES, RX_FILTERS, PHC_INDEX = 2, 3, 4, 5
BITSET_VALUE = 4
NESTED = 0x8000


@dataclass(frozen=True)
class TsInfo:
    """Capabilities as bit masks (the order of linux/net_tstamp.h) and the number of the PTP clock, if any."""

    stamps: int
    tx_types: int
    rx_filters: int
    phc_index: int | None


def _attribute(kind: int, payload: bytes) -> bytes:
    return struct.pack("HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 4:
        length, kind = struct.unpack("HH", data[:4])
        if length < 4 or length > len(data):
            return
        yield kind & 0x3FFF, data[4:length]
        data = data[length + (-length % 4) :]


def _ask(sock: socket.socket, family: int, command: int, payload: bytes, where: str) -> dict[int, bytes]:
    """One request and its answer's attributes. Raises AccessError with the kernel's reason."""
    body = struct.pack("BBH", command, 1, 0) + payload
    sock.send(struct.pack("IHHII", 16 + len(body), family, NLM_F_REQUEST, 1, 0) + body)
    reply = sock.recv(65536)
    length, kind = struct.unpack("IH", reply[:6])
    if kind == NLMSG_ERROR:
        (code,) = struct.unpack("i", reply[16:20])
        raise access_error(OSError(-code, os.strerror(-code)), where)
    return dict(_attributes(reply[20:length]))


def _mask(bitset: bytes) -> int:
    """The value of a compact bitset, little-endian words."""
    return int.from_bytes(dict(_attributes(bitset)).get(BITSET_VALUE, b""), "little")


def timestamping(name: str) -> TsInfo:
    """What interface `name` can stamp. Raises AccessError."""
    where = f"{name} timestamping by netlink"
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_GENERIC) as sock:
            sock.settimeout(1.0)
            named = _attribute(CTRL_ATTR_FAMILY_NAME, b"ethtool\0")
            family = _ask(sock, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, named, "netlink family ethtool")
            (number,) = struct.unpack("H", family[CTRL_ATTR_FAMILY_ID][:2])
            header = _attribute(HEADER_DEV_NAME, name.encode() + b"\0")
            header += _attribute(HEADER_FLAGS, struct.pack("I", COMPACT_BITSETS))
            found = _ask(sock, number, TSINFO_GET, _attribute(HEADER | NESTED, header), where)
    except OSError as error:
        raise access_error(error, where) from error
    except (KeyError, struct.error) as error:
        raise AccessError(Problem.UNSUPPORTED, where, f"an answer without {error}") from error
    phc = struct.unpack("I", found[PHC_INDEX][:4])[0] if PHC_INDEX in found else None
    stamps, tx_types, rx_filters = (_mask(found.get(kind, b"")) for kind in (TIMESTAMPING, TX_TYPES, RX_FILTERS))
    return TsInfo(stamps, tx_types, rx_filters, phc)
