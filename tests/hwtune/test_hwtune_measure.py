"""Measurements against other programs in interleaved rounds, causes from counters, stamps, the report."""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hwtune_dumps import REPOSITORY, facts_of, run

from hwtune import checks, measure, netlink, report, timestamping
from hwtune.counters import CpuTime, parse_table
from hwtune.errors import AccessError, ParseError, ProbeError, Problem
from hwtune.facts import Facts
from hwtune.host import LiveHost
from hwtune.measure import Measurement, Wanted
from hwtune.nic import timestamping_by_ioctl
from hwtune.roles import Roles

SOURCES = sorted((REPOSITORY / "tools/hwtune/probe").glob("*.c"))
STRICT = ("-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-pthread")
ONLINE = sorted(os.sched_getaffinity(0))


@pytest.fixture(scope="session", autouse=True)
def probe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The probe that is installed, else one built here with all warnings as errors."""
    try:
        yield measure.probe_path()
    except ProbeError:
        if shutil.which("cc") is None:
            pytest.skip("neither an installed hwtune-probe nor a C compiler")
        path = str(tmp_path_factory.mktemp("probe") / "hwtune-probe")
        subprocess.run(["cc", *STRICT, "-o", path, *map(str, SOURCES)], check=True)
        os.environ["HWTUNE_PROBE"] = path
        yield path
        del os.environ["HWTUNE_PROBE"]


def live(**roles: object) -> Facts:
    return Facts(LiveHost(), Roles.model_validate(roles), seconds=0.2)


def test_the_probe_compiles_without_a_warning() -> None:
    if shutil.which("cc") is None:
        pytest.skip("no C compiler")
    subprocess.run(["cc", *STRICT, "-fsyntax-only", *map(str, SOURCES)], check=True)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("gap",),
        ("gap", "--cpus", "x"),
        ("gap", "--cpus", "0", "--seconds", "-1"),
        ("gap", "--cpus", "1023"),
        ("rtt", "--peer", "nonsense"),
        ("rtt", "--peer", "127.0.0.1:99999"),
        ("rtt", "--proto", "sctp"),
        ("memory", "--size", "0"),
        ("wakeup", "--cpus", "0", "--count", "0"),
        ("rtt", "--peer", "127.0.0.1:9", "--count", "1"),
    ],
)
def test_the_probe_refuses_wrong_arguments_with_a_word(probe: str, arguments: tuple[str, ...]) -> None:
    done = subprocess.run([probe, *arguments], capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode in (1, 2) and done.stderr and not done.stdout.endswith("}\n")


ROUNDS, TRIES, BOUND = 5, 3, 0.15
Figures = tuple[float, ...]


def agree(names: tuple[str, ...], ours: Callable[[], Figures], theirs: Callable[[], Figures]) -> None:
    """Interleaved rounds; each figure's ratio within BOUND in the median of the rounds; three tries before it fails.

    Where the other program does not even agree with itself from round to round, nothing can be said: skipped.
    """
    seen: list[str] = []
    for _ in range(TRIES):
        mine, other = [], []
        for i in range(ROUNDS):
            if i % 2 == 0:
                mine.append(ours())
                other.append(theirs())
            else:
                other.append(theirs())
                mine.append(ours())
        ratios = [statistics.median(a[k] / b[k] for a, b in zip(mine, other, strict=True)) for k in range(len(names))]
        middle = [statistics.median(b[k] for b in other) for k in range(len(names))]
        spread = max(statistics.median(abs(b[k] / middle[k] - 1) for b in other) for k in range(len(names)))
        shown = ", ".join(f"{name} {ratio:.2f}" for name, ratio in zip(names, ratios, strict=True))
        seen.append(f"{shown} (the other program's own spread {spread:.0%})")
        if all(abs(ratio - 1) <= BOUND for ratio in ratios):
            print(f"ours / theirs: {seen[-1]}")
            return
    if spread > BOUND:
        pytest.skip(f"this machine is too busy to compare on: ours / theirs in three tries: {'; '.join(seen)}")
    pytest.fail(f"ours / theirs in three tries: {'; '.join(seen)}")


PINGPONG = r"""
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#define N 500
#define ROUNDS 15
static _Alignas(128) atomic_long turn;
static void pin(const char *cpu) {
    cpu_set_t s; CPU_ZERO(&s); CPU_SET(atoi(cpu), &s); sched_setaffinity(0, sizeof s, &s);
}
static void *other(void *cpu) {
    pin(cpu);
    for (long i = 0; i < (long)N * ROUNDS; i++) {
        while (atomic_load_explicit(&turn, memory_order_acquire) != 2 * i + 1) {}
        atomic_store_explicit(&turn, 2 * i + 2, memory_order_release);
    }
    return 0;
}
static int ascending(const void *a, const void *b) { double d = *(double *)a - *(double *)b; return (d > 0) - (d < 0); }
int main(int c, char **v) {
    (void)c; pthread_t t; struct timespec a, b; double ns[ROUNDS]; pin(v[1]);
    pthread_create(&t, 0, other, v[2]);
    for (long i = 0, r = 0; r < ROUNDS; r++) {
        clock_gettime(CLOCK_MONOTONIC, &a);
        for (long k = 0; k < N; k++, i++) {
            atomic_store_explicit(&turn, 2 * i + 1, memory_order_release);
            while (atomic_load_explicit(&turn, memory_order_acquire) != 2 * i + 2) {}
        }
        clock_gettime(CLOCK_MONOTONIC, &b);
        ns[r] = ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / (2.0 * N);
    }
    qsort(ns, ROUNDS, sizeof *ns, ascending);
    printf("%.3f\n", ns[0]);
    return 0;
}
"""


def test_core_to_core_agrees_with_a_plain_ping_pong(tmp_path: Path) -> None:
    if len(ONLINE) < 2:
        pytest.skip("one CPU only: nobody to talk to")
    if shutil.which("cc") is None:
        pytest.skip("no C compiler to build the plain ping-pong with")
    (tmp_path / "p.c").write_text(PINGPONG)
    subprocess.run(
        ["cc", "-O2", "-D_GNU_SOURCE", "-pthread", "-o", str(tmp_path / "p"), str(tmp_path / "p.c")], check=True
    )
    a, b = str(ONLINE[0]), str(ONLINE[1])

    # Of many short rounds the best one: on a busy machine that is the one nobody interrupted.
    def theirs() -> Figures:
        return (float(subprocess.check_output([str(tmp_path / "p"), a, b])),)

    def ours() -> Figures:
        pair = measure.probe("pingpong", "--cpus", f"{a},{b}", "--count", "500")["pairs"][0]
        return (float(pair["min_ps"]) / 1000,)

    agree(("core to core ns",), ours, theirs)


def oslat(cpu: int, seconds: int) -> tuple[float, float]:
    """(gaps of 2 us and more a second, their p50 in us) by oslat, from its histogram of whole microseconds."""
    keep = next(c for c in ONLINE if c != cpu)
    command = ["oslat", "-c", str(cpu), "-C", str(keep), "-D", str(seconds), "-b", "500", "-z"]
    text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    # it rounds up: row k holds the gaps from over k-1 to k microseconds
    rows = [(int(k), int(n)) for k, n in re.findall(r"^\s*(\d+) \(us\):\s+(\d+)", text, re.MULTILINE)]
    counts = sorted((k, n) for k, n in rows if k >= 3)
    total = sum(n for _, n in counts)
    before, middle = 0, 0.0
    for k, n in counts:
        if before + n >= total / 2:
            middle = k - 1 + (total / 2 - before) / n
            break
        before += n
    return total / seconds, middle


def test_gaps_agree_with_oslat() -> None:
    if shutil.which("oslat") is None:
        pytest.skip("oslat is missing (Debian: rt-tests)")
    if len(ONLINE) < 2 or os.geteuid() != 0:
        pytest.skip("oslat needs root and a CPU for its main thread")
    cpu = ONLINE[-1]
    if not oslat(cpu, 1)[0]:
        pytest.skip("oslat's output has no histogram here")

    def ours() -> Figures:
        g = measure.probe("gap", "--cpus", str(cpu), "--seconds", "1", "--threshold-ns", "2000")["cpus"][0]
        return g["count"] / g["seconds"], g["p50_ns"] / 1000

    agree(("gaps a second", "gap p50"), ours, lambda: oslat(cpu, 1))


def test_causes_name_the_interrupt_the_thread_and_what_is_left() -> None:
    def sample(loc: int, irq: int, steal: int) -> measure._Sample:
        table = f"   CPU0 CPU1\n 25: 0 {irq} PCI-MSI 1-edge      eth0-rx-0\nLOC: 5 {loc} Local timer interrupts\n"
        soft = f"   CPU0 CPU1\nNET_RX: 0 {irq}\n"
        return measure._Sample(parse_table(table, "i"), parse_table(soft, "s"), {1: CpuTime(0, 0, steal)}, {1: 7})

    found = measure.causes_of(1, sample(100, 0, 0), sample(350, 40, 20), 2.0, involuntary=10)
    assert found == {
        "tick": 125.0,
        "IRQ 25 eth0-rx-0": 20.0,
        "softirq NET_RX": 20.0,
        "steal %": 10.0,
        "other thread": 5.0,
    }
    text = measure.cause_text(found, rate=400.0)
    assert (
        text.startswith("tick 125/s, IRQ 25 eth0-rx-0 20/s")
        and "steal 10.0 %" in text
        and "250/s that no counter" in text
    )
    assert "no counter" not in measure.cause_text(found, rate=150.0)


def test_a_thread_that_competes_shows_as_the_cause() -> None:
    cpu = ONLINE[-1]
    rival = subprocess.Popen(["sh", "-c", "while :; do :; done"])
    os.sched_setaffinity(rival.pid, {cpu})
    try:
        found = measure.measure(live(hot={"a": frozenset({cpu})}), Wanted(seconds=0.6, parts=("gaps",)))
    finally:
        rival.kill()
        rival.wait()
    gap = found.gaps[0]
    assert gap.involuntary > 0 and gap.causes["other thread"] > 0 and gap.lost_percent > 5


def test_every_part_is_measured_saved_and_loaded(tmp_path: Path) -> None:
    facts = live(hot={"a": frozenset({ONLINE[-1]})})
    found = measure.measure(facts, Wanted(seconds=0.3, memory_mib=8))
    assert found.gaps and found.wakeups and found.clocks and found.rtt and found.stamps and found.time
    assert found.clocks.read_ns["realtime"] > 1 and isinstance(found.memory_ns["4k"], float)
    assert [r.protocol for r in found.rtt] == ["udp", "tcp"] and all(r.p50_us > 0.5 for r in found.rtt)
    assert found.pairs or len(ONLINE) < 2
    found.save(tmp_path / "m.json")
    again = Measurement.load(tmp_path / "m.json")
    assert again == found
    facts.measurement = again
    judged = {
        r.row.id: r.answer for r in checks.run(facts, checks.select(["meas", "clock.cost", "clock.tsc_sync"], []))
    }
    assert all(a.verdict.value in ("good", "bad", "not applicable") for a in judged.values()), judged
    (tmp_path / "m.json").write_text("{}")
    with pytest.raises(ParseError, match="no saved measurement"):
        Measurement.load(tmp_path / "m.json")


def test_stamps_arrive_over_lo_in_order() -> None:
    result = timestamping.selftest_loopback(50)
    assert result.sent == 50 and result.ordered == 50, result.fault


@pytest.fixture
def far_veth() -> Iterator[tuple[str, str, str]]:
    """(interface here, address there, namespace there): a veth pair whose other end is another network namespace."""
    if os.geteuid() != 0:
        pytest.skip("a network namespace needs root")
    tag = f"hwt{os.getpid() % 10000}"
    made = subprocess.run(["ip", "netns", "add", tag], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"no network namespace can be made: {made.stderr.strip()}")
    try:
        for command in (
            f"link add {tag}a type veth peer name {tag}b",
            f"link set {tag}b netns {tag}",
            f"addr add 198.18.77.1/24 dev {tag}a",
            f"link set {tag}a up",
            f"-n {tag} addr add 198.18.77.2/24 dev {tag}b",
            f"-n {tag} link set {tag}b up",
        ):
            subprocess.run(["ip", *command.split()], check=True, capture_output=True)
        time.sleep(0.2)
        yield f"{tag}a", "198.18.77.2", tag
    finally:
        subprocess.run(["ip", "netns", "del", tag], check=True)
        subprocess.run(["ip", "link", "del", f"{tag}a"], check=False, capture_output=True)


def test_stamps_and_round_trips_on_a_chosen_interface(far_veth: tuple[str, str, str]) -> None:
    name, address, namespace = far_veth
    inside = ("ip", "netns", "exec", namespace)
    with measure.echo("udp", f"{address}:0", prefix=inside) as peer:
        # The kernel switches receive stamps on some time after it is asked to: on a busy host too late for one round.
        for _ in range(5):
            result = timestamping.selftest_nic(name, peer, count=20, enable=True)
            if result.arrived.get("rx", 0) >= 15:
                break
        assert result.sent == 20 and result.arrived["tx"] == 20 and result.arrived.get("rx", 0) >= 15
        assert "tx-hardware" not in result.arrived and "refuses hardware" in result.hwstamp, (
            "a veth stamps in software only"
        )
        found = measure.probe("rtt", "--proto", "udp", "--peer", peer, "--iface", name, "--count", "300")
        assert found["count"] >= 295 and found["p50_ns"] > 500
    with measure.echo("tcp", f"{address}:0", prefix=inside) as peer:
        assert measure.probe("rtt", "--proto", "tcp", "--peer", peer, "--iface", name, "--count", "300")["count"] == 300
    nic = timestamping.capabilities([name])[0]
    assert "software-transmit" in nic.stamps and nic.phc_index is None
    assert "software only" in timestamping.advice(nic)[0]


def test_netlink_and_ioctl_tell_the_same() -> None:
    """Two interfaces of the kernel, written apart; and both refuse what is not there."""
    names = sorted(path.name for path in Path("/sys/class/net").iterdir())
    told = 0
    for name in names:
        try:
            by_netlink = netlink.timestamping(name)
        except AccessError as error:
            assert error.problem is Problem.UNSUPPORTED, error
            continue
        assert by_netlink == timestamping_by_ioctl(name), name
        assert by_netlink.stamps
        told += 1
    assert told, names
    for ask in (netlink.timestamping, timestamping_by_ioctl):
        with pytest.raises(AccessError) as refused:
            ask("nosuch0")
        assert refused.value.problem is Problem.ABSENT


def test_advice_for_a_nic_with_a_clock() -> None:
    nic = facts_of("qemu-guests/stock.tgz", nic="eth1").nic("eth1")
    words = " ".join(timestamping.advice(nic))
    assert nic.phc_index == 1 and "all packets" in words and "ptp1" in words


def test_chrony_is_understood(tmp_path: Path) -> None:
    daemon = shutil.which("chronyd")
    if daemon is None or os.geteuid() != 0:
        pytest.skip("chronyd is missing, or we are not root")
    pid = tmp_path / "chronyd.pid"  # a file of its own: chronyd removes it
    (tmp_path / "c.conf").write_text(f"local stratum 7\ncmdport 32399\nport 0\nbindcmdaddress /\npidfile {pid}\n")
    # -x: it never touches the clock
    server = subprocess.Popen(
        [daemon, "-x", "-n", "-u", "root", "-f", str(tmp_path / "c.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(30):
            time.sleep(0.1)
            try:
                tracking = timestamping.chrony_tracking(("127.0.0.1", 32399))
            except timestamping.AccessError:
                continue
            break
        else:
            pytest.skip("chronyd did not answer here")
    finally:
        server.kill()
        server.wait()
    assert tracking.stratum == 7 and abs(tracking.offset_s) < 1


# By hand from the rule: 7 bits of exponent (biased by nothing, minus 25), 25 bits of coefficient, two's complement.
@pytest.mark.parametrize(("raw", "value"), [(0, 0.0), (0x04800000, 1.0), (0x03000000, -1.0), (0xFE800000, 0.125)])
def test_chrony_floats(raw: int, value: float) -> None:
    assert timestamping._chrony_float(raw) == value


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []
        self.counts: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.outside += [v for k, v in attrs if k in ("src", "href") and v]


def sample_measurement(scale: float) -> Measurement:
    facts = live(hot={"a": frozenset({ONLINE[-1]})})
    found = measure.measure(facts, Wanted(seconds=0.2, parts=("gaps", "pairs", "clocks")))
    for gap in found.gaps:
        gap.rate_per_s *= scale
    return found


def test_the_report_is_one_page_that_needs_nothing_else(tmp_path: Path) -> None:
    before, after = sample_measurement(1.0), sample_measurement(0.01)
    facts = facts_of("qemu-guests/traps.tgz", hot={"a": "3,7"}, nic="eth1")
    results = checks.run(facts, checks.select([], []))
    text = report.page("host <&>", "roles", results, after, before)
    page = _Page()
    page.feed(text)
    assert page.outside == [] and "http" not in text and "<script" not in text
    assert "host &lt;&amp;&gt;" in text and "irq.effective" in text and "15 of 23" in text
    assert page.counts["svg"] >= (2 if len(ONLINE) > 1 else 1) and "Before against after" in text
    ratio = next(new / old for name, old, new in report.compare(before, after) if name.endswith("gaps per second"))
    assert ratio < 0.5 and "class=good" in text
    unmeasured = report.page("h", "r", results, None, None)
    assert "Nothing was measured" in unmeasured


def test_measure_by_command_compares_saved_runs(tmp_path: Path) -> None:
    sample_measurement(1.0).save(tmp_path / "a.json")
    sample_measurement(0.5).save(tmp_path / "b.json")
    done = run("measure", "--before", str(tmp_path / "a.json"), "--after", str(tmp_path / "b.json"))
    assert done.returncode == 0 and "ratio" in done.stdout and "gaps per second" in done.stdout
    done = run(
        "report",
        str(tmp_path / "r.html"),
        "--before",
        str(tmp_path / "a.json"),
        "--after",
        str(tmp_path / "b.json"),
        "--seconds",
        "0.2",
    )
    assert done.returncode == 0 and "Before against after" in (tmp_path / "r.html").read_text()
    assert json.loads((tmp_path / "a.json").read_text())["gaps"]
