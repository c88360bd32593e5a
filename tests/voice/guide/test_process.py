"""The guide in the voice process: by command and at the first start, with presses, faults and real speech."""

import contextlib
import importlib.util
import json
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from assistant import phrases
from assistant.config.settings import AnnouncementSettings, ControlSettings, Settings, VoiceSettings
from assistant.ipc import control_client
from assistant.ipc.commands import Command, Reply
from assistant.ipc.link import LinkClient
from assistant.ipc.messages import Message, UtteranceEnded, Verbosity
from assistant.phrases import Phrases
from assistant.records import Fate, Fault, FaultName, Priority, Utterance, UtteranceKind
from assistant.voice import controls
from assistant.voice.audio.player import Player
from assistant.voice.controls.button_map import BUTTONS, GestureCommands, Press, TakePress
from assistant.voice.controls.control_socket import ControlSocket
from assistant.voice.controls.gestures import Gesture
from assistant.voice.guide import script
from assistant.voice.guide.machine import IDLE_S, PRACTICE_S, Step
from assistant.voice.monitors import BoardMonitor, VisionMonitor
from assistant.voice.process import run_voice
from assistant.voice.speech.earcons import earcon
from tests.support.captured_audio import CapturingPlayer, loudness
from tests.support.fake_voices import FakeVoice, utterance

WAIT_S = 8.0
EN = phrases.load("en")
SHORT, DOUBLE, LONG, VERY_LONG = Gesture
KEYS: dict[str, GestureCommands] = {f"button {number}": row for number, row in enumerate(BUTTONS[2], 1)}
READY = Utterance("Ready.", Priority.ANSWER, "status", None, kind=UtteranceKind.READY)
OFFER = "Press now to hear how I work."
PRINTED = Settings(voice=VoiceSettings(engine="printed"))


class Keys:
    """A box's buttons, which the test presses."""

    def __init__(self, run_command: controls.RunCommand, take_press: TakePress) -> None:
        self._run_command, self._take_press = run_command, take_press
        self.keys: Mapping[str, GestureCommands] = KEYS

    def press(self, key: str, gesture: Gesture) -> Reply | None:
        press = Press(key, gesture, KEYS[key][gesture])
        return None if self._take_press(press) else self._run_command(press.command)

    def close(self) -> None:
        pass


class Box:
    """A voice process in a thread with two buttons, a vision that is linked to it, and a clock that the test moves.

    voice: what speaks, where no player is given."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings, player: Player | None,
        language: Phrases,
    ) -> None:  # fmt: skip
        self.now, self.stop, self.voice = 100.0, threading.Event(), FakeVoice()
        self.came: SimpleQueue[Message] = SimpleQueue()
        self.chosen: SimpleQueue[str] = SimpleQueue()
        is_open = threading.Event()

        def make(
            settings: ControlSettings,
            run_command: controls.RunCommand,
            socket: Path,
            on_keys: Callable[[str], None],
            take_press: TakePress,
        ) -> tuple[tuple[controls.Control, ...], dict[FaultName, str]]:
            self.keys = Keys(run_command, take_press)
            opened = ControlSocket(socket, run_command), self.keys
            is_open.set()
            return opened, {}

        monkeypatch.setattr("assistant.voice.process.controls.make", make)
        monkeypatch.setattr("assistant.voice.process.POLL_S", 0.01)
        for monitor in (VisionMonitor, BoardMonitor):  # nothing is announced of a vision that is not there
            monkeypatch.setattr(monitor, "poll", lambda monitor: None)
        if player is None:
            monkeypatch.setattr("assistant.voice.process.make_voice", lambda *arguments: (self.voice,))
        self.vision = LinkClient(folder / "voice.sock", self._take)
        self.thread = threading.Thread(
            target=run_voice,
            args=(settings, folder / "voice.sock", language, self.stop),
            kwargs={"clock": lambda: self.now, "player": player},
        )
        self.thread.start()
        assert is_open.wait(WAIT_S)
        self.vision.speak(utterance("connected", Priority.ANSWER, expires_at=0.0))
        assert self.fate() == ("connected", Fate.EXPIRED)

    def _take(self, message: Message) -> None:
        if isinstance(message, UtteranceEnded):
            self.came.put(message)
        elif isinstance(message, Verbosity):
            self.chosen.put(message.verbosity)

    def press(self, key: str, gesture: Gesture) -> Reply | None:
        return self.keys.press(key, gesture)

    def fate(self) -> tuple[str, Fate]:
        message = self.came.get(timeout=WAIT_S)
        assert isinstance(message, UtteranceEnded)
        return message.utterance.text, message.fate

    def hear(self, *texts: str) -> None:
        """Wait until each of the texts was spoken, in this order, and nothing else."""
        for text in texts:
            assert self.fate() == (text, Fate.SPOKEN)

    def hear_step(self, step: Step) -> None:
        """Wait until a step was told, up to its request."""
        self.hear(*(line.text for line in step.lines))
        if step.practice:
            self.hear(step.practice.prompt.text)

    def is_silent(self) -> bool:
        """Whether nothing is spoken by itself before what vision announces now."""
        self.vision.speak(utterance("nothing", Priority.ANSWER))
        return self.fate() == ("nothing", Fate.SPOKEN)

    def close(self) -> None:
        self.stop.set()
        self.thread.join(WAIT_S)
        self.vision.close()
        assert not self.thread.is_alive()


@pytest.fixture
def make_box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Box]]:
    with contextlib.ExitStack() as stack:
        monkeypatch.setenv("EMOTION_ASSISTANT_CONTROL", str(tmp_path / "control.sock"))

        def make(settings: Settings = PRINTED, player: Player | None = None, language: Phrases = EN) -> Box:
            return stack.enter_context(contextlib.closing(Box(tmp_path, monkeypatch, settings, player, language)))

        yield make


@pytest.fixture
def first_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the installed service's state, which is empty."""
    (tmp_path / "state").mkdir()
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    return tmp_path / "state" / "voice.json"


def steps_of(language: Phrases = EN, *, is_smiles: bool = False) -> dict[str, Step]:
    return {step.name: step for step in script.guide(language, KEYS, is_smiles=is_smiles)}


def texts(lines: object) -> list[str]:
    return [line.text for line in lines]  # type: ignore[attr-defined]


def test_from_the_command_to_the_last_word_with_every_practice(make_box: Callable[..., Box]) -> None:
    box, pressed = make_box(), 0
    assert control_client.send_command(Command.GUIDE).text == "I tell you how I work. It takes at most five minutes."
    for step in steps_of().values():
        box.hear_step(step)
        if step.practice:
            pressed += 1
            key, gesture = min(step.practice.presses)
            if gesture is DOUBLE:
                box.press(key, SHORT)
            box.press(key, gesture)
            box.hear(*texts(step.practice.done))
            box.now += 3.0  # the second press of a double one may come until then
        if step.key_help:
            box.press("button 2", LONG)
            box.hear("Second button, long press. I leave out a wrong word.")
            box.now += IDLE_S
    box.hear("That was the guide. From now on I work as usual.")
    assert pressed == 7
    assert control_client.send_command(Command.FACTS).facts["muted"] is False, "the long press was practice"


def test_nobody_presses_anything_and_it_comes_to_its_end(make_box: Callable[..., Box]) -> None:
    box = make_box()
    assert control_client.send_command(Command.GUIDE).ok
    for step in steps_of().values():
        box.hear_step(step)
        if step.practice:
            box.now += PRACTICE_S
            box.hear(step.practice.prompt.text)
            box.now += PRACTICE_S
            box.hear(*texts(step.practice.missed))
        if step.key_help:
            box.now += IDLE_S
    box.hear("That was the guide. From now on I work as usual.")


def test_what_is_unasked_waits_and_a_fault_does_not(make_box: Callable[..., Box]) -> None:
    box = make_box()
    said = steps_of()["welcome"].lines[0].text
    begun, go_on = threading.Event(), threading.Event()

    def speak(cancel: threading.Event) -> bool:
        begun.set()
        while not cancel.wait(0.01):
            if go_on.is_set():
                return True
        return False

    box.voice.outcome = speak
    assert control_client.send_command(Command.GUIDE).ok
    assert begun.wait(WAIT_S)
    box.vision.speak(utterance("Looks happy.", expires_at=200.0))
    box.vision.speak(utterance("Looks sad.", expires_at=101.0))
    go_on.set()
    box.vision.send(Fault(FaultName.CAMERA_LOST, 100.0))
    assert box.fate() == (said, Fate.INTERRUPTED)
    box.hear("Camera lost. I keep looking.", said)
    box.hear_step(steps_of()["leave"])
    box.now = 110.0
    box.press("button 1", LONG)
    heard = []
    while (fate := box.fate())[0] != "Looks happy.":
        heard.append(fate)
    assert ("The guide has ended.", Fate.SPOKEN) in heard
    assert ("Looks sad.", Fate.EXPIRED) in heard
    assert fate[1] is Fate.SPOKEN, "it was still true"
    assert control_client.send_command(Command.FACTS).facts["muted"] is False, "the press left the guide, no more"


def until(box: Box, *wanted: str) -> list[str]:
    """What is spoken until all of these texts were."""
    heard: list[str] = []
    while not set(wanted) <= set(heard):
        text, fate = box.fate()
        heard += [text] if fate is Fate.SPOKEN else []
    return heard


def test_another_command_ends_the_guide_and_is_carried_out(make_box: Callable[..., Box]) -> None:
    box = make_box()
    assert control_client.send_command(Command.GUIDE).ok
    box.hear_step(steps_of()["welcome"])
    assert control_client.send_command(Command.MUTE).ok
    until(box, "Muted.", "The guide has ended.")
    assert box.is_silent()


def test_the_voice_can_be_set_while_it_speaks(make_box: Callable[..., Box]) -> None:
    box = make_box()
    assert control_client.send_command(Command.GUIDE).ok
    box.hear_step(steps_of()["welcome"])
    assert control_client.send_command(Command.QUIETER).ok
    asked = steps_of()["ask"].practice
    assert asked
    assert "Quieter." in until(box, "Quieter.", asked.prompt.text), "and the guide has gone on"


def test_a_very_long_press_still_asks_to_shut_down(make_box: Callable[..., Box]) -> None:
    box = make_box()
    assert control_client.send_command(Command.GUIDE).ok
    box.hear_step(steps_of()["welcome"])
    reply = box.press("button 1", VERY_LONG)
    assert reply is not None
    assert reply.text == "To shut down, do the same again."
    until(box, "The guide has ended.", reply.text)


def test_the_keys_alone_are_explained_and_do_nothing(make_box: Callable[..., Box]) -> None:
    box = make_box()
    assert control_client.send_command(Command.GUIDE_KEYS).text == "Now press any key. I say what it does."
    box.hear("Now press any key. I say what it does.", "After ten seconds without a press this ends.")
    for key, gesture, text in (
        ("button 1", VERY_LONG, "First button, press of five seconds. I ask whether to switch off."),
        ("button 1", LONG, "First button, long press. I fall silent, or speak again."),
    ):
        assert box.press(key, gesture) is None, "its command is not carried out"
        box.hear(text)
    box.now += IDLE_S
    box.hear("The keys work again as usual.")
    reply = box.press("button 1", LONG)
    assert reply is not None
    assert reply.text == "Muted."


@pytest.mark.parametrize("answer", ["press", "nothing"])
def test_the_guide_is_offered_at_the_first_start_alone(
    make_box: Callable[..., Box], first_start: Path, answer: str
) -> None:
    box = make_box()
    assert box.is_silent(), "vision is not ready"
    box.vision.speak(READY)
    box.hear("Ready.", OFFER)
    if answer == "press":
        box.press("button 2", SHORT)
        box.hear_step(steps_of()["welcome"])
        box.press("button 1", LONG)
        until(box, "The guide has ended.")
    else:
        box.now += PRACTICE_S
        box.hear("As you wish. I begin now.")
    box.close()
    assert json.loads(first_start.read_text())["guide_known"] is True
    box = make_box()
    box.vision.speak(READY)
    box.hear("Ready.")
    assert box.is_silent()


def test_nothing_is_offered_where_nothing_can_be_pressed_or_the_service_does_not_run(
    make_box: Callable[..., Box], monkeypatch: pytest.MonkeyPatch, first_start: Path
) -> None:
    box = make_box()
    box.keys.keys = {}
    box.vision.speak(READY)
    box.hear("Ready.")
    assert box.is_silent()
    box.keys.keys = KEYS  # a headset has been switched on
    box.hear(OFFER)
    box.close()
    monkeypatch.delenv("STATE_DIRECTORY")
    box = make_box()
    box.vision.speak(READY)
    box.hear("Ready.")
    assert box.is_silent()


def test_smiles_are_chosen_by_a_press_kept_and_undone_by_another(make_box: Callable[..., Box]) -> None:
    for is_smiles, name, wanted in ((False, "smiles", "smiles"), (True, "usual", "")):
        box = make_box()
        assert control_client.send_command(Command.GUIDE).ok
        steps = steps_of(is_smiles=is_smiles)
        for step in steps.values():
            box.hear_step(step)
            if step.practice and step.name == name:
                box.press("button 2", SHORT)
                box.hear(*texts(step.practice.done))
                break
            if step.practice:
                box.press(*min(step.practice.presses))
                box.hear(*texts(step.practice.done))
            box.now += 3.0
        assert control_client.send_command(Command.CANCEL).ok
        until(box, "The guide has ended.")
        with contextlib.suppress(Empty):
            while (chosen := box.chosen.get(timeout=WAIT_S)) != wanted:
                pass
        assert chosen == wanted
        box.close()


def test_whoever_configured_smiles_is_given_normal(make_box: Callable[..., Box]) -> None:
    box = make_box(Settings(voice=PRINTED.voice, announcements=AnnouncementSettings(verbosity="smiles")))
    assert control_client.send_command(Command.GUIDE).ok
    for step in steps_of(is_smiles=True).values():
        box.hear_step(step)
        if step.practice:
            box.press(*min(step.practice.presses))
            box.hear(*texts(step.practice.done))
            box.now += 3.0
        if step.name == "usual":
            break
    assert control_client.send_command(Command.CANCEL).ok
    assert box.chosen.get(timeout=WAIT_S) == "normal"


def test_the_recorded_sound_is_every_sentence_and_every_earcon(
    make_box: Callable[..., Box], monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("espeak-ng") is None and importlib.util.find_spec("espeakng_loader") is None:
        pytest.skip("espeak-ng is not installed")
    topics = [topic for topic in script.TOPICS if topic.name in ("leave", "sounds", "mute")]
    monkeypatch.setattr("assistant.voice.guide.script.TOPICS", topics)
    recording = CapturingPlayer()
    box = make_box(Settings(voice=VoiceSettings(engine="espeak")), recording)
    assert control_client.send_command(Command.GUIDE).ok
    lines = []
    for step in steps_of().values():
        box.hear_step(step)
        lines += step.lines
        if step.practice:
            box.press(*min(step.practice.presses))
            box.hear(*texts(step.practice.done))
            lines += [step.practice.prompt, *step.practice.done]
    box.hear("That was the guide. From now on I work as usual.")
    for line, sound in zip([*lines, *script.last_words(EN, "finished")], recording.sounds, strict=True):
        if line.earcon:
            assert sound == earcon(line.earcon)
        else:
            assert 0.2 < sound.seconds / len(line.text.split()) < 1.1, line
            assert loudness(sound) > 500, line
