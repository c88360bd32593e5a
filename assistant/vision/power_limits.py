"""Limits of the pace: the budget of CPU time, and a board that grows hot or has too little voltage.

Both lengthen the time between two steps, at most to that of a still scene (`pace.STILL_INTERVAL_S`): fewer readings
would be too few for the decisions.
"""

import logging
import math
import time
from typing import NamedTuple

from assistant.config.settings import PowerSettings
from assistant.system.board import RESUME_C, SLOW_C, Board
from assistant.vision.cameras import Clock
from assistant.vision.pace import STILL_INTERVAL_S

log = logging.getLogger(__name__)

WINDOW_S = 2.0
"""Seconds over which CPU time is compared with the budget."""
FIRST_INTERVAL_S = 0.05
"""Seconds between two steps with which a limit begins; it ends where less than half of that would do."""
MAX_FACTOR = 2.0
"""The interval grows or shrinks at most so many times from window to window."""
VOLTAGE_HOLD_S = 60.0
"""Seconds without under-voltage after which the pace is as before: the alarm comes and goes with the load."""
CHECK_S = 5.0
"""Seconds between two checks of the board."""


class CpuBudget:
    """The interval between two steps with which CPU time stays within a share of one core. Pure."""

    interval_s: float
    """Seconds; 0: no limit is needed."""

    def __init__(self, share: float) -> None:
        """share: of one core; 0: no limit."""
        self._share, self.interval_s = share, 0.0
        self._began: tuple[float, float] | None = None

    def update(self, at: float, cpu_s: float) -> float:
        """The interval from `at` seconds on. cpu_s: CPU seconds of the process so far."""
        if not self._share:
            return 0.0
        if self._began is None or at < self._began[0]:
            self._began = at, cpu_s
        elapsed_s = at - self._began[0]
        if elapsed_s >= WINDOW_S:
            used = (cpu_s - self._began[1]) / elapsed_s / self._share
            wanted = max(self.interval_s, FIRST_INTERVAL_S if used > 1 else 0.0)
            wanted *= min(MAX_FACTOR, max(1 / MAX_FACTOR, used))
            self.interval_s = min(wanted, STILL_INTERVAL_S) if wanted >= FIRST_INTERVAL_S / 2 else 0.0
            self._began = at, cpu_s
        return self.interval_s


class BoardStrain:
    """Whether the board is about to be throttled, or has too little voltage, with hysteresis."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._is_hot, self._low_until = False, -math.inf

    def update(self, at: float) -> str:
        """Why the pace is to be slower at `at` seconds, for the log; empty where it need not be."""
        degrees = self._board.temperature_c() or 0.0
        self._is_hot = degrees >= (RESUME_C if self._is_hot else SLOW_C)
        if any(self._board.voltage_alarms().values()):
            self._low_until = at + VOLTAGE_HOLD_S
        if self._is_hot:
            return f"the board is hot (from {SLOW_C:g} to below {RESUME_C:g} degrees)"
        return "the board has too little voltage" if at < self._low_until else ""


class _Reason(NamedTuple):
    """What limits the pace."""

    text: str = ""
    is_at_floor: bool = False


class PowerLimits:
    """The least interval between two steps, and what the log says of it."""

    def __init__(self, settings: PowerSettings, board: Board, cpu_clock: Clock = time.process_time) -> None:
        """cpu_clock: CPU seconds of this process."""
        self._budget, self._strain, self._cpu_clock = CpuBudget(settings.cpu_share), BoardStrain(board), cpu_clock
        self._share = settings.cpu_share
        self._check_at, self._strained, self._told = -math.inf, "", _Reason()

    def __call__(self, now: float) -> float:
        """Least seconds between two steps, at `now` (seconds); 0: no limit."""
        if now >= self._check_at:
            self._check_at, self._strained = now + CHECK_S, self._strain.update(now)
        interval_s = self._budget.update(now, self._cpu_clock())
        reason = _Reason()
        if self._strained:
            reason, interval_s = _Reason(self._strained, True), STILL_INTERVAL_S
        elif interval_s:
            reason = _Reason(f"power.cpu_share is {self._share:g}", interval_s >= STILL_INTERVAL_S)
        self._tell(reason)
        return interval_s

    def _tell(self, reason: _Reason) -> None:
        """Log a limit that begins, reaches the slowest pace or ends."""
        if reason == self._told:
            return
        is_lower = reason.text != self._told.text or reason.is_at_floor
        if reason.text and is_lower:
            least = f"{1 / STILL_INTERVAL_S:g} steps a second, the fewest" if reason.is_at_floor else "fewer steps"
            log.warning("slower: %s; %s", reason.text, least)
        elif not reason.text:
            log.info("not slower any more: %s", self._told.text)
        self._told = reason
