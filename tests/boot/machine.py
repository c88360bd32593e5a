"""A Debian system in a folder, without a network: commands in it as it lies there, or booted in a container."""

import contextlib
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENVIRONMENT = {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8"}
CHROOT = """
mount -t proc proc "$1/proc" && mount --rbind /sys "$1/sys" && mount --rbind /dev "$1/dev" &&
mkdir -p "$1/mnt/tree" "$1/mnt/offline" && mount --bind "$2" "$1/mnt/tree" && mount --bind "$3" "$1/mnt/offline" &&
exec chroot "$1" sh -c "$4"
"""


REBOOT = 133
"""systemd-nspawn's exit code when the system in it wants to be started again."""


class BootError(Exception):
    """An expected event did not happen, or not in time."""


class Root:
    """The folder of a system. tree is mounted in it at /mnt/tree, offline at /mnt/offline."""

    def __init__(self, path: Path, tree: Path, offline: Path) -> None:
        self.path, self.tree, self.offline = path, tree, offline

    def chroot(self, command: str) -> str:
        """What a shell command prints in the system that does not run. Raises BootError where it fails."""
        place = ["unshare", "--mount", "--net", "--propagation", "private", "sh", "-c", CHROOT, "chroot"]
        return _checked([*place, str(self.path), str(self.tree), str(self.offline), command])

    @contextlib.contextmanager
    def booted(self, arguments: Sequence[str] = ()) -> Iterator["Machine"]:
        """The system, booted; powered off at the end. arguments: of the kernel's command line, for the first boot."""
        with tempfile.TemporaryFile() as log:
            machine = Machine(self, log, arguments)
            try:
                yield machine
            except (BootError, subprocess.SubprocessError, OSError):
                log.seek(0)
                print(log.read().decode(errors="replace")[-2000:])
                print(machine.journal())
                raise
            finally:
                machine.power_off()


class Machine:
    """A running container, found by a mark on the command line of its first process."""

    def __init__(self, root: Root, log: IO[bytes], arguments: Sequence[str] = ()) -> None:
        self._root, self._log, self.tree = root, log, root.tree
        self._mark = f"emotion.boot={uuid.uuid4().hex}"
        self._container = self._start(arguments)

    def _start(self, arguments: Sequence[str] = ()) -> "subprocess.Popen[bytes]":
        root = self._root
        command = [
            "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--link-journal=no", "--private-network",
            f"--directory={root.path}", f"--bind-ro={root.tree}:/mnt/tree", f"--bind-ro={root.offline}:/mnt/offline",
            "--boot", "--console=pipe", self._mark, *arguments,
        ]  # fmt: skip
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT)

    def first_process(self) -> int | None:
        """The process number, here, of the container's process 1; None while it has none."""
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                arguments = (folder / "cmdline").read_bytes().split(b"\0") if folder.name.isdigit() else []
                if self._mark.encode() in arguments and not arguments[0].endswith(b"systemd-nspawn"):
                    return int(folder.name)
        return None

    def inside(self, command: str) -> list[str]:
        first = self.first_process()
        if first is None:
            raise BootError("the container is not running")
        return ["nsenter", f"--target={first}", "-m", "-p", "-u", "-i", "-n", "--", "sh", "-c", command]

    def run(self, command: str) -> str:
        """What a shell command prints. Raises BootError where it fails."""
        return _checked(self.inside(command))

    def ask(self, command: str) -> str:
        """The same, stripped; empty where it fails."""
        with contextlib.suppress(BootError, subprocess.TimeoutExpired):
            return self.run(command).strip()
        return ""

    def wait(self, what: str, is_so: Callable[[], object], limit_s: float) -> float:
        """Wait until `is_so()`; the seconds that took. Raises BootError after `limit_s`. what: for its message."""
        began = time.monotonic()
        while not is_so():
            if time.monotonic() - began > limit_s:
                raise BootError(f"{what}: not within {limit_s:g} s")
            if self._container.poll() is not None:
                raise BootError(f"{what}: the container has ended ({self._container.returncode})")
            time.sleep(0.1)
        return time.monotonic() - began

    def booted(self, limit_s: float = 60) -> float:
        """Seconds until the boot is over, and all is well."""
        return self.wait("boot", lambda: self.ask("systemctl is-system-running") == "running", limit_s)

    def reboot(self) -> None:
        """Go down to the end, which asks for a new start by its exit code, and start anew."""
        self.ask("systemctl reboot")
        self.start_again()

    def start_again(self, ended: int = REBOOT) -> None:
        """The next boot, once this one has asked for it; or once it has ended with another exit code."""
        code = self._container.wait(60)
        if code != ended:
            raise BootError(f"the container has ended with {code}, not {ended}")
        self._container = self._start()

    def main_process(self, unit: str) -> int:
        """The process number, in there, of a unit's main process; 0 while it has none."""
        return int(self.ask(f"systemctl show -p MainPID --value {unit}") or 0)

    def journal(self) -> str:
        return self.ask(
            "systemctl --no-pager --failed; journalctl --no-pager -q -n 60 -o short-monotonic -u 'emotion*'"
        )

    def power_off(self) -> None:
        self.ask("systemctl poweroff")
        try:
            self._container.wait(20)
        except subprocess.TimeoutExpired:
            self._container.terminate()
            self._container.wait(20)


def _checked(command: list[str]) -> str:
    done = subprocess.run(
        command, check=False, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=400
    )
    if done.returncode:
        raise BootError(f"{command[-1]}: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout
