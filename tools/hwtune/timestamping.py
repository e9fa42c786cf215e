"""Timestamps: whether they really arrive on a socket, how far a NIC's clock is off, what the time daemon says."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import socket
import struct
import time
from dataclasses import dataclass, field

from hwtune.errors import AccessError, Problem
from hwtune.host import access_error
from hwtune.nic import Nic, read_hwstamp, read_live, write_hwstamp

# linux/net_tstamp.h
TX_HARDWARE, TX_SOFTWARE, RX_HARDWARE, RX_SOFTWARE = 1 << 0, 1 << 1, 1 << 2, 1 << 3
SOFTWARE, RAW_HARDWARE, OPT_ID, TX_SCHED, OPT_TSONLY = 1 << 4, 1 << 6, 1 << 7, 1 << 8, 1 << 11
SO_TIMESTAMPING, SCM_TIMESTAMPING = 37, 37
IP_RECVERR, SOL_IP = 11, 0
SND, SCHED = 0, 1
EE_ORIGIN_TIMESTAMPING = 4

PTP_SYS_OFFSET_EXTENDED, PTP_SYS_OFFSET = 0xC4C03D09, 0x43403D05
SAMPLES = 9
ANSWER_S = 0.1


@dataclass
class StampTest:
    """What arrived for `sent` packets: counts by kind, and of packets whose stamps are all there and in order."""

    interface: str
    sent: int = 0
    arrived: dict[str, int] = field(default_factory=dict)
    ordered: int = 0
    fault: str = ""
    hwstamp: str = ""


@dataclass(frozen=True)
class PhcOffset:
    """PHC minus system clock in ns, read within `window_ns` (the reading's own uncertainty)."""

    offset_ns: int
    window_ns: int


@dataclass(frozen=True)
class Tracking:
    """chrony's own view: stratum 0 means no source; offset of the system clock from true time in seconds."""

    stratum: int
    offset_s: float


def _socket(flags: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, flags)
    except OSError as error:
        sock.close()
        raise access_error(error, "SO_TIMESTAMPING") from error
    return sock


def _times(ancillary: list[tuple[int, int, bytes]]) -> tuple[int, int]:
    """(software, hardware) stamp in ns of a message's control data; 0 where there is none."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == SCM_TIMESTAMPING and len(data) >= 48:
            parts = struct.unpack("6q", data[:48])
            return parts[0] * 10**9 + parts[1], parts[4] * 10**9 + parts[5]
    return 0, 0


def _errqueue(sock: socket.socket, stamps: dict[int, dict[str, int]]) -> None:
    """Takes what the error queue holds: transmit stamps by packet number and kind."""
    while True:
        try:
            _, ancillary, _, _ = sock.recvmsg(256, 512, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        software, hardware = _times(ancillary)
        for level, kind, data in ancillary:
            if level == SOL_IP and kind == IP_RECVERR and len(data) >= 16:
                _, origin, _, _, _, info, number = struct.unpack("IBBBBII", data[:16])
                if origin == EE_ORIGIN_TIMESTAMPING:
                    name = {SND: "tx", SCHED: "sched"}.get(info, "ack")
                    stamps.setdefault(number, {})[f"{name}-hardware" if hardware else name] = hardware or software


def _await_rx_stamps(sock: socket.socket) -> None:
    """Sends to `sock` until a receive stamp arrives, for a second at most.

    The first socket that asks makes the kernel switch receive stamping on from a worker: not at once on a busy host.
    """
    deadline = time.monotonic() + 1.0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        while time.monotonic() < deadline:
            sender.sendto(b"hwtune", sock.getsockname())
            with contextlib.suppress(TimeoutError):
                _, ancillary, _, _ = sock.recvmsg(64, 512)
                if _times(ancillary)[0]:
                    return
            time.sleep(0.005)


def selftest_loopback(count: int = 20) -> StampTest:
    """Sends `count` datagrams over lo and checks send <= sched <= tx <= rx <= receive. Raises AccessError."""
    result = StampTest("lo")
    flags = TX_SOFTWARE | RX_SOFTWARE | SOFTWARE | OPT_ID | TX_SCHED | OPT_TSONLY
    with _socket(flags) as out, _socket(RX_SOFTWARE | SOFTWARE) as back:
        back.bind(("127.0.0.1", 0))
        back.settimeout(1.0)
        _await_rx_stamps(back)
        stamps: dict[int, dict[str, int]] = {}
        rows: list[tuple[int, int, int]] = []
        for _ in range(count):
            sent = time.time_ns()
            out.sendto(b"hwtune", back.getsockname())
            try:
                _, ancillary, _, _ = back.recvmsg(64, 512)
            except TimeoutError:
                result.fault = "a datagram over lo did not arrive"
                break
            rows.append((sent, _times(ancillary)[0], time.time_ns()))
            _errqueue(out, stamps)
        result.sent = count
        for number, (sent, rx, received) in enumerate(rows):
            mine = stamps.get(number, {})
            chain = [sent, mine.get("sched", 0), mine.get("tx", 0), rx, received]
            for name, value in (("sched", chain[1]), ("tx", chain[2]), ("rx", rx)):
                result.arrived[name] = result.arrived.get(name, 0) + bool(value)
            if all(chain) and chain == sorted(chain):
                result.ordered += 1
            elif not result.fault:
                result.fault = "missing or out of order: send, sched, tx, rx, receive = " + ", ".join(
                    str(value - sent) if value else "none" for value in chain
                )
    return result


def selftest_nic(name: str, peer: str, count: int = 20, enable: bool = False) -> StampTest:
    """Sends `count` datagrams out of interface `name` to `peer` (address) and counts the stamps that come back.

    With `enable` hardware stamping is switched on for the test and put back after it. Receive stamps need a peer that
    answers (`hwtune-probe echo`). Raises AccessError if the interface cannot be used.
    """
    result = StampTest(name)
    before: tuple[int, int] | None = None
    if enable:
        try:
            before = read_hwstamp(name)
            result.hwstamp = f"set to tx_type, rx_filter = {write_hwstamp(name, 1, 1)}"
        except AccessError as error:
            result.hwstamp = f"the NIC refuses hardware stamps: {error.problem.value}"
    flags = (
        TX_SOFTWARE | RX_SOFTWARE | SOFTWARE | OPT_ID | TX_SCHED | OPT_TSONLY | TX_HARDWARE | RX_HARDWARE | RAW_HARDWARE
    )
    try:
        with _socket(flags) as sock:
            try:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name.encode())
            except OSError as error:
                raise access_error(error, name) from error
            host, _, port = peer.partition(":")
            stamps: dict[int, dict[str, int]] = {}
            for _ in range(count):
                try:
                    sock.sendto(b"hwtune", (host, int(port or "9")))
                except OSError as error:
                    raise access_error(error, f"{name} to {peer}") from error
                result.sent += 1
                # a waiting stamp makes the socket readable too: only the clock says that no answer will come
                deadline = time.monotonic() + ANSWER_S
                while time.monotonic() < deadline:
                    select.select([sock], [], [], ANSWER_S / 10)
                    _errqueue(sock, stamps)
                    with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
                        _, ancillary, _, _ = sock.recvmsg(256, 512, socket.MSG_DONTWAIT)
                        for kind, value in zip(("rx", "rx-hardware"), _times(ancillary), strict=True):
                            if value:
                                result.arrived[kind] = result.arrived.get(kind, 0) + 1
                        break
            time.sleep(0.02)
            _errqueue(sock, stamps)
            for kinds in stamps.values():
                for kind in kinds:
                    result.arrived[kind] = result.arrived.get(kind, 0) + 1
    finally:
        if before is not None:
            write_hwstamp(name, *before)
    return result


def phc_offset_ns(device: str) -> PhcOffset:
    """Offset of a PTP hardware clock, from the sample with the shortest window. Raises AccessError."""
    try:
        fd = os.open(device, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise access_error(error, device) from error
    try:
        buffer = bytearray(struct.pack("4I", SAMPLES, 0, 0, 0) + bytes(25 * 3 * 16))
        try:
            fcntl.ioctl(fd, PTP_SYS_OFFSET_EXTENDED, buffer)
            stamps = _ptp_times(buffer, 3 * SAMPLES)
            triples = [tuple(stamps[3 * i : 3 * i + 3]) for i in range(SAMPLES)]
        except OSError:
            buffer = bytearray(struct.pack("4I", SAMPLES, 0, 0, 0) + bytes(51 * 16))
            fcntl.ioctl(fd, PTP_SYS_OFFSET, buffer)
            stamps = _ptp_times(buffer, 2 * SAMPLES + 1)
            triples = [tuple(stamps[2 * i : 2 * i + 3]) for i in range(SAMPLES)]
    except OSError as error:
        raise access_error(error, device) from error
    finally:
        os.close(fd)
    before, phc, after = min(triples, key=lambda t: t[2] - t[0])
    return PhcOffset(phc - (before + after) // 2, after - before)


def _ptp_times(buffer: bytearray, count: int) -> list[int]:
    return [s * 10**9 + ns for s, ns, _ in struct.iter_unpack("qII", buffer[16 : 16 + 16 * count])]


def _chrony_float(raw: int) -> float:
    """chrony's own float: 7 bits of exponent, 25 of coefficient, both two's complement."""
    exponent, coefficient = raw >> 25, raw & 0x1FFFFFF
    exponent -= (exponent & 0x40) << 1
    coefficient -= (coefficient & 0x1000000) << 1
    return float(coefficient * 2.0 ** (exponent - 25))


def chrony_tracking(address: tuple[str, int] = ("127.0.0.1", 323), timeout_s: float = 0.3) -> Tracking:
    """Asks chronyd's command port (protocol 6). Raises AccessError if there is no answer we understand."""
    where = f"{address[0]}:{address[1]}"
    request = struct.pack("!BBBBHHIII", 6, 1, 0, 0, 33, 0, 0x68777475, 0, 0).ljust(104, b"\0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.settimeout(timeout_s)
        try:
            sock.connect(address)
            sock.send(request)
            reply = sock.recv(512)
        except TimeoutError as error:
            raise AccessError(Problem.ABSENT, where, "no answer") from error
        except OSError as error:
            problem = Problem.ABSENT if isinstance(error, ConnectionRefusedError) else Problem.FAILED
            raise AccessError(problem, where, str(error)) from error
    if len(reply) < 76 or reply[0] != 6 or struct.unpack("!HH", reply[6:10]) != (5, 0):
        raise AccessError(Problem.UNSUPPORTED, where, "not an answer of chrony's protocol 6")
    stratum = struct.unpack("!H", reply[52:54])[0]
    (offset,) = struct.unpack("!I", reply[68:72])
    return Tracking(stratum, _chrony_float(offset))


def advice(nic: Nic) -> list[str]:
    """What to configure on this NIC to get hardware timestamps, in words."""
    if "hardware-receive" not in nic.stamps:
        return [f"{nic.name} stamps in software only: use kernel stamps, or another NIC"]
    out = []
    if nic.settings.get("hwstamp-rx") != 1 or nic.settings.get("hwstamp-tx") != 1:
        # Some NICs stamp PTP packets only; then a feed gets no hardware stamp whatever is configured.
        wanted = (
            "all packets" if "all" in nic.rx_filters else f"only {', '.join(nic.rx_filters[1:4])} (not every packet)"
        )
        out.append(f"switch stamping on: it covers {wanted}; `bot3 tune apply --only time.hwstamp_on`")
    if nic.phc_index is not None:
        out.append(
            f"discipline the system clock from ptp{nic.phc_index} or the other way round: phc2sys, and ptp4l "
            f"where the network has a grandmaster"
        )
    return out or [f"{nic.name} stamps every packet in hardware"]


def capabilities(names: list[str]) -> list[Nic]:
    """The timestamping capabilities of the named interfaces, asked from their drivers."""
    return [read_live(name) for name in names]
