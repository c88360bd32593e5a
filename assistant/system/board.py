"""The board that we run on: whether its power is weak or it is too hot, read from the kernel's own files.

Raspberry Pi's under-voltage driver sets `in0_lcrit_alarm` of the hwmon device named rpi_volt; other boards call theirs
otherwise, so any critical voltage alarm counts. Where a board has no such file, nothing is known and nothing is said.
"""

import os
from pathlib import Path

HOT_C = 80.0
"""At 80 degrees a Raspberry Pi begins to slow down."""
COOL_C = 75.0
"""Below this it is over."""
SYSTEM = Path("/sys")


class Board:
    """Looks when it is asked. root: where the kernel shows its devices, $EMOTION_ASSISTANT_SYS in tests."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = root or Path(os.environ.get("EMOTION_ASSISTANT_SYS", SYSTEM))
        self._is_hot = False

    def alarms(self) -> dict[Path, bool]:
        """The voltages that are watched, each with whether it is critically low."""
        files = sorted(self._root.glob("class/hwmon/hwmon*/in*_lcrit_alarm"))
        return {file: number == 1 for file in files if (number := _number(file)) is not None}

    def degrees(self) -> float | None:
        """The temperature of the warmest zone, None where there is none."""
        numbers = [_number(zone) for zone in self._root.glob("class/thermal/thermal_zone*/temp")]
        return max((number / 1000 for number in numbers if number is not None), default=None)

    def troubles(self) -> dict[str, str]:
        """What is wrong now: names of faults, with the detail for the log."""
        low = [str(file) for file, is_low in self.alarms().items() if is_low]
        found = {"power": f"{', '.join(low)}: under-voltage"} if low else {}
        degrees = self.degrees() or 0.0
        self._is_hot = degrees >= (COOL_C if self._is_hot else HOT_C)
        if self._is_hot:
            found["hot"] = f"{degrees:.0f} degrees"
        return found


def _number(file: Path) -> int | None:
    """What a file of the kernel says, None where it says nothing that is a number."""
    try:
        return int(file.read_text("ascii"))
    except (OSError, ValueError):
        return None
