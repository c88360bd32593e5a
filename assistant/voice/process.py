"""The voice process: takes what vision has to say, speaks it, tells vision what became of it, and misses vision."""

import dataclasses
import logging
import math
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from assistant.config.settings import Settings
from assistant.errors import ControlError, IPCError
from assistant.faults import FaultAnnouncer, FaultTracker, fault_utterance
from assistant.ipc.link import Listener, control_socket
from assistant.ipc.messages import Answer, Ended, Heartbeat, Message, Stop, Withdraw
from assistant.records import Fate, Fault, FaultName, Priority, Utterance
from assistant.system.sd_notify import Notifier
from assistant.voice import controls, voices
from assistant.voice.audio.mixer import raise_volume
from assistant.voice.audio.player import Player
from assistant.voice.audio.sound_cards import SoundCardPlayer
from assistant.voice.commands import Desk
from assistant.voice.controls.gpio import CameraLed
from assistant.voice.monitors import POLL_S, BoardMonitor, IdleTick, VisionMonitor, Words
from assistant.voice.persistent_settings import PersistentSettings, state_file
from assistant.voice.shutdown import UncleanShutdownDetector, power_off
from assistant.voice.speech.fallback_voice import FallbackVoice
from assistant.voice.speech.outage import AudioOutage
from assistant.voice.speech.speaker import Speaker
from assistant.voice.vision_status import VisionStatus

log = logging.getLogger(__name__)

DRAIN_S, CLOSE_TIMEOUT_S = 0.95, 0.1
"""When told to stop: for what is waiting to be said, and for the voices to end."""
IDLE_TICK_S = 600.0
"""After so long without a word a soft tick tells that silence means: nothing to say, or muted, and not that it died."""
MIXER_CHECK_S = 3600.0
"""The card's own volume is looked at so often, and at the start."""


def serve(
    settings: Settings,
    socket_path: Path,
    words: Words,
    stop: threading.Event,
    *,
    player: Player | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Speak until `stop` is set, by the caller or by vision's `stop` message; then say what waits, for DRAIN_S.

    Raises IPCError if it cannot listen at socket_path.
    """
    VoiceProcess(settings, Listener(socket_path), words, stop, player=player, clock=clock).serve()


class VoiceProcess:
    """The parts of the voice put together."""

    def __init__(
        self,
        settings: Settings,
        listener: Listener,
        words: Words,
        stop: threading.Event,
        *,
        player: Player | None,
        clock: Callable[[], float],
    ) -> None:
        self._settings, self._listener, self._words = settings, listener, words
        self._stop, self._clock = stop, clock
        self._player = player or SoundCardPlayer(settings.voice.device, self._sound_card_switched)
        tracker = FaultTracker(announcements_s=0.0)  # `repeat` is not called: announced at once, or never
        self._faults = FaultAnnouncer(words, self._put, tracker)
        self._persistent = PersistentSettings(
            settings.voice.rate_wpm, settings.voice.volume, state_file(), self._settings_saved
        )
        self._idle_tick = IdleTick(
            words, self._put, clock, IDLE_TICK_S if settings.announcements.still_here else math.inf
        )
        self._outage = AudioOutage(words, self._put, clock)
        self._speaker = Speaker(self._make_voice(), on_fate=self._ended, on_trouble=_note, clock=clock)
        self._vision_monitor, self._board_monitor = (
            VisionMonitor(words, self._put, clock),
            BoardMonitor(words, self._put, clock),
        )
        self._desk = Desk(
            words,
            self._speaker,
            listener.send,
            lambda rate_wpm, volume: self._speaker.use(self._make_voice()),
            self._persistent,
            is_seeing=lambda: self._vision_monitor.is_seeing,
            facts=self._facts,
            switch_off=partial(power_off, command) if (command := settings.controls.shutdown_command) else None,
            clock=clock,
        )
        self._vision_status = VisionStatus()
        self._wrong: list[str] = []

    def serve(self) -> None:
        """Until told to stop."""
        troubles = self._open_camera_led()
        self._listener.start(self._take, self._vision_status.gone)
        pressed, more = controls.make(self._settings.controls, self._desk.do, control_socket())
        troubles |= more
        self._wrong = list(troubles)
        for name, detail in troubles.items():
            self._faults.announce(Fault(name, self._clock(), detail))
        notifier, shutdown_detector, mixer_at = Notifier(), UncleanShutdownDetector(), -math.inf
        if shutdown_detector.was_power_cut:
            self._say_status("interrupted")
        if shutdown_detector.did_voice_die:  # a recording told of it: this is its end
            self._faults.announce(Fault(FaultName.VOICE, self._clock(), is_over=True))
        notifier.ready()
        while not self._stop.wait(POLL_S):
            self._listener.send(Heartbeat(self._clock()))
            self._report(notifier)
            if self._clock() - mixer_at >= MIXER_CHECK_S:
                mixer_at = self._clock()
                if raise_volume(self._settings.voice.device):
                    self._say_status("volume")
            for watch in (self._vision_monitor, self._board_monitor, self._outage, self._desk):
                watch.look()
            if self._is_well:  # silence that means something else is not called nothing
                self._idle_tick.look(is_muted=self._desk.is_muted)
        notifier.stopping()
        for control in pressed:
            control.close()
        self._speaker.drain(DRAIN_S)
        self._speaker.close(CLOSE_TIMEOUT_S)
        self._listener.close()
        self._vision_status.close()
        shutdown_detector.close()

    def _open_camera_led(self) -> dict[FaultName, str]:
        """The camera's light, if one is set up; what is wrong with it."""
        pins = self._settings.camera.led
        try:
            self._vision_status = VisionStatus(CameraLed(pins[0]) if pins else None)
        except ControlError as err:
            return {FaultName.CAMERA_LED: str(err)}
        return {}

    def _make_voice(self) -> FallbackVoice:
        set_by_ear = dataclasses.replace(
            self._settings.voice, rate_wpm=self._persistent.rate_wpm, volume=self._persistent.volume
        )
        return voices.make_voice(set_by_ear, self._words.voice, self._player)

    def _facts(self) -> dict[str, bool | list[str]]:
        """What a program may know."""
        eyes = self._vision_status
        return {
            "sees": eyes.are_useful, "covered": eyes.are_covered, "camera": eyes.is_open, "faults": list(eyes.faults),
            "wrong": self._wrong,
        }  # fmt: skip

    def _take(self, message: Message) -> None:
        """What came over the link."""
        match message:
            case Utterance():
                if self._desk.passes(message):
                    self._put(message)
                else:
                    self._listener.send(Ended(message, Fate.DROPPED, self._clock()))
            case Answer():
                self._desk.answered(message.number, message.utterance)
            case Fault(name=FaultName.VISION, is_over=False):
                self._vision_monitor.gone(message.detail)
            case Fault():
                self._put(fault_utterance(self._words, message))
            case Withdraw():
                self._speaker.withdraw(message.topic)
            case Heartbeat():
                self._vision_monitor.beat(message.at)
                self._vision_status.beat(message)
            case Stop():
                self._stop.set()
            case _:
                raise IPCError(f"{type(message).__name__} is not for the voice")

    def _put(self, utterance: Utterance) -> None:
        self._speaker.put(utterance)

    def _ended(self, utterance: Utterance, fate: Fate, at: float) -> None:
        """What became of an utterance."""
        self._desk.ended(utterance, fate)
        self._idle_tick.heard(fate, at)
        self._outage.ended(utterance, fate, at)
        self._listener.send(Ended(utterance, fate, at))

    def _sound_card_switched(self, card: str) -> None:
        """The sound comes out of another card, or is back on its own."""
        self._faults.update(FaultName.SOUND_CARD, self._clock(), is_active=bool(card), detail=card)

    def _settings_saved(self, trouble: str) -> None:
        """What the wearer set could not be kept, or could again."""
        self._faults.update(FaultName.DISK, self._clock(), is_active=bool(trouble), detail=trouble)

    def _say_status(self, name: str) -> None:
        """Something about the box that must be heard."""
        self._put(Utterance(self._words.status(name), Priority.FAULT, name, None, name))

    @property
    def _is_well(self) -> bool:
        """Whether vision lives and sees something."""
        return self._vision_monitor.is_seeing and self._vision_status.are_useful

    def _report(self, notifier: Notifier) -> None:
        """Tell the service manager what the voice is doing, and that it works if it does."""
        seeing = (
            "seeing" if self._is_well else "without pictures" if self._vision_monitor.is_seeing else "without vision"
        )
        notifier.status("without sound" if self._outage.stands else "muted" if self._desk.is_muted else seeing)
        if self._speaker.is_working and self._listener.is_working:
            notifier.alive()


def _note(trouble: str) -> None:
    log.warning("voice %s", trouble)
