"""The checkup: every check in turn, each within its time limit, its finding spoken and printed when it ends."""

import json
import logging
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TextIO

from assistant.config.settings import Settings
from assistant.config.settings_file import BOOT_FILE, SYSTEM_FILE
from assistant.dataclass import dataclass
from assistant.doctor import finding as findings
from assistant.doctor import service_access, skills
from assistant.doctor.finding import Finding, absent, bad, good
from assistant.doctor.isolated_check import run_isolated
from assistant.doctor.presses import PressListener
from assistant.doctor.running_assistant import RunningAssistant
from assistant.doctor.sound_choice import SoundChoice
from assistant.doctor.speech import FindingSpeaker, SpeechCheck
from assistant.doctor.system import System, profile, temperature, voltage
from assistant.errors import ConfigError
from assistant.phrases import Phrases
from assistant.phrases import load as load_locale
from assistant.skills.registry import enabled_skills
from assistant.skills.session import SkillName
from assistant.system.account import children_as
from assistant.system.board import Board
from assistant.voice.controls.button_map import BUTTONS, MEDIA_KEYS
from assistant.voice.guide import script

log = logging.getLogger(__name__)

KILL_MARGIN_S = 2.0
"""An isolated check gets this much less time than the check that waits for it, so that it can be killed in time."""
Examine = Callable[[threading.Event], Finding]


@dataclass(frozen=True)
class Check:
    """One check of the checkup."""

    name: str
    examine: Examine
    """Makes the check; the event is set when the time is over."""
    limit_s: float = 8.0
    """Seconds that it may take."""
    broken: str = "late"
    """Key of the sentence where it took longer, or raised an exception."""
    advice: str = "restart"
    """Key of the advice that goes with it."""

    def finding(self, stop: threading.Event) -> Finding:
        """Make the check; its finding, or `broken` where it takes longer than `limit_s` or raises an exception."""
        cancel, found = threading.Event(), []  # type: threading.Event, list[Finding]

        def work() -> None:
            try:
                found.append(self.examine(cancel))
            except Exception as err:  # a check that fails is a finding, and the next one follows
                log.debug("check %s", self.name, exc_info=True)
                found.append(bad(self.broken, self.advice, detail=f"{type(err).__name__}: {err}"))

        worker = threading.Thread(target=work, name=f"check {self.name}", daemon=True)
        end_at = time.monotonic() + self.limit_s
        worker.start()
        while worker.is_alive() and time.monotonic() < end_at and not stop.is_set():
            worker.join(0.05)
        cancel.set()
        return found[0] if found else bad(self.broken, self.advice, detail=f"did not end within {self.limit_s:g} s")


def checks(
    settings: Settings,
    mistakes: str,
    speech: SpeechCheck,
    was_felt: Callable[[threading.Event], bool | None] = lambda cancel: None,
) -> tuple[Check, ...]:
    """Every check, in the order of the report.

    mistakes: what is wrong with the user's settings. was_felt(cancel): asks whether the vibration was felt; None: that
    is not asked.
    """
    running, board, system = RunningAssistant.find(), Board(), System.here()

    def isolated(name: str, limit_s: float, broken: str, advice: str, *first: Callable[[], Finding | None]) -> Check:
        def examine(cancel: threading.Event) -> Finding:
            failed = partial(_failed, broken, advice)
            return next(filter(None, (each() for each in first)), None) or run_isolated(
                name, settings, failed, limit_s - KILL_MARGIN_S, cancel
            )

        return Check(name, examine, limit_s, broken, advice)

    def pins(name: str, is_set: bool) -> Callable[[], Finding | None]:
        return lambda: running.pins(name) if is_set else absent(f"{name}_none")

    def no_microphone() -> Finding | None:
        return None if settings.listen.enabled else absent("microphone_none", detail="listen.enabled is false")

    def voice(cancel: threading.Event) -> Finding:
        return service_access.closed_voice(settings) or speech.voice(cancel)

    def haptics(cancel: threading.Event) -> Finding:
        found = vibration.examine(cancel)
        is_asked = found.ok and bool(settings.haptics.device) and not running.is_there
        return (
            good("haptics", "haptics_unfelt", detail=found.detail) if is_asked and was_felt(cancel) is False else found
        )

    def closed(find: Callable[[Settings], Finding | None]) -> Callable[[], Finding | None]:
        return partial(find, settings)

    def skill(name: SkillName) -> Check:
        broken = f"skill_failures.missing_{name}"
        return isolated(
            name, 30.0, broken, "skills", partial(skills.off, settings, name), partial(skills.unreachable, name)
        )

    none = Check("skills", lambda cancel: absent("skills_none"))
    vibration = isolated("haptics", 20.0, "faults.haptics", "pins", pins("haptics", bool(settings.haptics.device)))
    return (
        Check("voice", voice, 20.0, "voice_none", "voice"),
        Check("sound", speech.sound, 120.0, "sound_silent", "sound"),
        Check("settings", lambda cancel: _settings(mistakes)),
        isolated("imports", 90.0, "imports_broken", "install"),
        isolated("camera", 40.0, "camera_none", "camera", closed(service_access.closed_source), running.camera),
        isolated("detector", 60.0, "faults.detector", "install", closed(service_access.closed_detector)),
        isolated("occlusion", 60.0, "faults.occlusion", "install"),
        isolated("model", 60.0, "faults.model", "install", closed(service_access.closed_model)),
        isolated("buttons", 20.0, "faults.buttons", "pins", pins("buttons", bool(settings.controls.buttons))),
        isolated("camera_led", 20.0, "faults.camera_led", "pins", pins("camera_led", bool(settings.camera.led))),
        isolated("microphone", 20.0, "faults.microphone", "microphone", no_microphone, running.microphone),
        Check("haptics", haptics, 40.0, "faults.haptics", "pins"),
        *(map(skill, SkillName) if enabled_skills(settings) else (none,)),
        Check("profile", lambda cancel: profile(board, settings)),
        Check("temperature", lambda cancel: temperature(board)),
        Check("voltage", partial(voltage, board)),
        Check("memory", system.memory),
        Check("units", system.units, broken="units_silent"),
        Check("guide", lambda cancel: _guide(settings)),
    )


def _failed(broken: str, advice: str, reason: str) -> Finding:
    return bad(broken, advice, detail=reason)


def _settings(mistakes: str) -> Finding:
    if mistakes:
        return bad("settings_wrong", "settings", detail="; ".join(mistakes.splitlines()))
    return service_access.closed_settings((BOOT_FILE, SYSTEM_FILE)) or good("settings")


def _guide(settings: Settings) -> Finding:
    """The spoken guide, for the buttons that are set up, else for a headset."""
    rows = BUTTONS.get(len(settings.controls.buttons), ())
    keys = {f"button {number}": row for number, row in enumerate(rows, 1)} or MEDIA_KEYS
    steps = script.guide(load_locale(settings.announcements.locale, settings.announcements.wording), keys)
    practices = sum(step.practice is not None for step in steps)
    return good("guide", detail=f"emotion-assistant guide: {len(steps)} steps, {practices} with practice")


def usable_settings(err: ConfigError) -> Settings:
    """The settings to check where the user's are wrong: their valid values, with defaults for the others."""
    return err.usable if isinstance(err.usable, Settings) else Settings()


def checkup(
    settings: Settings,
    mistakes: str,
    stop: threading.Event,
    *,
    file: Path | None = None,
    is_quiet: bool = False,
    as_json: bool = False,
    out: TextIO | None = None,
) -> int:
    """Run every check, speak and print its finding; returns the exit code: 0 if all is well, else 1. As root, what it
    starts has the rights of the service's user.

    mistakes: what is wrong with the user's settings, a line each; empty where nothing is. is_quiet: print only.
    file: the settings file that the user named.
    """
    phrases = load_locale(settings.announcements.locale, settings.announcements.wording)
    report = Report(phrases, as_json, out or sys.stdout)
    choice = SoundChoice(phrases.finding("sound_heard"), partial(PressListener, settings), file, report.show)
    text = phrases.status("sound_check")
    speech = SpeechCheck(settings.voice, phrases.voice, text, is_quiet=is_quiet, choice=choice)
    speaker, pending = FindingSpeaker(None), [phrases.finding("began")]
    with children_as(service_access.service_account()):
        was_felt = partial(speech.is_answered, phrases.finding("haptics_felt"))
        for check in checks(settings, mistakes, speech, was_felt):
            began = time.monotonic()
            found = check.finding(stop)
            if stop.is_set():
                break
            pending.extend(report.take(check.name, found, time.monotonic() - began))
            if check.name == "sound" and not is_quiet:
                speaker = speech.speaker()
            if check.name != "voice":  # spoken only after the sound check has found a device that plays
                _speak(speaker, pending, stop)
        else:
            _speak(speaker, [report.end()], stop)
        speaker.close()
    return 1 if report.failed or stop.is_set() else 0


def _speak(speaker: FindingSpeaker, pending: list[str], stop: threading.Event) -> None:
    while pending:
        speaker.say(pending.pop(0), stop)


class Report:
    """The printed report: a line for each check, or one JSON object at the end."""

    def __init__(self, phrases: Phrases, as_json: bool, out: TextIO) -> None:
        self._phrases, self._as_json, self._out = phrases, as_json, out
        self._checks: list[dict[str, object]] = []
        self.failed = 0
        self.show(phrases.finding("began"))

    def take(self, name: str, found: Finding, seconds: float) -> list[str]:
        """Add a finding. Returns the sentences to speak, one by one, because some have a recording."""
        spoken, advice = [*findings.sentences(self._phrases, found)], findings.advice(self._phrases, found)
        text = " ".join(spoken)
        spoken += [advice] if advice else []
        self.failed += not found.ok
        self._checks.append(
            {"name": name, "ok": found.ok, "text": text, "advice": advice, "seconds": round(seconds, 3)}
        )
        detail = f" ({found.detail})" if found.detail else ""
        self.show(f"{found.mark:6} {name:11} {' '.join(spoken)}{detail}")
        if self._as_json and not found.ok:
            log.warning("%s: %s", name, found.detail or text)
        return spoken

    def end(self) -> str:
        """Write the JSON object, if asked for; returns the last sentence."""
        if self._as_json:
            print(json.dumps({"checks": self._checks, "failed": self.failed}, ensure_ascii=False), file=self._out)
        last = self._phrases.finding("failed", self.failed) if self.failed else self._phrases.finding("healthy")
        self.show(last)
        return last

    def show(self, line: str) -> None:
        """Print a line, unless the report is JSON."""
        if not self._as_json:
            print(line, file=self._out, flush=True)
