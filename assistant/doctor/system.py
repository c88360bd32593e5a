"""The board and the system: temperature, voltage, memory, and the two services."""

import os
import re
import shutil
import threading
from pathlib import Path

from assistant.config.profiles import differences, profile_of
from assistant.config.settings import Settings
from assistant.dataclass import dataclass
from assistant.doctor.finding import Finding, absent, bad, good
from assistant.errors import VoiceError
from assistant.system.board import HOT_C, SLOW_C, SYSTEM, Board
from assistant.system.child_process import run_child

UNITS = ("emotion-assistant-voice.service", "emotion-assistant.service")
"""The units of the two services."""
PROPERTIES = "Id,LoadState,ActiveState,UnitFileState,NRestarts,MemoryMax"
"""Properties of a unit that are read, see systemctl(1)."""
BOOTED = Path("/run/systemd/system")
"""Exists where systemd is the init system, see sd_booted(3)."""
MEMINFO = Path("/proc/meminfo")
"""The memory of the machine, see proc_meminfo(5)."""
MIN_FREE_MIB = 64
"""Free memory in MiB below which the kernel soon begins to kill processes."""
MANY_RESTARTS = 5
"""Restarts of a unit since boot from which they are a problem."""
COMMAND_TIMEOUT_S = 5.0
"""Time limit of systemctl and vcgencmd."""
UNDERVOLTAGE_NOW, UNDERVOLTAGE_SINCE_BOOT = 1 << 0, 1 << 16
"""Bits of `vcgencmd get_throttled`: the voltage is too low; it was since the start."""


def profile(board: Board, settings: Settings) -> Finding:
    """Whether the settings are those of the board's profile."""
    name = board.name()
    if not (wanted := profile_of(name)):
        return absent("profile_none", detail=name)
    if settings.power.profile != wanted:
        return bad("profile_other", "profile", detail=f'{name}: power.profile = "{wanted}"')
    share = settings.power.cpu_share
    budget = (f"power.cpu_share is {share:g}; the log says when it takes effect",) if share else ()
    return good("profile", detail="; ".join((f"{name}: {wanted}", *differences(settings), *budget)))


def temperature(board: Board) -> Finding:
    """The temperature of the board, which is too high from HOT_C on."""
    degrees = board.temperature_c()
    if degrees is None:
        return absent("temperature_none")
    if degrees >= HOT_C:
        return bad("temperature_hot", "cool", number=round(degrees), detail=f"from {HOT_C:g} degrees it slows down")
    detail = f"from {SLOW_C:g} degrees on fewer frames are processed" if degrees >= SLOW_C else ""
    return good("temperature", number=round(degrees), detail=detail)


def voltage(board: Board, cancel: threading.Event) -> Finding:
    """Whether the supply voltage is too low, or was since the start."""
    alarms, bits = board.voltage_alarms(), _throttled(cancel)
    low = [str(file) for file, is_low in alarms.items() if is_low]
    if low or (bits or 0) & UNDERVOLTAGE_NOW:
        return bad("faults.undervoltage", "power", detail=", ".join(low) or f"vcgencmd: throttled={bits:#x}")
    if (bits or 0) & UNDERVOLTAGE_SINCE_BOOT:
        return bad("voltage_was", "power", detail=f"since the last start; vcgencmd: throttled={bits:#x}")
    return absent("voltage_none") if not alarms and bits is None else good("voltage")


def _throttled(cancel: threading.Event) -> int | None:
    """The bits of `vcgencmd get_throttled` of a Raspberry Pi; None where there is no such command, or it fails."""
    if not shutil.which("vcgencmd"):
        return None
    try:
        done = run_child(["vcgencmd", "get_throttled"], b"", COMMAND_TIMEOUT_S, cancel)
    except VoiceError:
        return None
    found = re.search(rb"throttled=0x([0-9a-fA-F]+)", done.output) if done else None
    return int(found[1], 16) if found else None


@dataclass(frozen=True)
class System:
    """The service manager and the memory of a machine, by the files in which they show."""

    root: Path = SYSTEM
    """Where the kernel shows its devices (sysfs)."""
    booted: Path = BOOTED
    """See BOOTED."""
    meminfo: Path = MEMINFO
    """See MEMINFO."""

    @staticmethod
    def here() -> "System":
        """This machine's, or $EMOTION_ASSISTANT_SYS in tests."""
        return System(Path(os.environ.get("EMOTION_ASSISTANT_SYS", SYSTEM)))

    def memory(self, cancel: threading.Event) -> Finding:
        """How much memory is free, and whether the kernel enforces the limit that the units set (MemoryMax=)."""
        limited = [unit["Id"] for unit in self._units(cancel) if unit.get("MemoryMax", "infinity").isdecimal()]
        if limited and not self._controls_memory():
            how = "add cgroup_enable=memory to the one line of /boot/firmware/cmdline.txt"
            return bad("memory_unlimited", "limit", detail=f"MemoryMax= of {', '.join(limited)}: {how}")
        found = re.search(r"^MemAvailable: +(\d+) kB", self.meminfo.read_text("ascii"), re.MULTILINE)
        free = int(found[1]) // 1024 if found else 0
        if free < MIN_FREE_MIB:
            return bad("memory_little", "memory", number=free, detail=f"{MIN_FREE_MIB} are needed")
        return good("memory", number=free)

    def _controls_memory(self) -> bool:
        """Whether the kernel limits the memory of control groups."""
        control = self.root / "fs/cgroup"
        listed = control / "cgroup.controllers"
        if listed.is_file():
            return "memory" in listed.read_text("ascii").split()
        return (control / "memory").is_dir()  # the older kind of control groups

    def units(self, cancel: threading.Event) -> Finding:
        """Whether both services run, start at boot, and stay up."""
        try:
            units = [unit for unit in self._units(cancel, is_required=True) if unit.get("LoadState") != "not-found"]
        except VoiceError as err:
            return bad("units_silent", "restart", detail=str(err))
        return _state(units) if units else absent("units_none")

    def _units(self, cancel: threading.Event, *, is_required: bool = False) -> list[dict[str, str]]:
        """The properties of each unit; none without systemd. Raises VoiceError where systemd does not answer and
        is_required is set; else there are none then either."""
        if not self.booted.is_dir() or not shutil.which("systemctl"):
            return []
        try:
            done = run_child(["systemctl", "show", f"--property={PROPERTIES}", *UNITS], b"", COMMAND_TIMEOUT_S, cancel)
        except VoiceError:
            if is_required:
                raise
            return []
        blocks = done.output.decode("utf-8", "replace").strip().split("\n\n") if done else []
        found = [dict(line.partition("=")[::2] for line in block.splitlines()) for block in blocks]
        return [{key: unit.get(key, "") for key in PROPERTIES.split(",")} for unit in found if "Id" in unit]


def _state(units: list[dict[str, str]]) -> Finding:
    """The finding for the properties of the units: their most serious problem, if there is one."""
    if len(units) < len(UNITS):
        return bad("units_stopped", "install", detail=f"only {units[0]['Id']} is there")
    states = "; ".join(f"{unit['Id']}: {unit['ActiveState']}, {unit['UnitFileState']}" for unit in units)
    restarts = max(int(unit["NRestarts"]) if unit["NRestarts"].isdecimal() else 0 for unit in units)
    if any(unit["ActiveState"] not in ("active", "reloading") for unit in units):
        return bad("units_stopped", "start", detail=f"{states}; systemctl start {' '.join(UNITS)}")
    if any(not unit["UnitFileState"].startswith("enabled") for unit in units):
        return bad("units_disabled", "enable", detail=f"{states}; systemctl enable {' '.join(UNITS)}")
    if restarts >= MANY_RESTARTS:
        return bad("units_restarts", "journal", number=restarts, detail="journalctl -b -u 'emotion-assistant*'")
    return good("units", *(["units_restarts"] if restarts else []), number=restarts, detail=states)
