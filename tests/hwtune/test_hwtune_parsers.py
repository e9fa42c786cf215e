"""The parsers of kernel texts: known answers, inverses, and no traceback whatever the bytes."""

from __future__ import annotations

import contextlib
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwtune.cmdline import Cmdline
from hwtune.counters import delta, on_cpus, parse_softnet, parse_stat, parse_table
from hwtune.cpus import format_list, format_mask, parse_list, parse_mask
from hwtune.errors import ParseError
from hwtune.facts import parse_thread
from hwtune.nic import parse_ethtool

CPUS = st.frozensets(st.integers(0, 300))


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        ("0-3,8", {0, 1, 2, 3, 8}),
        ("", set()),
        ("\0\n", set()),
        ("(null)", set()),
        ("        (null)", set()),
        ("  (null)\n", set()),
        ("0-7:2/4", {0, 1, 4, 5}),
        (" 2 , 3\n", {2, 3}),
    ],
)
def test_lists_as_kernels_print_them(text: str, cpus: set[int]) -> None:
    assert parse_list(text) == cpus


def test_boot_parameters_may_say_all_and_last() -> None:
    assert parse_list("4-N", last=7) == {4, 5, 6, 7}
    assert parse_list("all", last=1) == {0, 1}


@pytest.mark.parametrize("text", ["3-1", "a", "1,,2", "1-", "0-7:0/4", "0-7:5/4", "99999999", "1 2", "٣"])
def test_a_wrong_list_is_an_error_that_quotes_it(text: str) -> None:
    with pytest.raises(ParseError) as error:
        parse_list(text, "isolcpus=")
    assert "isolcpus=" in str(error.value)


@given(CPUS)
def test_formats_are_inverse(cpus: frozenset[int]) -> None:
    assert parse_list(format_list(cpus)) == cpus
    assert parse_mask(format_mask(cpus)) == cpus
    assert parse_mask(format_mask(cpus, like="ffff,ffffffff")) == cpus


def test_a_mask_keeps_the_shape_of_its_file() -> None:
    assert format_mask({0, 1}, like="ff") == "03"
    assert format_mask({5, 36}, like="ffff,ffffffff") == "0010,00000020"
    assert parse_mask("ffff,ffffffff,ffffffff") == set(range(80))


def test_isolcpus_flags_do_not_break_the_list_and_domain_is_the_default_only_without_flags() -> None:
    plain = Cmdline.parse("isolcpus=2-3").isolcpus()
    flagged = Cmdline.parse("quiet isolcpus=managed_irq,domain,0-4,11-12 -- isolcpus=9").isolcpus()
    managed = Cmdline.parse("isolcpus=managed_irq,0-4").isolcpus()
    assert plain is not None and plain.domain and plain.cpus == {2, 3}
    assert flagged is not None and flagged.domain and flagged.cpus == {0, 1, 2, 3, 4, 11, 12}
    assert managed is not None and not managed.domain and managed.cpus == {0, 1, 2, 3, 4}
    assert Cmdline.parse("isolcpus=1-N").isolcpus(last_cpu=3).cpus == {1, 2, 3}  # type: ignore[union-attr]
    with pytest.raises(ParseError, match="unknown flag"):
        Cmdline.parse("isolcpus=foo,1").isolcpus()


def test_command_lines_with_quotes_and_repeats() -> None:
    line = Cmdline.parse('a="x y" nohz-full=1 nohz_full=2-3 quiet\n')
    assert line.last("a") == "x y"
    assert line.cpu_list("nohz_full") == {2, 3}
    assert line.has("quiet") and not line.has("x")


INTERRUPTS = """           CPU0       CPU2
  0:         84          1   IO-APIC   2-edge      timer
 25:          0          7   PCI-MSI 49152-edge      eth0-rx-0
LOC:       1307        637   Local timer interrupts
ERR:          3
"""


def test_interrupts_with_sparse_cpus_and_totals() -> None:
    table = parse_table(INTERRUPTS, "/proc/interrupts")
    assert table["25"].counts == {0: 0, 2: 7} and table["25"].name == "eth0-rx-0" and table["25"].device
    assert not table["LOC"].device and table["ERR"].counts == {-1: 3}
    assert on_cpus(table, {2}, ["25", "LOC"]) == {"25": 7, "LOC": 637}
    later = parse_table(INTERRUPTS.replace("          7", "          9"), "/proc/interrupts")
    assert on_cpus(delta(table, later), {0, 2}) == {"25": 2}


def test_a_short_row_is_an_error() -> None:
    with pytest.raises(ParseError, match="25"):
        parse_table(INTERRUPTS.replace("0          7   PCI", "0   PCI"), "/proc/interrupts")


def test_a_thread_name_may_hold_brackets_and_blanks() -> None:
    stat = "42 (a) b (c) S 1 1 1 0 -1 69238848 0 0 0 0 3 4 0 0 20 0 1 0 1234 0 0 " + "0 " * 14 + "5 7 1 0 0"
    thread = parse_thread(stat, "Name:\tx\nCpus_allowed_list:\t0-3\n", 42)
    assert (thread.comm, thread.ran, thread.start, thread.allowed) == ("a) b (c", 7, 1234, {0, 1, 2, 3})
    assert thread.kernel and not thread.movable


TEXT = st.one_of(
    st.text(max_size=400),
    st.text(alphabet=string.printable, max_size=400),
    st.lists(
        st.sampled_from(
            [
                "CPU0",
                "CPU1",
                "LOC:",
                "25:",
                " ",
                "\n",
                "99",
                "-1",
                "## ethtool -T eth0\n",
                "## ethtool -k e\n",
                "PTP Hardware Clock: ",
                "off [fixed]",
                "isolcpus=",
                "managed_irq,",
                "0-3",
                "\0",
                "(",
                ")",
                "cpu0 ",
                "(null)",
                "tx_type 0",
                "\t",
                "RX:",
                "¹",
                "٣",
            ]
        ),
        max_size=60,
    ).map("".join),
)


@settings(max_examples=400, deadline=None)
@given(TEXT)
def test_no_parser_ever_raises_anything_but_its_own_error(text: str) -> None:
    for parse in (
        parse_list,
        parse_mask,
        parse_stat,
        parse_softnet,
        lambda t: parse_list(t, last=7),
        lambda t: parse_table(t, "x"),
        lambda t: parse_thread(t, t, 1),
        lambda t: Cmdline.parse(t).isolcpus(7),
        lambda t: Cmdline.parse("isolcpus=" + t).isolcpus(),
        lambda t: Cmdline.parse(t).cpu_list("nohz_full"),
        parse_ethtool,
    ):
        with contextlib.suppress(ParseError):
            parse(text)
