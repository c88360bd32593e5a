"""Heat, clock, throttling and power of the board: a figure from a hot or throttled board is not one of the board.

All is read where it can be, from the kernel's files and Raspberry Pi's `vcgencmd`; what cannot be read is None, and
told as not measured.
"""

import contextlib
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.system.board import Board
from assistant.system.child_process import english_environment

VCGENCMD = ("usr/bin/vcgencmd", "opt/vc/bin/vcgencmd", "bin/vcgencmd")
"""Where Raspberry Pi OS keeps the program that asks the firmware."""
LIMIT_S = 2.0
"""Seconds for one answer of `vcgencmd`; it takes some milliseconds."""
THROTTLED_NOW = {
    0: "under-voltage",
    1: "frequency capped",
    2: "throttled",
    3: "soft temperature limit",
}
"""Meaning of the lowest bits of `get_throttled`; 16 bits above stands that it has happened since the board started."""
SINCE_START = 16
RAIL = re.compile(r"(\w+)_([AV]) (?:current|volt)\(\d+\)=([\d.]+)[AV]")
"""A line of `vcgencmd pmic_read_adc` (Raspberry Pi 5): current or voltage of one supply rail."""


@dataclass(frozen=True)
class BoardState:
    """What could be read at one moment; None: it could not."""

    temperature_c: float | None
    """Of the warmest thermal zone."""
    clock_mhz: float | None
    """Of the fastest core."""
    max_clock_mhz: float | None
    """The highest clock that the board allows."""
    governor: str | None
    """Who chooses the clock: "performance", "ondemand", …"""
    throttled: tuple[str, ...] | None
    """What slows the board now; empty: nothing does."""
    throttled_before: tuple[str, ...] | None
    """What has slowed it since it started."""
    watts: float | None
    watts_from: str
    """The sensor, or why there is no figure."""


class StateReader:
    """Reads the state of the board. root: where its files are; tests have a folder of their own."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._board = Board() if root == Path("/") else Board(root / "sys")
        self._vcgencmd = next((str(root / each) for each in VCGENCMD if (root / each).is_file()), None)

    def read(self) -> BoardState:
        """The state now. Takes some milliseconds, a tenth of a second where the firmware is asked."""
        now, before = self._throttled()
        watts, source = self.watts()
        cpus = self._root / "sys/devices/system/cpu"
        return BoardState(
            self._temperature(),
            self._fastest(cpus.glob("cpu[0-9]*/cpufreq/scaling_cur_freq")) or self._firmware_clock(),
            self._fastest(cpus.glob("cpu[0-9]*/cpufreq/scaling_max_freq")),
            next((_text(each) for each in sorted(cpus.glob("cpu[0-9]*/cpufreq/scaling_governor"))), None),
            now,
            before,
            watts,
            source,
        )

    def watts(self) -> tuple[float | None, str]:
        """Power that is drawn now, and the sensor that says so; None and the reason where there is none.

        A power meter of the kernel (INA219, INA226, … under hwmon) comes first, then the supply rails that a Raspberry
        Pi 5 measures itself, which leave out what USB devices take.
        """
        for sensor in sorted(self._root.glob("sys/class/hwmon/hwmon*")):
            if (power := self._sensor_watts(sensor)) is not None:
                return power, f"hwmon {_text(sensor / 'name') or sensor.name}"
        rails: dict[str, dict[str, float]] = {}
        for rail, unit, value in RAIL.findall(self._ask("pmic_read_adc") or ""):
            rails.setdefault(rail, {})[unit] = float(value)
        if both := [each["A"] * each["V"] for each in rails.values() if len(each) == 2]:
            return round(sum(both), 3), "the supply rails of the board (vcgencmd pmic_read_adc), without USB"
        return None, "not measured: no sensor"

    def _sensor_watts(self, sensor: Path) -> float | None:
        if (microwatts := _number(sensor / "power1_input")) is not None:
            return microwatts / 1e6
        volts, ampere = (_number(sensor / each) for each in ("in1_input", "curr1_input"))
        return None if volts is None or ampere is None else volts * ampere / 1e6

    def _temperature(self) -> float | None:
        if (degrees := self._board.temperature_c()) is not None:
            return degrees
        found = re.search(r"temp=([\d.]+)", self._ask("measure_temp") or "")
        return float(found[1]) if found else None

    def _fastest(self, files: Iterator[Path]) -> float | None:
        return max((number / 1000 for each in files if (number := _number(each)) is not None), default=None)

    def _firmware_clock(self) -> float | None:
        found = re.search(r"=(\d+)", self._ask("measure_clock", "arm") or "")
        return int(found[1]) / 1e6 if found else None

    def _throttled(self) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
        """What slows the board now, and what has since it started. Other boards than a Raspberry Pi tell neither, but
        for a voltage alarm."""
        found = re.search(r"throttled=(0x[0-9a-fA-F]+)", self._ask("get_throttled") or "")
        if found:
            bits = int(found[1], 16)
            now = tuple(name for bit, name in THROTTLED_NOW.items() if bits >> bit & 1)
            return now, tuple(name for bit, name in THROTTLED_NOW.items() if bits >> (bit + SINCE_START) & 1)
        alarms = self._board.voltage_alarms()
        return (tuple({"under-voltage"} if any(alarms.values()) else ()), None) if alarms else (None, None)

    def _ask(self, *question: str) -> str | None:
        """The answer of the firmware; None where it cannot be asked."""
        if self._vcgencmd is None:
            return None
        with contextlib.suppress(OSError, subprocess.SubprocessError, UnicodeDecodeError):
            done = subprocess.run(
                [self._vcgencmd, *question], capture_output=True, text=True, timeout=LIMIT_S, check=True,
                env=english_environment(),
            )  # fmt: skip
            return done.stdout
        return None


def _text(file: Path) -> str | None:
    """The text in a file of the kernel; None where it cannot be read."""
    try:
        return file.read_text("ascii").strip()
    except (OSError, ValueError):
        return None


def _number(file: Path) -> int | None:
    """The number in a file of the kernel; None where it cannot be read or is no number."""
    try:
        return int(_text(file) or "")
    except ValueError:
        return None
