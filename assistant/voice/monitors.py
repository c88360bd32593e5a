"""The monitors of the voice process: whether vision works, the state that it reports, the board, and long silences."""

import logging
import math
from collections.abc import Callable
from typing import Protocol

from assistant.errors import ControlError
from assistant.faults import FaultAnnouncer, FaultTracker
from assistant.ipc.messages import Heartbeat
from assistant.records import Fate, FaultName, Priority, Utterance, UtteranceKind
from assistant.system.board import Board
from assistant.voice.controls.gpio import CameraLed
from assistant.voice.guide.script import GuidePhrases

log = logging.getLogger(__name__)

HEARTBEAT_TIMEOUT_S = 2.5
"""Seconds without a completed step after which vision counts as stopped: that is announced within 3 s."""
START_TIMEOUT_S = 18.0
"""Seconds after the start of the voice process without a step of vision after which a slow start is announced, so that
the wearer hears it within 20 s."""
RESTART_LOOP_REPEAT_S = 60.0
"""The least time, in seconds, between two announcements that the vision process stopped."""
POLL_S = 0.25
"""How often the monitors are polled, seconds."""
BOARD_POLL_S = 5.0
"""How often the board is read, seconds: its state changes no faster."""
BOARD_REPEAT_S = (600.0,)
"""Seconds after which a weak supply or heat that lasts is announced again: the wearer cannot always help it at once."""
BLINDING_FAULTS = frozenset(
    (
        FaultName.CAMERA,
        FaultName.CAMERA_LOST,
        FaultName.CAMERA_BUSY,
        FaultName.TORN,
        FaultName.BLACK,
        FaultName.BLANK,
        FaultName.DETECTOR,
        FaultName.STEP,
    )
)
"""Faults with which vision cannot see anybody; with all others it works on, with restrictions."""


class VoicePhrases(GuidePhrases, Protocol):
    """The sentences of a language, as far as the voice process needs them."""

    @property
    def voice(self) -> str:
        """The espeak-ng voice of the language."""
        ...

    def status(self, name: str) -> str: ...

    def outage(self, seconds: float) -> str: ...

    def fault(self, name: FaultName, *, is_over: bool = False) -> str: ...


class IdleTick:
    """A soft sound after a long silence: silence must not be ambiguous, also where the wearer asked for it."""

    def __init__(
        self, phrases: VoicePhrases, put: Callable[[Utterance], None], clock: Callable[[], float], interval_s: float
    ) -> None:
        """put: queues an utterance. interval_s: length of the silence, and from one tick to the next."""
        self._phrases, self._put, self._clock, self._interval_s = phrases, put, clock, interval_s
        self._last_sound_at = clock()

    def on_fate(self, fate: Fate, at: float) -> None:
        """An utterance ended at `at`; if anything of it was spoken, the silence begins anew."""
        if fate in (Fate.SPOKEN, Fate.INTERRUPTED):
            self._last_sound_at = at

    def poll(self, *, is_muted: bool) -> None:
        """Tick if that is due. is_muted: choose the sentence for a muted assistant, which is spoken where there is no
        earcon."""
        now = self._clock()
        if now - self._last_sound_at >= self._interval_s:
            self._last_sound_at = now
            text = self._phrases.status("muted") if is_muted else self._phrases.text("sounds", "still_here")
            note = "muted" if is_muted else "nothing to say"
            self._put(
                Utterance(text, Priority.STATUS, "tick", now + POLL_S, note, "still_here", kind=UtteranceKind.IDLE_TICK)
            )


class VisionMonitor:
    """Announces that the vision process has stopped, that it is back, and that its start takes long.

    Stopped: no completed step for HEARTBEAT_TIMEOUT_S, or at once when its exit is reported. Repeated while it lasts.
    """

    def __init__(self, phrases: VoicePhrases, put: Callable[[Utterance], None], clock: Callable[[], float]) -> None:
        """put: queues an utterance."""
        self._clock = clock
        tracker = FaultTracker(max_announcements=1, announcements_s=RESTART_LOOP_REPEAT_S)
        self._faults = FaultAnnouncer(phrases, put, tracker)
        self._started_at, self._last_step_at, self._exit_reason = clock(), -math.inf, ""

    @property
    def is_alive(self) -> bool:
        """Whether vision completed a step lately, with pictures or without."""
        return self._clock() - self._last_step_at <= HEARTBEAT_TIMEOUT_S

    def on_heartbeat(self, at: float) -> None:
        """Vision completed a step at `at`; a time in the future counts as now."""
        self._last_step_at, self._exit_reason = min(at, self._clock()), ""

    def on_exit(self, reason: str) -> None:
        """The supervisor reports that the vision process has ended."""
        self._last_step_at, self._exit_reason = -math.inf, reason or "the process has ended"

    def poll(self) -> None:
        """Compare the last step with the clock, and announce what follows."""
        now = self._clock()
        if self.is_alive:
            self._faults.end(FaultName.STARTING, now)
            self._faults.end(FaultName.VISION, now)
        elif self._exit_reason or self._last_step_at > -math.inf:
            reason = self._exit_reason or f"no step for {HEARTBEAT_TIMEOUT_S:.0f} s"
            self._faults.begin(FaultName.VISION, now, reason)
        elif now - self._started_at > START_TIMEOUT_S:
            self._faults.begin(FaultName.STARTING, now)


class BoardMonitor:
    """Announces that the power supply is weak or the board too hot, and when that is over."""

    def __init__(
        self,
        phrases: VoicePhrases,
        put: Callable[[Utterance], None],
        clock: Callable[[], float],
        board: Board | None = None,
    ) -> None:
        """put: queues an utterance. board: None: the one that this runs on."""
        self._clock, self._board = clock, board or Board()
        self._faults = FaultAnnouncer(phrases, put, FaultTracker(BOARD_REPEAT_S))
        self._next_at = clock()

    def poll(self) -> None:
        """Read the board, if that is due, and announce what has changed."""
        now = self._clock()
        if now < self._next_at:
            return
        self._next_at = now + BOARD_POLL_S
        self._faults.update_all(self._board.faults(), now)


class VisionStatus:
    """The state that vision reports: whether the camera is open, which faults are active; the camera's LED follows it.

    The last heartbeat is valid for as long as the process that sent it is connected. A vision process that hangs still
    holds the camera open, and the LED stays on; one that has ended holds nothing, and the system closes its camera and
    its end of the link together. An LED that went out with the first missed heartbeat would be dark while the camera
    still takes pictures. Updated from the link's thread; may be read from any.
    """

    def __init__(self, camera_led: CameraLed | None = None) -> None:
        """camera_led: None where none is set up."""
        self._camera_led = camera_led
        self.is_camera_open = False
        self.faults: tuple[FaultName, ...] = ()
        """The active faults of vision."""
        self._is_lens_covered = False

    @property
    def can_see(self) -> bool:
        """Whether people could be seen now."""
        return self._is_camera_working and not self._is_lens_covered

    @property
    def is_lens_covered(self) -> bool:
        """Whether the lens is covered, and that is all that keeps vision from seeing."""
        return self._is_camera_working and self._is_lens_covered

    @property
    def _is_camera_working(self) -> bool:
        return self.is_camera_open and BLINDING_FAULTS.isdisjoint(self.faults)

    def on_heartbeat(self, heartbeat: Heartbeat) -> None:
        """Vision reports its state."""
        self.faults, self._is_lens_covered = heartbeat.faults, heartbeat.is_lens_covered
        self._set_camera_open(heartbeat.is_camera_open)

    def on_disconnect(self) -> None:
        """The vision process that was connected no longer is; its successor will report its own state."""
        self.faults, self._is_lens_covered = (), False
        self._set_camera_open(False)

    def close(self) -> None:
        """Switch the LED off for good."""
        camera_led, self._camera_led = self._camera_led, None
        if camera_led is not None:
            camera_led.close()

    def _set_camera_open(self, is_open: bool) -> None:
        was_open, self.is_camera_open = self.is_camera_open, is_open
        camera_led = self._camera_led
        if camera_led is None or is_open == was_open:
            return
        try:
            camera_led.switch(is_on=is_open)
        except ControlError as err:  # the link works on; the doctor and the next start report the pin
            log.warning("%s", err)
