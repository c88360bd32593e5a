"""On which sound device the assistant is heard: asked in each in turn, and written into the settings."""

import contextlib
import io
import os
import pty
import sys
import threading
import time
from pathlib import Path

import pytest

from assistant import phrases
from assistant.config.settings import ControlSettings, Settings, VoiceSettings
from assistant.config.settings_file import load_settings
from assistant.doctor import presses
from assistant.doctor.finding import Finding, bad, good, sentences
from assistant.doctor.presses import PressListener, press
from assistant.doctor.sound_choice import SoundChoice
from assistant.doctor.speech import SpeechCheck
from tests.support.captured_audio import FakePrograms

EN = phrases.load("en")
NEVER = threading.Event()
STEREO = "The aiming tone is stereo."
CARDS = """card 0: Headphones [bcm2835 Headphones], device 0: bcm2835 Headphones [bcm2835 Headphones]
card 1: vc4hdmi0 [vc4-hdmi-0], device 0: MAI PCM i2s-hifi-0 [MAI PCM i2s-hifi-0]
card 2: Headset [Plantronics USB Headset], device 0: USB Audio [USB Audio]
"""
JACK, HEADSET, SCREEN = (f"plughw:CARD={name},DEV=0" for name in ("Headphones", "Headset", "vc4hdmi0"))


class Answers:
    """Someone who answers yes to the question with that number, from 1; 0: never."""

    def __init__(self, yes: int = 0) -> None:
        self.yes, self.asked, self.open = yes, 0, 0

    def listen(self, cancel: threading.Event) -> "Answers":
        self.asked += 1
        self.open += 1
        return self

    def wait(self, seconds: float) -> bool:
        return self.asked == self.yes

    def close(self) -> None:
        self.open -= 1


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePrograms:
    """Three cards, of which the screen does not play."""
    pytest.importorskip("espeakng_loader")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("PULSE_SERVER", raising=False)
    tool = FakePrograms(tmp_path, monkeypatch)
    tool.install("paced", "paced")
    tool.install(
        "#!/bin/sh\ncase \"$*\" in -l) {cat} <<'END'\n" + CARDS + "END\nexit;;\n*vc4hdmi0*) exit 1;;\nesac\n"
        'exec {folder}/bin/paced "$@"\n'
    )
    return tool


def devices(tool: FakePrograms) -> list[str]:
    """The devices on which something was played, in turn."""
    return [each.arguments[each.arguments.index("-D") + 1] for each in tool.played()]


def check(answers: Answers, file: Path, device: str = "auto", *, is_quiet: bool = False) -> tuple[Finding, list[str]]:
    lines: list[str] = []
    choice = SoundChoice(EN.finding("sound_heard"), answers.listen, file, lines.append)
    speech = SpeechCheck(VoiceSettings(device=device), "en", "Hello.", is_quiet=is_quiet, choice=choice)
    assert speech.voice(NEVER).ok
    found = speech.sound(NEVER)
    assert answers.open == 0, "pins and keys are released"
    return found, lines


def test_the_card_in_which_the_question_is_answered_is_written_into_the_settings(
    tool: FakePrograms, tmp_path: Path
) -> None:
    file = tmp_path / "my.toml"
    file.write_text("# mine\n[voice]\nrate_wpm = 200 # fast\n")
    found, lines = check(Answers(yes=2), file)
    assert devices(tool) == [HEADSET, HEADSET, JACK], "the check, and a question in each"
    assert file.read_text() == '# mine\n[voice]\ndevice = "Headphones"\nrate_wpm = 200 # fast\n'
    assert load_settings(file).voice.device == "Headphones"
    assert sentences(EN, found) == ("The sound device works.", "From now on I speak here.", STEREO)
    assert f'voice.device = "Headphones" in {file}' in found.detail
    assert lines == [f"       {name}: Did you hear this? Press a button. (Enter)"
                     for name in ("Plantronics USB Headset", "bcm2835 Headphones")]  # fmt: skip


def test_without_an_answer_the_doctor_goes_on_and_says_so(tool: FakePrograms, tmp_path: Path) -> None:
    answers = Answers()
    found, _ = check(answers, tmp_path / "my.toml")
    assert devices(tool) == [HEADSET, HEADSET, JACK]
    assert answers.asked == 3
    assert found.ok
    assert sentences(EN, found) == (
        "The sound device works.", "No answer. I keep the sound device.", STEREO
    )  # fmt: skip
    assert not (tmp_path / "my.toml").exists()


@pytest.mark.parametrize("how", ["quiet", "a chosen card", "one card", "a sound server"])
def test_where_nothing_is_to_be_chosen_nobody_is_asked(
    how: str, tool: FakePrograms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Answers(yes=1)
    if how == "one card":
        tool.install(
            '#!/bin/sh\n[ "$1" = -l ] && echo "card 2: Headset [USB], device 0: USB Audio [USB Audio]" && exit\n'
            'exec {folder}/bin/paced "$@"\n'
        )
    if how == "a sound server":
        monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    found, _ = check(
        answers, tmp_path / "my.toml", "Headphones" if how == "a chosen card" else "auto", is_quiet=how == "quiet"
    )
    assert (found.keys, answers.asked) == (("sound", "sound_stereo"), 0)


def test_a_wrong_setting_is_put_right_by_an_answer(tool: FakePrograms, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text('[voice]\ndevice = "vc4hdmi0"\n')
    found, _ = check(Answers(yes=1), file, "vc4hdmi0")
    assert found.keys == ("sound", "sound_chosen", "sound_stereo")
    assert load_settings(file).voice.device == "Headset"


def test_settings_that_cannot_be_written_are_a_finding(tool: FakePrograms, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found, _ = check(Answers(yes=1), tmp_path / "file" / "my.toml")
    assert (found.ok, found.keys) == (False, ("faults.disk",))
    assert 'voice.device = "Headset" belongs into it' in found.detail
    (tmp_path / "my.toml").write_text("[voice\n")
    found, _ = check(Answers(yes=1), tmp_path / "my.toml")
    assert (found.ok, found.keys) == (False, ("settings_wrong",))


# presses

SETTINGS = Settings(controls=ControlSettings(buttons=(17,), keys="off"))


def test_a_press_of_a_button_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    mock = pytest.importorskip("gpiozero.pins.mock", reason="gpiozero is not installed: pip install gpiozero")
    import gpiozero

    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    factory = gpiozero.Device.pin_factory = mock.MockFactory()
    found: list[Finding] = []
    tried = threading.Event()
    child = threading.Thread(target=lambda: found.append(press(SETTINGS, lambda what: tried.set())))
    child.start()
    assert tried.wait(5)
    until = time.monotonic() + 10
    while child.is_alive() and time.monotonic() < until:
        with contextlib.suppress(AttributeError):  # gpiozero's, of a button that is being closed
            factory.pin(17).drive_low()
        child.join(0.06)
        with contextlib.suppress(AttributeError):
            factory.pin(17).drive_high()
        child.join(0.06)
    gpiozero.Device.pin_factory = None
    assert found == [good("sound_chosen")]


def test_where_no_button_can_be_opened_nobody_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    listener = PressListener(Settings(controls=ControlSettings(keys="off")), NEVER)
    began = time.monotonic()
    assert listener.wait(30) is False
    assert time.monotonic() - began < 10
    listener.close()


def test_a_press_during_the_question_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setattr(presses, "run_isolated", lambda *rest: good("sound_chosen"))
    listener = PressListener(SETTINGS, NEVER)
    listener._thread.join(5)
    assert listener.wait(0.0) is True
    listener.close()


def test_enter_on_the_terminal_is_an_answer_but_not_what_was_typed_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presses, "run_isolated", lambda *rest: bad("sound_unanswered", "pins"))
    typist, terminal = pty.openpty()
    with os.fdopen(terminal, "r") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        os.write(typist, b"typed before\n")
        listener = PressListener(SETTINGS, NEVER)
        assert listener.wait(0.2) is False
        os.write(typist, b"\n")
        assert listener.wait(5) is True
        listener.close()
    os.close(typist)


def test_a_cancelled_doctor_waits_for_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    cancel = threading.Event()
    listener = PressListener(SETTINGS, cancel)
    cancel.set()
    assert listener.wait(30) is False
    listener.close()
