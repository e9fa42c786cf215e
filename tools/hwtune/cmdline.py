"""The kernel command line: quoting, repeated keys, and the flag prefix of isolcpus=."""

from __future__ import annotations

from dataclasses import dataclass

from hwtune.cpus import CpuSet, parse_list
from hwtune.errors import ParseError

ISOLCPUS_FLAGS = frozenset({"domain", "managed_irq", "nohz"})


@dataclass(frozen=True)
class Isolcpus:
    """What isolcpus= asks for. The kernel isolates scheduler domains only with `domain` or with no flag at all."""

    flags: frozenset[str]
    cpus: CpuSet

    @property
    def domain(self) -> bool:
        """Whether scheduler domains are isolated, which only `domain` or no flag at all asks for."""
        return not self.flags or "domain" in self.flags


@dataclass(frozen=True)
class Cmdline:
    """Parameters in order; a key without `=` has the value None. Words after ` -- ` belong to init."""

    params: tuple[tuple[str, str | None], ...]

    @classmethod
    def parse(cls, text: str) -> Cmdline:
        """Splits at blanks outside double quotes, as the kernel does; never fails, as the kernel does not either."""
        words: list[str] = []
        word, quoted = "", False
        for ch in text.replace("\0", " ").strip() + " ":
            if ch == '"':
                quoted = not quoted
            elif ch.isspace() and not quoted:
                if word:
                    words.append(word)
                word = ""
            else:
                word += ch
        if word:
            words.append(word)
        if "--" in words:
            words = words[: words.index("--")]
        pairs = (w.partition("=") for w in words)
        return cls(tuple((key.replace("-", "_"), value if eq else None) for key, eq, value in pairs))

    def has(self, key: str) -> bool:
        """Whether the key occurs, with or without a value. Dashes and underscores are the same to the kernel."""
        return any(k == key.replace("-", "_") for k, _ in self.params)

    def last(self, key: str) -> str | None:
        """The value that counts: the last one given; None if the key is absent or has no value."""
        values = [v for k, v in self.params if k == key.replace("-", "_")]
        return values[-1] if values else None

    def isolcpus(self, last_cpu: int | None = None) -> Isolcpus | None:
        """isolcpus= taken apart, or None. Raises ParseError for a list the kernel would refuse."""
        value = self.last("isolcpus")
        if value is None:
            return None
        parts = value.split(",")
        flags: list[str] = []
        while parts and parts[0] and not parts[0][0].isdigit() and parts[0] not in ("all", "N"):
            flag = parts.pop(0)
            if flag not in ISOLCPUS_FLAGS:
                raise ParseError(f"unknown flag {flag!r}", "isolcpus=", "the kernel ignores the whole parameter")
            flags.append(flag)
        return Isolcpus(frozenset(flags), parse_list(",".join(parts), "isolcpus=", last_cpu))

    def cpu_list(self, key: str, last_cpu: int | None = None) -> CpuSet | None:
        """The CPU list of nohz_full=, rcu_nocbs= and the like; None if absent. Raises ParseError."""
        value = self.last(key)
        return None if value is None else parse_list(value, f"{key}=", last_cpu)
