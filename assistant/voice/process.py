"""The voice process: speaks what vision sends, reports the fate of each utterance, and notices when vision stops."""

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
from assistant.ipc.link import LinkServer
from assistant.ipc.messages import Answer, Heartbeat, Message, Stop, UtteranceEnded, Verbosity, Withdraw
from assistant.ipc.socket_paths import control_socket
from assistant.records import Fate, Fault, FaultName, Priority, Utterance
from assistant.system.sd_notify import Notifier
from assistant.voice import controls
from assistant.voice.aiming import AimEnded, AimingVoice, AimPosition, AimTone, has_one_side
from assistant.voice.asking.host import AskingHost, enabled_questions
from assistant.voice.audio.mixer import raise_volume
from assistant.voice.audio.player import Player
from assistant.voice.audio.sound_cards import SoundCardPlayer, preferred_device
from assistant.voice.commands import CommandHandler
from assistant.voice.controls.button_map import GestureCommands, Press
from assistant.voice.controls.gpio import CameraLed
from assistant.voice.guide.host import GuideHost
from assistant.voice.haptic_devices import NO_VIBRATOR, open_vibrator
from assistant.voice.listening.monitor import TalkMonitor
from assistant.voice.monitors import (
    POLL_S,
    BoardMonitor,
    IdleTick,
    VisionMonitor,
    VisionStatus,
    VoicePhrases,
)
from assistant.voice.persistent_settings import PersistentSettings, state_file
from assistant.voice.setting_faults import SettingFaults
from assistant.voice.shutdown import UncleanShutdownDetector, power_off
from assistant.voice.speech.fallback_voice import FallbackVoice
from assistant.voice.speech.outage import AudioOutage
from assistant.voice.speech.speaker import Speaker
from assistant.voice.voices import make_voice

log = logging.getLogger(__name__)

DRAIN_S, CLOSE_TIMEOUT_S = 0.95, 0.1
"""At the end: seconds for queued utterances to be spoken, and for the voices to stop."""
IDLE_TICK_S = 600.0
"""Seconds of silence after which a soft tick tells an assistant that has nothing to say, or is muted, from a box that
does not work."""
MIXER_CHECK_S = 3600.0
"""How often the sound card's own volume is checked, seconds; the first time at the start."""


def run_voice(
    settings: Settings,
    socket_path: Path,
    phrases: VoicePhrases,
    stop: threading.Event,
    *,
    player: Player | None = None,
    spoken_name: Callable[[str], str] = str,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Speak until `stop` is set, by the caller or by vision's `stop` message; then drain the queue for DRAIN_S.

    player: None: the configured sound card. spoken_name(name): how a thing to find is said. Raises IPCError if it
    cannot listen at socket_path.
    """
    link = LinkServer(socket_path)
    VoiceProcess(settings, link, phrases, stop, player=player, spoken_name=spoken_name, clock=clock).run()


class VoiceProcess:
    """All parts of the voice process, connected."""

    def __init__(
        self,
        settings: Settings,
        link: LinkServer,
        phrases: VoicePhrases,
        stop: threading.Event,
        *,
        player: Player | None,
        spoken_name: Callable[[str], str],
        clock: Callable[[], float],
    ) -> None:
        self._settings, self._link, self._phrases = settings, link, phrases
        self._stop, self._clock = stop, clock
        tracker = FaultTracker(announcements_s=0.0)  # `repeat` is not called: announced at once, or never
        self._faults = FaultAnnouncer(phrases, self._put, tracker)
        self._setting_faults = SettingFaults(settings.voice.device, self._faults, clock)
        self._player = player or SoundCardPlayer(settings.voice.device, self._setting_faults.on_sound_card)
        configured, verbosity = settings.voice, settings.announcements.verbosity
        self._persistent = PersistentSettings(
            configured.rate_wpm, configured.volume, state_file(), partial(self._on_result, FaultName.DISK),
            verbosity=verbosity,
        )  # fmt: skip
        self._is_verbosity_chosen = bool(self._persistent.verbosity)
        tick_interval_s = IDLE_TICK_S if settings.announcements.still_here else math.inf
        self._idle_tick = IdleTick(phrases, self._put, clock, tick_interval_s)
        self._outage = AudioOutage(phrases, self._put, clock)
        self._vibrator = NO_VIBRATOR
        self._aiming = AimingVoice(AimTone(clock), phrases, self._put, partial(has_one_side, settings.voice, stop))
        self._speaker = Speaker(
            self._make_voice(), on_fate=self._on_fate, on_start=self._on_start, clock=clock,
            on_error=partial(log.warning, "voice %s"),
        )  # fmt: skip
        self._talk_monitor = TalkMonitor(settings.listen, phrases, self._put, self._speaker.hear, clock)
        self._vision_monitor = VisionMonitor(phrases, self._put, clock)
        self._board_monitor = BoardMonitor(phrases, self._put, clock)
        self._opened: tuple[controls.Control, ...] = ()
        self._guide = GuideHost(
            phrases, self._speaker, self._persistent, self._keys, clock, verbosity=verbosity,
            has_skills=bool(enabled_questions(settings)), names_friends=settings.friends.enabled,
        )  # fmt: skip
        self._asking = AskingHost(
            settings, phrases, self._speaker, link.send, search=self._aiming, spoken_name=spoken_name,
            run_command=lambda command, argument="": self._commands.handle(command, argument),
            is_vision_alive=lambda: self._vision_monitor.is_alive, clock=clock,
        )  # fmt: skip
        self._commands = CommandHandler(
            phrases, self._speaker, link.send,
            lambda rate_wpm, volume: self._speaker.use_voice(self._make_voice()),
            self._persistent, is_vision_alive=lambda: self._vision_monitor.is_alive,
            facts=self._facts, guide=self._guide, asking=self._asking, begin_aiming=self._aiming.begin, clock=clock,
            power_off=partial(power_off, command) if (command := settings.controls.shutdown_command) else None,
        )  # fmt: skip
        self._vision_status = VisionStatus()
        self._not_opened: list[str] = []

    def run(self) -> None:
        """Serve until `stop` is set."""
        failed = self._open_pins()
        self._link.start(self._on_message, self._on_disconnect)
        self._opened, not_opened = controls.make(
            self._settings.controls, self._commands.handle, control_socket(),
            partial(self._setting_faults.on_setting, "media_keys"), self._take_press,
        )  # fmt: skip
        failed |= not_opened
        self._not_opened = list(failed)
        for name, detail in failed.items():
            self._faults.announce(Fault(name, self._clock(), detail))
        notifier, last_run, mixer_checked_at = Notifier(), UncleanShutdownDetector(), -math.inf
        if last_run.was_power_cut:
            self._announce_status("power_cut")
        if last_run.did_voice_crash:  # the service manager announced it by a recording: this is its end
            self._faults.announce(Fault(FaultName.VOICE, self._clock(), is_over=True))
        notifier.ready()
        while not self._stop.wait(POLL_S):
            self._link.send(Heartbeat(self._clock()))
            self._send_verbosity()
            self._notify(notifier)
            if self._clock() - mixer_checked_at >= MIXER_CHECK_S:
                mixer_checked_at = self._clock()
                if raise_volume(preferred_device(self._settings.voice.device, self._stop)):
                    self._announce_status("volume_raised")
            for monitor in (
                self._vision_monitor, self._board_monitor, self._outage, self._commands, self._guide,
                self._talk_monitor, self._asking,
            ):  # fmt: skip
                monitor.poll()
            if self._can_see:  # else the silence has another meaning than nothing to say
                self._idle_tick.poll(is_muted=self._commands.is_muted)
        notifier.stopping()
        for control in self._opened:
            control.close()
        self._talk_monitor.close()
        self._speaker.drain(DRAIN_S)
        self._speaker.close(CLOSE_TIMEOUT_S)
        self._vibrator.close()
        self._link.close()
        self._vision_status.close()
        last_run.close()

    def _open_pins(self) -> dict[FaultName, str]:
        """Open the camera's LED and the vibration device, if set up; the faults of those that fail, with details."""
        failed, led = {}, self._settings.camera.led
        try:
            self._vision_status = VisionStatus(CameraLed(led[0], winks=self._settings.friends.enabled) if led else None)
        except ControlError as err:
            failed[FaultName.CAMERA_LED] = str(err)
        try:
            self._vibrator = open_vibrator(self._settings.haptics, partial(self._on_result, FaultName.HAPTICS))
        except ControlError as err:
            failed[FaultName.HAPTICS] = str(err)
        return failed

    def _keys(self) -> dict[str, GestureCommands]:
        """The keys that there are, the box's own buttons first."""
        return {name: row for control in self._opened for name, row in control.keys.items()}

    def _send_verbosity(self) -> None:
        """Tell vision which verbosity the wearer has chosen, again and again, for vision may have started anew."""
        self._is_verbosity_chosen |= bool(self._persistent.verbosity)
        if self._is_verbosity_chosen:
            self._link.send(Verbosity(self._persistent.verbosity))

    def _make_voice(self) -> FallbackVoice:
        """The configured voice at the rate and volume that the wearer has set."""
        rate_wpm, volume = self._persistent.rate_wpm, self._persistent.volume
        settings = dataclasses.replace(self._settings.voice, rate_wpm=rate_wpm, volume=volume)
        refuse = self._setting_faults.on_refused
        return make_voice(settings, self._phrases.voice, self._player, refuse, self._aiming.tone)

    def _facts(self) -> dict[str, bool | str | list[str]]:
        """The state of vision, controls and listening for programs, see Command.FACTS."""
        status = self._vision_status
        return {
            "seeing": status.can_see, "lens_covered": status.is_lens_covered,
            "camera": status.is_camera_open, "faults": list(status.faults), "start_faults": self._not_opened,
            **self._talk_monitor.facts(),
        }  # fmt: skip

    def _on_message(self, message: Message) -> None:
        """A message from vision or its supervisor. Raises IPCError for one that is not for the voice."""
        if self._asking.take(message):
            return
        match message:
            case Utterance():
                if self._commands.allows(message):
                    self._put(message)
                else:
                    self._link.send(UtteranceEnded(message, Fate.DROPPED, self._clock()))
            case Answer():
                self._commands.answered(message.question_id, message.utterance)
            case AimPosition() | AimEnded():
                self._aiming.take(message)
            case Fault(name=FaultName.VISION, is_over=False):
                self._vision_monitor.on_exit(message.detail)
            case Fault():
                self._put(fault_utterance(self._phrases, message))
            case Withdraw():
                self._speaker.withdraw(message.topic)
            case Heartbeat():
                self._vision_monitor.on_heartbeat(message.at)
                self._vision_status.on_heartbeat(message)
            case Stop():
                self._stop.set()
            case _:
                raise IPCError(f"{type(message).__name__} is not for the voice")

    def _on_disconnect(self) -> None:
        self._vision_status.on_disconnect()
        self._asking.vision_is_gone()

    def _take_press(self, press: Press) -> bool:
        return self._guide.take_press(press) or self._asking.take_press(press)

    def _put(self, utterance: Utterance) -> None:
        self._speaker.put(utterance)

    def _on_start(self, utterance: Utterance, at: float) -> None:
        self._talk_monitor.on_start(utterance)
        self._vibrator.begin(utterance)

    def _on_fate(self, utterance: Utterance, fate: Fate, at: float) -> None:
        """An utterance has ended."""
        self._talk_monitor.on_end(utterance, fate)
        self._commands.ended(utterance, fate)
        self._guide.ended(utterance, fate)
        self._asking.ended(utterance, fate)
        self._aiming.ended(utterance, fate)
        self._idle_tick.on_fate(fate, at)
        self._outage.on_fate(utterance, fate, at)
        self._setting_faults.on_fate(fate)
        self._link.send(UtteranceEnded(utterance, fate, at))

    def _on_result(self, fault: FaultName, error: str) -> None:
        """The part that this fault stands for has failed, or works (an empty error)."""
        self._faults.update(fault, self._clock(), is_active=bool(error), detail=error)

    def _announce_status(self, name: str) -> None:
        """Announce a sentence about the box with the priority of a fault, so that muting does not suppress it."""
        self._put(Utterance(self._phrases.status(name), Priority.FAULT, name, None, name))

    @property
    def _can_see(self) -> bool:
        """Whether vision is alive and people could be seen."""
        return self._vision_monitor.is_alive and self._vision_status.can_see

    def _notify(self, notifier: Notifier) -> None:
        """Report the state of the voice to the service manager, and feed its watchdog while the voice works."""
        unseen = "without pictures" if self._vision_monitor.is_alive else "without vision"
        heard = "muted" if self._commands.is_muted else "seeing" if self._can_see else unseen
        notifier.status("without sound" if self._outage.is_active else heard)
        if self._speaker.is_working and self._link.is_working:
            notifier.alive()
