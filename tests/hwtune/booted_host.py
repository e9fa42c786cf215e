"""A host that is really booted: QEMU without KVM, Debian's PREEMPT_RT kernel, hwtune inside.

    check -> plan -> reboot with the planned command line -> apply -> verify -> ticks fall -> undo

    python tests/hwtune/booted_host.py          (as `make test-host` does)

Ends with 0 and the reason if QEMU, busybox, or the kernel package is missing. HWTUNE_KERNEL_DEB names a kernel package
that is already there; else it is fetched with apt-get. HWTUNE_PROBE names the probe; else it is built with cc.
HWTUNE_BOOT_S bounds each boot (200 s), HWTUNE_KEEP names a file for what the guests reported.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TOOLS = HERE.parents[1] / "tools"
MARK = "HWTUNE-RESULT "
MODULES = ("msr", "pps_core", "ptp", "e1000e")
PACKAGES = (
    "hwtune",
    "rich",
    "click",
    "pydantic",
    "pydantic_core",
    "annotated_types",
    "typing_inspection",
    "typing_extensions",
)
STDLIB_UNUSED = (
    "test",
    "idlelib",
    "tkinter",
    "lib2to3",
    "ensurepip",
    "site-packages",
    "dist-packages",
    "turtledemo",
    "pydoc_data",
)
BOOT_S = float(os.environ.get("HWTUNE_BOOT_S", "200"))

INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp; mount -t tmpfs run /run
mkdir -p /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup
for m in {modules}; do [ -f /modules/$m.ko ] && insmod /modules/$m.ko; done
ip link set lo up; ip link set eth0 up; ip link set eth1 up
export PYTHONPATH=/py HWTUNE_PROBE=/bin/hwtune-probe PATH=/bin LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
{python} /py/booted_guest.py $(sed 's/.*hwphase=\\([0-9]\\).*/\\1/' /proc/cmdline) 2>&1
echo HWTUNE-END; poweroff -f
"""


def skip(why: str) -> None:
    print(f"skipped: {why}")
    sys.exit(0)


def kernel_deb(work: Path) -> Path:
    """The package of Debian's RT kernel, fetched if need be."""
    given = os.environ.get("HWTUNE_KERNEL_DEB")
    if given:
        return Path(given)
    if shutil.which("apt-get") is None:
        skip("no apt-get to fetch a kernel with; set HWTUNE_KERNEL_DEB")
    depends = subprocess.run(
        ["apt-cache", "depends", "linux-image-rt-amd64"], capture_output=True, text=True, check=False
    )
    match = re.search(r"Depends: (linux-image-\S+)", depends.stdout)
    if match is None:
        skip("apt knows no linux-image-rt-amd64; set HWTUNE_KERNEL_DEB")
    assert match is not None
    fetched = subprocess.run(
        ["apt-get", "download", match.group(1)], cwd=work, capture_output=True, text=True, check=False
    )
    found = list(work.glob("linux-image-*.deb"))
    if not found:
        skip(f"the kernel package cannot be fetched: {fetched.stderr.strip()[-200:]}")
    return found[0]


def copy_with_libraries(binary: Path, root: Path) -> None:
    """An executable or extension at its own path in the tree, with every library that ldd names."""
    text = subprocess.run(["ldd", str(binary)], capture_output=True, text=True, check=False).stdout
    for path in {str(binary), *re.findall(r"(/\S+) \(0x", text)}:
        target = root / path.lstrip("/")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)


def add_python(root: Path) -> Path:
    """The running interpreter with its library, and the packages that hwtune needs; gives the interpreter's path."""
    python = Path(sys.executable).resolve()
    copy_with_libraries(python, root)
    stdlib = Path(sysconfig.get_path("stdlib", vars={"base": sys.base_prefix, "installed_base": sys.base_prefix}))
    ignore = shutil.ignore_patterns(*STDLIB_UNUSED, "config-*")
    shutil.copytree(stdlib, root / str(stdlib).lstrip("/"), ignore=ignore, dirs_exist_ok=True)
    for extension in stdlib.glob("lib-dynload/*.so"):
        copy_with_libraries(extension, root)
    (root / "py").mkdir()
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None, f"{name} is not installed"
        origin = Path(spec.origin)
        if origin.name == "__init__.py":
            shutil.copytree(origin.parent, root / "py" / name)
            for extension in origin.parent.rglob("*.so"):
                copy_with_libraries(extension, root)
        else:
            shutil.copy2(origin, root / "py")
    shutil.copy2(HERE / "booted_guest.py", root / "py")
    return python


def add_probe(root: Path) -> None:
    given = os.environ.get("HWTUNE_PROBE")
    target = root / "bin/hwtune-probe"
    if given:
        shutil.copy2(given, target)
    else:
        sources = sorted(map(str, (TOOLS / "hwtune/probe").glob("*.c")))
        compiler = ["cc", "-O2", "-std=gnu11", "-D_GNU_SOURCE", "-pthread"]
        subprocess.run([*compiler, "-o", str(target), *sources], check=True)
    for library in re.findall(
        r"(/\S+) \(0x", subprocess.run(["ldd", str(target)], capture_output=True, text=True, check=False).stdout
    ):
        copy_with_libraries(Path(library), root)


def build_initramfs(work: Path, deb: Path) -> tuple[Path, Path]:
    """(kernel, initramfs) of a guest that holds busybox, Python, hwtune and four modules."""
    unpacked = work / "deb"
    subprocess.run(["dpkg-deb", "-x", str(deb), str(unpacked)], check=True)
    kernel = next((unpacked / "boot").glob("vmlinuz-*"))
    root = work / "root"
    for name in ("bin", "proc", "sys", "dev", "tmp", "run", "modules", "var/lib", "etc"):
        (root / name).mkdir(parents=True)
    (root / "lib64").mkdir(exist_ok=True)
    shutil.copy2(str(shutil.which("busybox")), root / "bin/busybox")
    for module in MODULES:
        found = next((unpacked / "lib/modules").rglob(f"{module}.ko"), None)
        if found is not None:
            shutil.copy2(found, root / "modules")
    python = add_python(root)
    add_probe(root)
    init = root / "init"
    init.write_text(INIT.format(modules=" ".join(MODULES), python=python))
    init.chmod(0o755)
    image = work / "initramfs"
    with image.open("wb") as out:
        names = subprocess.run(["find", ".", "-print0"], cwd=root, stdout=subprocess.PIPE, check=True).stdout
        subprocess.run(["cpio", "--null", "-o", "-H", "newc", "--quiet"], cwd=root, input=names, stdout=out, check=True)
    return kernel, image


def boot(kernel: Path, image: Path, cmdline: str) -> dict[str, Any]:
    """Boots two sockets, two cores each, two threads each, two NUMA nodes, a NIC on each; gives the guest's result."""
    # The host's own two cores carry all eight: function and counts are real, latencies are not.
    command = [
        "qemu-system-x86_64",
        "-accel",
        "tcg,thread=multi",
        "-cpu",
        "Cascadelake-Server",
        "-machine",
        "q35",
        "-m",
        "2048",
        "-smp",
        "8,sockets=2,cores=2,threads=2",
        "-object",
        "memory-backend-ram,id=m0,size=1024M",
        "-object",
        "memory-backend-ram,id=m1,size=1024M",
        "-numa",
        "node,nodeid=0,cpus=0-3,memdev=m0",
        "-numa",
        "node,nodeid=1,cpus=4-7,memdev=m1",
        "-nic",
        "none",
        "-netdev",
        "user,id=n0",
        "-device",
        "e1000e,netdev=n0",
        "-netdev",
        "user,id=n1",
        "-device",
        "e1000e,netdev=n1",
        "-nographic",
        "-no-reboot",
        "-kernel",
        str(kernel),
        "-initrd",
        str(image),
        "-append",
        cmdline,
    ]
    started = time.monotonic()
    console = image.with_name("console")
    with console.open("wb") as out:
        guest = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            guest.wait(BOOT_S)
            ended = f"ended after {time.monotonic() - started:.0f} s"
        except subprocess.TimeoutExpired:
            ended = f"was stopped after {BOOT_S:.0f} s"
        finally:
            guest.kill()
            guest.wait()
    print(f"  the guest {ended}: {cmdline}", flush=True)
    text = console.read_text(errors="replace")
    for line in text.splitlines():
        at = line.find(MARK)
        if at >= 0:
            found: dict[str, Any] = json.loads(line[at + len(MARK) :])
            return found
    raise AssertionError(f"the guest {ended} without a result:\n{text[-4000:]}")


def judge(first: dict[str, Any], second: dict[str, Any]) -> None:
    """All that the booted host must show."""
    assert first["check_code"] == 1 and first["verdicts"]["cpu.nohz_full"] == "bad"
    assert "nohz_full=" in first["cmdline_then"] and "isolcpus=managed_irq,domain," in first["cmdline_then"]
    for name in ("cpu.isolated", "cpu.nohz_full", "cpu.rcu_nocbs", "cpu.isolation_consistent", "cpu.smt_active"):
        assert second["verdicts"][name] == "good", (name, second["verdicts"][name])
    assert second["changed"] >= 10 and second["drift"] == []
    for name in ("sched.timer_migration", "sched.stat_interval", "mem.dirty", "time.hwstamp_on"):
        assert second["verdicts"][name] == "bad" and second["verdicts_applied"][name] == "good", name
    assert second["undo_code"] == 0 and second["not_restored"] == {} and second["undone"]["failed"] == []
    assert first["ticks"] >= 50 * max(1, second["ticks_applied"]), (first["ticks"], second["ticks_applied"])


def main() -> None:
    for tool, package in (
        ("qemu-system-x86_64", "qemu-system-x86"),
        ("busybox", "busybox-static"),
        ("cpio", "cpio"),
        ("dpkg-deb", "dpkg"),
    ):
        if shutil.which(tool) is None:
            skip(f"{tool} is missing (Debian: {package})")
    sys.path.insert(0, str(TOOLS))
    with tempfile.TemporaryDirectory(prefix="hwtune-host-") as name:
        work = Path(name)
        kernel, image = build_initramfs(work, kernel_deb(work))
        print(f"initramfs {image.stat().st_size >> 20} MiB", flush=True)
        first = boot(kernel, image, "console=ttyS0 quiet loglevel=1 hwphase=1")
        second = boot(kernel, image, first["cmdline_then"].replace("hwphase=1", "hwphase=2"))
        if keep := os.environ.get("HWTUNE_KEEP"):
            Path(keep).write_text(json.dumps([first, second], indent=1))
        judge(first, second)
        print(
            f"score {first['score']:.0f} -> {second['score']:.0f}; {second['changed']} files changed and all put back; "
            f"timer ticks in 3 s under a spinner: {first['ticks']} -> {second['ticks_applied']}"
        )


if __name__ == "__main__":
    main()
