"""Vibrations: on gpiozero's own mock pins and on a captured player; what fails is told once and never delays speech."""

import dataclasses
import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from assistant import phrases
from assistant.app import cli
from assistant.config.settings import ControlSettings, HapticsSettings, Settings, VoiceSettings
from assistant.config.settings_file import parse_settings
from assistant.doctor import pins as doctor_pins
from assistant.doctor.finding import good
from assistant.errors import ConfigError, ControlError, VoiceError
from assistant.ipc import control_client
from assistant.ipc.link import LinkClient
from assistant.ipc.messages import UtteranceEnded, decode, encode
from assistant.records import Change, Fate, Priority, Utterance, UtteranceKind
from assistant.sentences import Sentence
from assistant.vision import utterances
from assistant.vision.decisions.announcement_log import Announcement
from assistant.voice.controls.gpio import VibrationMotor
from assistant.voice.process import run_voice
from assistant.voice.speech.haptics import ATTENTION, FAULT, PATTERNS, SMILE, SoundPads, Vibrator, bursts, event_of
from tests.support.captured_audio import CapturingPlayer
from tests.support.fake_phrases import FakePhrases

mock = pytest.importorskip("gpiozero.pins.mock", reason="gpiozero is not installed: pip install gpiozero")
PIN, WAIT_S = 18, 5.0
NEVER = threading.Event()


@pytest.fixture
def pins() -> Iterator[object]:
    factory = mock.MockFactory(pin_class=mock.MockPWMPin)
    yield factory
    factory.reset()


@pytest.fixture
def mock_pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Mock pins for code that makes its own factory."""
    from gpiozero import Device

    factory = mock.MockFactory(pin_class=mock.MockPWMPin)
    monkeypatch.setattr("assistant.voice.controls.gpio.lgpio_factory", lambda: None)
    monkeypatch.setattr(Device, "pin_factory", factory)
    yield factory
    factory.reset()


class FakeDevice:
    """Notes what it is to play; fails while `error` is set, hangs until `free` is set."""

    def __init__(self) -> None:
        self.played: SimpleQueue[tuple[float, ...]] = SimpleQueue()
        self.error: Exception | None = None
        self.free, self.is_closed = threading.Event(), threading.Event()
        self.free.set()

    def vibrate(self, pattern: tuple[float, ...], cancel: threading.Event) -> None:
        self.played.put(pattern)
        assert self.free.wait(WAIT_S)
        if self.error:
            raise self.error

    def close(self) -> None:
        self.is_closed.set()

    def next(self) -> tuple[float, ...]:
        return self.played.get(timeout=WAIT_S)


SMILES = Utterance("Looks happy.", Priority.CHANGE, "person 1", None, earcon="happy", kind=UtteranceKind.ANNOUNCEMENT)
SADDENS = Utterance("Looks sad.", Priority.CHANGE, "person 1", None, earcon="sad", kind=UtteranceKind.ANNOUNCEMENT)
TURNS = Utterance("Facing you.", Priority.STATUS, "attention 1", kind=UtteranceKind.ANNOUNCEMENT)
BREAKS = Utterance("Camera lost.", Priority.FAULT, "fault camera", kind=UtteranceKind.FAULT)
MENDS = Utterance("Camera back.", Priority.FAULT, "fault camera", is_over=True, kind=UtteranceKind.FAULT)
ANSWERS = Utterance("Looks happy.", Priority.ANSWER, "answer", earcon="happy", kind=UtteranceKind.ANSWER)


def test_patterns_are_short_and_differ_by_their_rhythm() -> None:
    assert all(sum(pattern) <= 0.6 for pattern in PATTERNS.values())
    rhythms = {name: ["long" if each > 0.2 else "short" for each in pattern[::2]] for name, pattern in PATTERNS.items()}
    assert rhythms == {SMILE: ["short"] * 3, ATTENTION: ["long", "short"], FAULT: ["long", "long"]}
    assert all(each >= 0.08 for each in itertools.chain(*PATTERNS.values())), (
        "a motor needs this long to start and stop"
    )


def test_what_is_felt_with_which_words() -> None:
    felt = {"smiles": SMILES, "saddens": SADDENS, "turns": TURNS, "breaks": BREAKS, "mends": MENDS, "answers": ANSWERS}
    felt["smiles by a sound alone"] = dataclasses.replace(SMILES, kind=UtteranceKind.CUE)
    assert {name: event_of(each) for name, each in felt.items()} == {
        "smiles": SMILE, "smiles by a sound alone": SMILE, "saddens": "", "turns": ATTENTION, "breaks": FAULT,
        "mends": "", "answers": "",
    }  # fmt: skip


@pytest.mark.parametrize("how", ["sound", "word"])
def test_somebody_who_turns_to_the_wearer_is_felt_and_somebody_who_turns_away_is_not(how: str) -> None:
    """As the voice process receives it: as a sound, and as a sentence in any language."""
    felt = {}
    for sentence in (Sentence.FACING_YOU, Sentence.TURNED_AWAY):
        cue = Announcement(Change(1.0, 1, "neutral", "neutral"), sentence)
        message = decode(encode(utterances.of_cue(phrases.load("de"), cue, 1.0, is_sound=how == "sound")))
        assert isinstance(message, Utterance)
        felt[sentence] = event_of(message)
        assert message.topic == "attention 1", "of the two only the newer one waits"
    assert felt == {Sentence.FACING_YOU: ATTENTION, Sentence.TURNED_AWAY: ""}


def test_a_motor_runs_in_the_rhythm_and_rests_before_and_after(pins: mock.MockFactory) -> None:
    motor, pin = VibrationMotor(PIN, factory=pins), pins.pin(PIN)
    assert (pin.function, pin.state) == ("output", 0.0)
    pin.clear_states()
    motor.vibrate((0.01, 0.02, 0.01), NEVER)
    assert [state.state for state in pin.states] == pytest.approx([0.0, 0.9, 0.0, 0.9, 0.0])
    cut_off = threading.Event()
    cut_off.set()
    motor.vibrate((30.0, 30.0), cut_off)
    assert pin.state == 0.0
    motor.close()
    assert pin.function == "input"


def test_a_pin_that_is_in_use_or_gone_is_one_error(pins: mock.MockFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    motor = VibrationMotor(PIN, factory=pins)
    with pytest.raises(ControlError, match=r"^vibration motor at pin 18: .*in use"):
        VibrationMotor(PIN, factory=pins)
    motor.close()
    monkeypatch.setitem(__import__("sys").modules, "gpiozero", None)
    with pytest.raises(ControlError, match=r"^vibration motor at pin 18: .*install it: sudo apt"):
        VibrationMotor(PIN)


def test_pads_play_the_rhythm_as_bursts_of_a_low_tone() -> None:
    player = CapturingPlayer()
    SoundPads(player).vibrate(PATTERNS[FAULT], NEVER)
    (sound,) = player.sounds
    assert sound == bursts(PATTERNS[FAULT])
    assert sound.seconds == pytest.approx(0.6, abs=0.001)
    rest = sound.samples[2 * round(0.26 * sound.rate) : 2 * round(0.34 * sound.rate)]
    assert not any(rest), "there is a rest between both"


def test_of_what_waits_a_fault_is_kept_else_the_newest() -> None:
    device = FakeDevice()
    vibrator = Vibrator(device, PATTERNS)
    device.free.clear()
    vibrator.begin(SMILES)
    assert device.next() == PATTERNS[SMILE]
    for utterance in (SMILES, TURNS, BREAKS, SMILES):
        vibrator.begin(utterance)
    device.free.set()
    assert device.next() == PATTERNS[FAULT]
    vibrator.close()
    assert device.is_closed.is_set()
    assert device.played.empty()


def test_what_is_not_chosen_is_not_felt() -> None:
    device = FakeDevice()
    vibrator = Vibrator(device, ("fault",))
    for utterance in (SMILES, TURNS, BREAKS):
        vibrator.begin(utterance)
    assert device.next() == PATTERNS[FAULT]
    vibrator.close()


@pytest.mark.parametrize("error", [ControlError("the pin is gone"), RuntimeError("a driver's own")])
def test_a_failure_is_told_once_and_so_is_its_end(error: Exception) -> None:
    device, told = FakeDevice(), SimpleQueue[str]()
    vibrator = Vibrator(device, PATTERNS, told.put)
    device.error = error
    for _ in range(3):
        vibrator.begin(SMILES)
        device.next()
    assert str(error) in told.get(timeout=WAIT_S)
    device.error = None
    vibrator.begin(TURNS)
    device.next()
    assert told.get(timeout=WAIT_S) == ""
    vibrator.close()
    assert told.empty()


class Spoken:
    """A voice process in a thread, and the utterances that have ended."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EMOTION_ASSISTANT_CONTROL", str(folder / "c.sock"))
        monkeypatch.setattr(FakePhrases, "faults", {**FakePhrases.faults, "haptics": "No vibration."})
        settings = Settings(voice=VoiceSettings(engine="printed"), haptics=HapticsSettings("gpio:18"))
        self._came: SimpleQueue[object] = SimpleQueue()
        self._stop, self._vision = threading.Event(), LinkClient(folder / "voice.sock", self._came.put)
        arguments = (settings, folder / "voice.sock", FakePhrases(), self._stop)
        self._thread = threading.Thread(target=run_voice, args=arguments)
        self._thread.start()

    def wait_for(self, text: str) -> Fate:
        """Wait until the utterance with this text has ended; how."""
        while True:
            ended = self._came.get(timeout=WAIT_S)
            if isinstance(ended, UtteranceEnded) and ended.utterance.text == text:
                return ended.fate

    def say(self, utterance: Utterance) -> Fate:
        self._vision.speak(utterance)
        return self.wait_for(utterance.text)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(WAIT_S)
        self._vision.close()
        assert not self._thread.is_alive()


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> FakeDevice:
    device = FakeDevice()
    monkeypatch.setattr("assistant.voice.haptic_devices.open_haptics", lambda settings: device)
    return device


@pytest.fixture
def voice(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Spoken]:
    request.getfixturevalue("device")
    made = Spoken(tmp_path, monkeypatch)
    yield made
    made.close()


def test_speech_does_not_wait_for_a_device_that_hangs(voice: Spoken, device: FakeDevice) -> None:
    device.free.clear()
    assert voice.say(SMILES) is Fate.SPOKEN
    assert device.next() == PATTERNS[SMILE], "and hangs from now on"
    assert voice.say(BREAKS) is Fate.SPOKEN
    device.free.set()
    assert device.next() == PATTERNS[FAULT]


def test_muted_only_faults_are_felt(voice: Spoken, device: FakeDevice) -> None:
    voice.say(MENDS)  # by then the control socket is open
    assert control_client.send_command("mute").ok
    assert voice.say(SMILES) is Fate.DROPPED
    assert voice.say(BREAKS) is Fate.SPOKEN
    assert device.next() == PATTERNS[FAULT]
    assert device.played.empty()


def test_a_device_that_fails_is_announced_once(voice: Spoken, device: FakeDevice) -> None:
    device.error = ControlError("the card is gone")
    voice.say(SMILES)
    assert voice.wait_for("No vibration.") is Fate.SPOKEN
    assert [device.next(), device.next()] == [PATTERNS[SMILE], PATTERNS[FAULT]], "its own fault is to be felt, too"
    voice.say(SADDENS)
    assert device.played.empty()


def test_a_pin_that_cannot_be_opened_is_announced_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(settings: HapticsSettings) -> None:
        raise ControlError("vibration motor at pin 18: in use")

    monkeypatch.setattr("assistant.voice.haptic_devices.open_haptics", refuse)
    voice = Spoken(tmp_path, monkeypatch)
    try:
        assert voice.say(SMILES) is Fate.SPOKEN
        assert control_client.send_command("facts").facts["start_faults"] == ["haptics"]
    finally:
        voice.close()
    assert capsys.readouterr().out.count("No vibration.") == 1


def test_the_setting_names_a_pin_or_a_card() -> None:
    assert parse_settings('[haptics]\ndevice = "gpio:18"\n').haptics.pin == 18
    assert parse_settings('[haptics]\ndevice = "Pads"\n').haptics.pin is None
    for mistyped in ("gpio:28", "GPIO:18", "gpio18", "gpio:x"):
        with pytest.raises(ConfigError, match=f"haptics.device is '{mistyped}'; a pin is gpio:0 to gpio:27"):
            parse_settings(f'[haptics]\ndevice = "{mistyped}"\n')
    with pytest.raises(ConfigError, match="that is the pin of a button or of the camera LED"):
        parse_settings('[haptics]\ndevice = "gpio:17"\n[controls]\nbuttons = [17]\n')


def test_the_tour_names_and_plays_each_vibration(
    mock_pins: mock.MockFactory, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "my.toml"
    file.write_text('[voice]\nengine = "printed"\n[haptics]\ndevice = "gpio:18"\nevents = ["smile", "fault"]\n')
    assert cli.main(["sounds", "--config", str(file)]) == 0
    said = capsys.readouterr().out
    english = phrases.load("en")
    for text in (english.text("sounds", "vibrations"), "Looks happy.", english.text("sounds", "fault")):
        assert text in said
    assert english.text("sounds", "attention") not in said
    assert sum(state.state > 0 for state in mock_pins.pin(PIN).states) == 5, "three short and two long"


def test_the_doctor_plays_each_vibration(mock_pins: mock.MockFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_pins, "PAUSE_S", 0.0)
    settings = Settings(haptics=HapticsSettings("gpio:18"), controls=ControlSettings())
    assert doctor_pins.haptics(settings, lambda step: None) == good("haptics", detail="gpio:18")
    taken = VibrationMotor(PIN)
    broken = doctor_pins.haptics(settings, lambda step: None)
    assert (broken.keys, broken.advice) == (("faults.haptics",), "pins")
    taken.close()

    class Gone:
        def play(self, pcm: object, cancel: threading.Event) -> bool:
            raise VoiceError("no such card")

    monkeypatch.setattr("assistant.doctor.pins.open_haptics", lambda settings: SoundPads(Gone()))
    assert doctor_pins.haptics(settings, lambda step: None).detail == "no such card"
