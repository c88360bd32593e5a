"""Facts of the board that the assistant runs on, read from the kernel's own files: name, under-voltage, temperature.

Raspberry Pi's under-voltage driver sets `in0_lcrit_alarm` of the hwmon device named rpi_volt; other boards use other
names, so any critical voltage alarm counts. A board that has no such file has no such fault.
"""

import os
from pathlib import Path

from assistant.records import FaultName

HOT_C = 80.0
"""From this temperature on, the fault OVERHEATING is active: a Raspberry Pi begins to slow down at 80 degrees."""
COOL_C = 75.0
"""Below this temperature the fault is over (hysteresis)."""
SLOW_C, RESUME_C = 75.0, 70.0
"""Degrees from which on fewer frames are processed, before the board itself slows down; and below which as many are as
before."""
SYSTEM = Path("/sys")
"""Where the kernel shows its devices."""


class Board:
    """Reads the kernel's files each time that it is asked."""

    def __init__(self, root: Path | None = None) -> None:
        """root: where the kernel shows its devices; default: $EMOTION_ASSISTANT_SYS (set by tests), else /sys."""
        self._root = root or Path(os.environ.get("EMOTION_ASSISTANT_SYS", SYSTEM))
        self._is_hot = False

    def name(self) -> str:
        """The name of the board as its firmware gives it, such as "Raspberry Pi 5 Model B Rev 1.0"; empty on a PC."""
        try:
            return (self._root / "firmware/devicetree/base/model").read_bytes().rstrip(b"\0").decode("utf-8", "replace")
        except OSError:
            return ""

    def voltage_alarms(self) -> dict[Path, bool]:
        """The alarm file of each supply voltage that is monitored, and whether that voltage is critically low."""
        files = sorted(self._root.glob("class/hwmon/hwmon*/in*_lcrit_alarm"))
        return {file: number == 1 for file in files if (number := _read_number(file)) is not None}

    def temperature_c(self) -> float | None:
        """The temperature of the warmest thermal zone, degrees Celsius; None where there is none."""
        numbers = [_read_number(zone) for zone in self._root.glob("class/thermal/thermal_zone*/temp")]
        return max((number / 1000 for number in numbers if number is not None), default=None)

    def faults(self) -> dict[FaultName, str]:
        """The names of the faults that are active now (UNDERVOLTAGE, OVERHEATING), each with the detail for the log."""
        low = [str(file) for file, is_low in self.voltage_alarms().items() if is_low]
        found = {FaultName.UNDERVOLTAGE: f"{', '.join(low)}: under-voltage"} if low else {}
        degrees = self.temperature_c() or 0.0
        self._is_hot = degrees >= (COOL_C if self._is_hot else HOT_C)
        if self._is_hot:
            found[FaultName.OVERHEATING] = f"{degrees:.0f} degrees"
        return found


def _read_number(file: Path) -> int | None:
    """The number in a file of the kernel, None where it cannot be read or is no number."""
    try:
        return int(file.read_text("ascii"))
    except (OSError, ValueError):
        return None
