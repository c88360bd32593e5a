"""An emulated machine: a root as a disk, a serial console with the time of each line, a folder for what comes out.

QEMU emulates one processor core in software (a /dev/kvm that opens is no proof that it works), and the machine's clock
counts its instructions, one a nanosecond: however slow and busy this host is, the machine's own times are the same.
"""

import dataclasses
import hashlib
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

DISK = "6G"
"""Size of the disk file, which is sparse."""
SHARED_TAG = "out"
SHIFT = 0
"""An instruction takes two to the power of this many nanoseconds of the machine's time."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """How QEMU emulates a processor."""

    program: str
    """Name of the emulator."""
    options: tuple[str, ...]
    """Its machine and processor."""
    console: str
    """The kernel's name of the serial console."""
    memory_mib: int = 2048


KINDS = {
    "arm64": Kind("qemu-system-aarch64", ("-M", "virt", "-cpu", "cortex-a72"), "ttyAMA0"),
    "amd64": Kind("qemu-system-x86_64", ("-M", "q35", "-cpu", "max"), "ttyS0"),
}
TOOLS = ("mke2fs", "setpriv")


def missing(arch: str) -> str:
    """The programs for such a machine that are not installed here, and how to install them; empty if none is
    missing."""
    absent = [name for name in (KINDS[arch].program, *TOOLS) if not shutil.which(name)]
    package = "qemu-system-arm" if arch == "arm64" else "qemu-system-x86"
    return f"{', '.join(absent)} not installed: sudo apt install {package} e2fsprogs util-linux" if absent else ""


def disk_of(root: Path, file: Path) -> None:
    """The root as an ext4 disk, made without mounting anything."""
    subprocess.run(["truncate", "-s", DISK, str(file)], check=True)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", str(root), str(file)], check=True)


class Console:
    """The serial console: each line with the seconds since power-on, on this host's clock, at which it came."""

    def __init__(self) -> None:
        self.lines: list[tuple[float, str]] = []
        self.log = b""

    def read(self, source: "subprocess.Popen[bytes]", began: float) -> None:
        """Read until the machine is off."""
        assert source.stdout is not None
        for raw in source.stdout:
            self.log += raw
            self.lines.append((time.monotonic() - began, raw.decode("utf-8", "replace").strip()))

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.log).hexdigest()


def run(arch: str, root: Path, disk: Path, out: Path, limit_s: float, on_mark: Callable[[str], None]) -> Console:
    """Power on, and wait until it is off; no longer than `limit_s`. on_mark: called with each line of the machine that
    begins with MARK.

    Raises TimeoutError. QEMU ends with this process.
    """
    kind, console = KINDS[arch], Console()
    (kernel,), (initrd,) = root.glob("boot/vmlinuz-*"), root.glob("boot/initrd.img-*")
    command = [
        "setpriv",
        "--pdeathsig",
        "KILL",
        kind.program,
        *kind.options,
        "-accel",
        "tcg,thread=single",
        "-smp",
        "1",
    ]
    command += ["-icount", f"shift={SHIFT},sleep=on"]
    command += ["-m", str(kind.memory_mib), "-nographic", "-no-reboot", "-nodefaults", "-serial", "stdio"]
    command += ["-kernel", str(kernel), "-initrd", str(initrd)]
    command += ["-append", f"root=/dev/vda rw console={kind.console} quiet systemd.show_status=0"]
    command += ["-drive", f"file={disk},format=raw,if=virtio,cache=unsafe", "-device", "virtio-rng-pci"]
    command += ["-virtfs", f"local,path={out},mount_tag={SHARED_TAG},security_model=none"]
    began = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          start_new_session=True) as qemu:  # fmt: skip
        reader = threading.Thread(target=console.read, args=(qemu, began), daemon=True)
        reader.start()
        shown = 0
        try:
            while qemu.poll() is None:
                if time.monotonic() - began > limit_s:
                    raise TimeoutError(f"the machine was not done within {limit_s:.0f} s")
                reader.join(1.0)
                for at, text in console.lines[shown:]:
                    shown += 1
                    if text.startswith("MARK "):
                        on_mark(f"{at:7.1f} s  {text.split(maxsplit=2)[-1]}")
        finally:
            if qemu.poll() is None:
                qemu.send_signal(signal.SIGKILL)
            qemu.wait(10)
            reader.join(5)
            (out / "serial.log").write_bytes(console.log)
    return console
