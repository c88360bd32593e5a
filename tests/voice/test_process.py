"""The voice process: it speaks the utterances of the link, reports their fates, and notices when vision stops."""

import contextlib
import dataclasses
import io
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from assistant.config.settings import AnnouncementSettings, ControlSettings, Settings, VoiceSettings
from assistant.errors import IPCError, VoiceError
from assistant.ipc import control_client
from assistant.ipc.commands import Command
from assistant.ipc.link import LinkClient
from assistant.ipc.messages import Answer, Message, Question, UtteranceEnded
from assistant.records import Fate, Fault, FaultName, Priority
from assistant.voice.audio.aim_tone import AimTone
from assistant.voice.commands import CONFIRM_S
from assistant.voice.monitors import (
    BoardMonitor,
    VisionMonitor,
)
from assistant.voice.persistent_settings import state_file
from assistant.voice.process import IDLE_TICK_S, MIXER_CHECK_S, run_voice
from assistant.voice.speech.outage import RETRY_S
from assistant.voice.voices.printed import PrintedVoice
from tests.support.fake_phrases import FakePhrases
from tests.support.fake_voices import WAIT_S, utterance

pytestmark = pytest.mark.timed

SETTINGS = Settings(voice=VoiceSettings(engine="printed"))


class Bench:
    """A voice process in a thread, a vision that is linked to it, and a clock that only the test moves."""

    def __init__(self, folder: Path, settings: Settings = SETTINGS) -> None:
        self.now, self.stop = 100.0, threading.Event()
        self.came: SimpleQueue[Message] = SimpleQueue()
        self.vision = LinkClient(folder / "voice.sock", self.came.put)
        self.thread = threading.Thread(
            target=run_voice,
            args=(settings, folder / "voice.sock", FakePhrases(), self.stop),
            kwargs={"clock": lambda: self.now},
        )
        self.thread.start()

    def fate(self) -> tuple[str, Fate]:
        message = self.came.get(timeout=WAIT_S)
        assert isinstance(message, UtteranceEnded)
        return message.utterance.text, message.fate

    def beat(
        self, *, is_camera_open: bool = True, faults: Sequence[FaultName] = (), is_lens_covered: bool = False
    ) -> None:
        """Vision reports its state; returns once that has arrived."""
        self.vision.heartbeat(self.now, is_camera_open=is_camera_open, faults=faults, is_lens_covered=is_lens_covered)
        self.vision.speak(utterance("after the heartbeat", Priority.ANSWER, expires_at=0.0))
        assert self.fate() == ("after the heartbeat", Fate.EXPIRED)

    def close(self) -> None:
        self.stop.set()
        self.thread.join(WAIT_S)
        self.vision.close()
        assert not self.thread.is_alive()


class Out(io.StringIO):
    """The output of the printed voice. open: while cleared, it pauses within a sentence; fails: nothing can be printed.
    used: the settings of the voice that printed each line."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.begun, self.fails = threading.Event(), threading.Event(), False
        self.open.set()
        self.used: list[VoiceSettings] = []

    def voice(self, settings: VoiceSettings) -> PrintedVoice:
        out = self

        class Voice(PrintedVoice):
            def _print(self, line: str, cancel: threading.Event) -> bool:
                out.used.append(settings)
                out.begun.set()
                assert out.open.wait(WAIT_S)
                if out.fails:
                    raise VoiceError("out of paper")
                return super()._print(line, cancel)

        return Voice(out)


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch) -> Out:
    out = Out()
    monkeypatch.setattr("assistant.voice.process.make_voice", lambda settings, *rest: (out.voice(settings),))
    return out


@pytest.fixture
def polled(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Waits until the voice has polled at everything once more; by then its controls are open too. A missing heartbeat
    between a step of the clock and the next heartbeat is not announced meanwhile."""
    polls = threading.Semaphore(0)
    monkeypatch.setattr(VisionMonitor, "poll", lambda monitor: None)
    monkeypatch.setattr(BoardMonitor, "poll", lambda monitor: polls.release())

    def wait() -> None:
        while polls.acquire(blocking=False):
            pass
        for _ in range(2):
            assert polls.acquire(timeout=WAIT_S)

    return wait


@pytest.fixture
def bench(tmp_path: Path, out: Out) -> Iterator[Bench]:
    with contextlib.closing(Bench(tmp_path)) as bench:
        yield bench


def next_after(bench: Bench, polled: Callable[[], None]) -> str:
    """The next text that is spoken, "nothing" where the voice process has no utterance of its own."""
    polled()
    bench.vision.speak(utterance("nothing", Priority.STATUS))
    text, fate = bench.fate()
    assert fate is Fate.SPOKEN
    if text != "nothing":
        assert bench.fate() == ("nothing", Fate.SPOKEN)
    return text


def test_what_is_sent_is_spoken_and_its_fate_comes_back(bench: Bench, out: Out) -> None:
    for message, expected in (
        (utterance("Looks happy."), ("Looks happy.", Fate.SPOKEN)),
        (utterance("Looks sad.", expires_at=99.0), ("Looks sad.", Fate.EXPIRED)),
        (utterance("Nobody in view.", Priority.ANSWER), ("Nobody in view.", Fate.SPOKEN)),
        (Fault(FaultName.CAMERA, 100.0), ("Camera lost.", Fate.SPOKEN)),
        (Fault(FaultName.CAMERA, 100.0, is_over=True), ("It is back.", Fate.SPOKEN)),
    ):
        bench.vision.send(message)
        assert bench.fate() == expected
    assert out.getvalue() == "Looks happy.\nNobody in view.\nCamera lost.\nIt is back.\n"


def test_a_restarted_voice_announces_that_it_is_back(tmp_path: Path, out: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE_DIRECTORY", "RUNTIME_DIRECTORY"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "running").touch()  # left behind by a process that has crashed
        monkeypatch.setenv(name, str(tmp_path / name))
    Bench(tmp_path).close()
    assert out.getvalue() == "It is back.\n"
    assert not list(tmp_path.rglob("running")), "an orderly end"


def test_a_power_cut_is_announced_at_the_next_start(tmp_path: Path, out: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE_DIRECTORY", "RUNTIME_DIRECTORY"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    (tmp_path / "STATE_DIRECTORY" / "running").touch()  # the one in memory is gone after a power cut
    for _ in range(2):
        Bench(tmp_path).close()
        assert out.getvalue() == "power_cut\n", "the second start came after an orderly end"


def test_a_raised_volume_is_announced_at_the_start_and_once_an_hour(
    tmp_path: Path, out: Out, polled: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.voice.process.raise_volume", lambda device: device == "usb")
    settings = dataclasses.replace(SETTINGS, voice=dataclasses.replace(SETTINGS.voice, device="usb"))
    with contextlib.closing(Bench(tmp_path, settings)) as bench:
        assert bench.fate() == ("volume_raised", Fate.SPOKEN)
        bench.now += MIXER_CHECK_S - 1
        assert next_after(bench, polled) == "nothing"
        bench.now += 1
        assert bench.fate() == ("volume_raised", Fate.SPOKEN)


def test_a_switch_to_another_sound_card_is_announced_and_so_is_its_return(
    tmp_path: Path, out: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    moves: list[Callable[[str, bool], None]] = []
    monkeypatch.setattr("assistant.voice.process.SoundCardPlayer", lambda device, on_move: moves.append(on_move))
    with contextlib.closing(Bench(tmp_path)) as bench:
        bench.beat()
        for card, text_expected in (("plughw:CARD=vc4", "Sound moved."), ("", "It is back.")) * 2:
            moves[0](card, False)
            assert bench.fate() == (text_expected, Fate.SPOKEN)


def test_a_chosen_sound_device_that_never_played_is_named_once(
    tmp_path: Path, out: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    moves: list[Callable[[str, bool], None]] = []
    monkeypatch.setattr("assistant.voice.process.SoundCardPlayer", lambda device, on_move: moves.append(on_move))
    settings = dataclasses.replace(SETTINGS, voice=dataclasses.replace(SETTINGS.voice, device="Hedset"))
    with contextlib.closing(Bench(tmp_path, settings)) as bench:
        bench.beat()
        for card, has_played, text_expected in (
            ("plughw:CARD=vc4", False, "voice_device"), ("", False, "It is back."),
            ("plughw:CARD=vc4", True, "Sound moved."), ("", True, "It is back."),
        ):  # fmt: skip
            moves[0](card, has_played)
            assert bench.fate() == (text_expected, Fate.SPOKEN)


@pytest.mark.parametrize("setting", ["voice.name", "voice.model", "voice.engine"])
def test_a_setting_that_a_voice_refuses_is_named_once_in_speech_and_log(
    setting: str, tmp_path: Path, out: Out, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    refuse: list[Callable[[str, str], None]] = []

    def make(
        settings: VoiceSettings, language: str, player: object, on_setting: Callable[[str, str], None], tone: AimTone
    ) -> object:
        refuse.append(on_setting)
        return (out.voice(settings),)

    monkeypatch.setattr("assistant.voice.process.make_voice", make)
    with caplog.at_level("WARNING"), contextlib.closing(Bench(tmp_path)) as bench:
        bench.beat()
        for reason, announced in (("no such thing", setting.replace(".", "_")), ("", "It is back.")):
            out.open.clear()
            bench.vision.speak(utterance("Looks happy."))
            assert out.begun.wait(WAIT_S)
            refuse[0](setting, reason)  # while another voice speaks the words
            out.open.set()
            assert bench.fate() == ("Looks happy.", Fate.SPOKEN), "they are not cut off"
            assert bench.fate() == (announced, Fate.SPOKEN)
            out.begun.clear()
            bench.now += 1000.0
            if reason:
                refuse[0](setting, reason)  # of another voice object, at another rate
                bench.vision.speak(utterance("Looks sad."))
                assert bench.fate() == ("Looks sad.", Fate.SPOKEN), "and then nothing"
                out.begun.clear()
    assert f"{setting.replace('.', '_')}: no such thing" in caplog.messages


def test_settings_that_cannot_be_saved_are_a_fault_that_ends_when_they_can(
    bench: Bench, polled: Callable[[], None]
) -> None:
    kept = state_file()
    assert kept
    kept.parents[2].mkdir()
    kept.parents[1].write_text("no folder")
    polled()
    for command, faults_expected in (
        ("quieter", ("I could not save.",)),
        ("quieter", ()),
        ("louder", ("It is back.",)),
    ):
        if command == "louder":
            kept.parents[1].unlink()
        assert control_client.send_command(command).ok
        for text in (*faults_expected, command):
            assert bench.fate() == (text, Fate.SPOKEN)


def test_louder_takes_effect_at_once_and_starts_from_the_saved_volume(
    tmp_path: Path, out: Out, polled: Callable[[], None]
) -> None:
    kept = state_file()
    assert kept
    kept.parent.mkdir(parents=True)
    kept.write_text(json.dumps({"rate_wpm": 200, "volume": 60, "set": [175, 100]}))
    with contextlib.closing(Bench(tmp_path)) as bench:
        bench.vision.speak(utterance("Looks happy."))
        assert bench.fate() == ("Looks happy.", Fate.SPOKEN)
        polled()
        for command in ("louder", "slower"):
            assert control_client.send_command(command).ok
            assert bench.fate() == (command, Fate.SPOKEN)
    assert [(used.rate_wpm, used.volume) for used in out.used] == [(200, 60), (200, 70), (175, 70)]


def test_an_utterance_that_is_withdrawn_while_it_waits_is_not_spoken(bench: Bench, out: Out) -> None:
    out.open.clear()
    bench.vision.speak(utterance("Looks happy."))
    assert out.begun.wait(WAIT_S)
    for text in ("Looks sad.", "Looks angry."):
        bench.vision.speak(utterance(text))
    bench.vision.withdraw("Looks sad.")
    assert bench.fate() == ("Looks sad.", Fate.SUPERSEDED)
    out.open.set()
    assert [bench.fate(), bench.fate()] == [("Looks happy.", Fate.SPOKEN), ("Looks angry.", Fate.SPOKEN)]


def test_after_an_audio_outage_lost_faults_are_spoken(bench: Bench, out: Out) -> None:
    out.fails = True
    bench.vision.send(Fault(FaultName.CAMERA, 100.0))
    assert bench.fate() == ("Camera lost.", Fate.FAILED)
    for lasted in ("2", "3"):
        bench.now += RETRY_S
        assert bench.fate() == (f"No sound for {lasted} s.", Fate.FAILED)
    out.fails = False
    bench.now += RETRY_S
    assert [bench.fate(), bench.fate()] == [("No sound for 4 s.", Fate.SPOKEN), ("Camera lost.", Fate.SPOKEN)]


def test_a_shutdown_that_is_confirmed_is_carried_out(
    tmp_path: Path, out: Out, polled: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    carried_out: SimpleQueue[str] = SimpleQueue()
    monkeypatch.setattr("assistant.voice.process.power_off", lambda command: carried_out.put(command) or "")
    settings = dataclasses.replace(SETTINGS, controls=ControlSettings(shutdown_command="halt"))
    with contextlib.closing(Bench(tmp_path, settings)) as bench:
        polled()
        for text_expected in ("shutdown_confirm", "shutdown"):
            assert carried_out.empty()
            assert control_client.send_command("shutdown").text == text_expected
            assert bench.fate() == (text_expected, Fate.SPOKEN)
        assert carried_out.get(timeout=WAIT_S) == "halt"


def test_a_shutdown_that_is_not_confirmed_or_called_off_is_announced_as_off(
    bench: Bench, polled: Callable[[], None]
) -> None:
    polled()
    for _ in range(2):
        assert control_client.send_command("shutdown").text == "shutdown_confirm"
        assert bench.fate() == ("shutdown_confirm", Fate.SPOKEN)
        bench.now += CONFIRM_S + 1
        assert bench.fate() == ("shutdown_cancelled", Fate.SPOKEN)
    assert control_client.send_command("shutdown").ok
    assert bench.fate() == ("shutdown_confirm", Fate.SPOKEN)
    assert control_client.send_command("mute").ok
    assert [bench.fate(), bench.fate()] == [("shutdown_cancelled", Fate.SPOKEN), ("muted", Fate.SPOKEN)]


def test_an_answer_without_a_question_is_not_spoken(bench: Bench, out: Out) -> None:
    bench.vision.send(Answer(1, utterance("Nobody in view.", Priority.ANSWER)))
    bench.vision.send(utterance("Looks happy."))
    assert bench.fate() == ("Looks happy.", Fate.SPOKEN)
    assert out.getvalue() == "Looks happy.\n"


def test_muted_by_the_control_socket_only_faults_and_answers_are_spoken(
    bench: Bench, out: Out, polled: Callable[[], None]
) -> None:
    polled()
    bench.vision.heartbeat(100.0, is_camera_open=True)
    bench.vision.speak(utterance("Looks happy."))
    assert bench.fate() == ("Looks happy.", Fate.SPOKEN)
    assert control_client.send_command("mute").ok
    assert bench.fate() == ("muted", Fate.SPOKEN)
    bench.vision.speak(utterance("Looks sad."))
    assert bench.fate() == ("Looks sad.", Fate.DROPPED)
    bench.vision.send(Fault(FaultName.CAMERA, 100.0))
    assert bench.fate() == ("Camera lost.", Fate.SPOKEN)
    reply = control_client.send_command("status")
    assert reply.facts == {
        "vision": True,
        "camera": True,
        "lens_covered": False,
        "faults": [],
        "muted": True,
        "volume": 100,
        "rate_wpm": 175,
    }
    assert bench.fate() == ("running muted", Fate.SPOKEN)
    assert control_client.send_command("unmute").ok
    assert bench.fate() == ("unmuted", Fate.SPOKEN)
    assert control_client.send_command("repeat").text == "Camera lost.", "a reply to a command is not repeated"
    assert bench.fate() == ("Camera lost.", Fate.SPOKEN)
    assert "Looks sad." not in out.getvalue()


def test_while_muted_a_pause_is_spoken_and_the_status_reports_it(bench: Bench, polled: Callable[[], None]) -> None:
    polled()
    bench.beat()
    assert control_client.send_command("mute").ok
    assert bench.fate() == ("muted", Fate.SPOKEN)
    bench.vision.speak(utterance("The lens is covered.", Priority.PAUSE))
    assert bench.fate() == ("The lens is covered.", Fate.SPOKEN)
    bench.beat(is_lens_covered=True)
    reply = control_client.send_command("status")
    assert (reply.text, reply.facts["lens_covered"]) == ("lens_covered muted", True)
    assert bench.fate() == ("lens_covered muted", Fate.SPOKEN)
    assert control_client.send_command("facts").facts["seeing"] is False
    bench.beat()
    assert control_client.send_command("status").text == "running muted"


def test_no_idle_tick_while_the_lens_is_covered(bench: Bench, polled: Callable[[], None]) -> None:
    for is_covered, text_spoken in ((True, "nothing"), (False, "sounds.still_here")):
        bench.now += IDLE_TICK_S
        bench.beat(is_lens_covered=is_covered)
        assert next_after(bench, polled) == text_spoken


def test_a_vision_that_stops_is_announced_and_so_is_its_return(bench: Bench) -> None:
    bench.vision.heartbeat(100.0)
    bench.vision.speak(utterance("first"))
    assert bench.fate() == ("first", Fate.SPOKEN)
    bench.now = 103.5
    assert bench.fate() == ("The vision part stopped.", Fate.SPOKEN)
    bench.vision.heartbeat(103.4)
    assert bench.fate() == ("It is back.", Fate.SPOKEN)


@pytest.mark.parametrize(
    "strange", [Question(1, Command.WHY), UtteranceEnded(utterance("never said"), Fate.SPOKEN, 1.0)]
)
def test_a_message_that_is_not_for_the_voice_is_refused_and_the_voice_goes_on(bench: Bench, strange: Message) -> None:
    bench.vision.speak(utterance("before"))
    assert bench.fate() == ("before", Fate.SPOKEN)
    bench.vision.send(strange)
    message: Message | None = None
    while message is None:  # the link is cut, and found again
        bench.vision.speak(utterance("after"))
        with contextlib.suppress(Empty):
            message = bench.came.get(timeout=0.2)
    assert isinstance(message, UtteranceEnded)
    assert message.utterance.text == "after"


def test_a_fault_without_a_sentence_is_refused_and_the_voice_goes_on(bench: Bench, tmp_path: Path) -> None:
    bench.vision.speak(utterance("before"))
    assert bench.fate() == ("before", Fate.SPOKEN)
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(WAIT_S)
        raw.connect(str(tmp_path / "voice.sock"))
        raw.sendall(b'{"type": "fault", "name": "no such fault", "at": 1.0, "detail": "", "is_over": false}\n')
        assert raw.recv(1) == b""
    bench.vision.speak(utterance("after"))
    assert bench.fate() == ("after", Fate.SPOKEN)


def test_stop_drains_the_queue_and_ends(bench: Bench) -> None:
    began = time.monotonic()
    bench.vision.speak(utterance("Stopping.", Priority.ANSWER))
    bench.vision.stop()
    assert bench.fate() == ("Stopping.", Fate.SPOKEN)
    bench.thread.join(WAIT_S)
    assert not bench.thread.is_alive()
    assert time.monotonic() - began < 2.0
    assert bench.stop.is_set()


def test_a_path_where_it_cannot_listen_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "voice.sock").write_text("")
    with pytest.raises(IPCError, match="no socket"):
        run_voice(SETTINGS, tmp_path / "voice.sock", FakePhrases(), threading.Event())


def test_the_voice_needs_only_the_standard_library() -> None:
    code = (
        "import sys; before = set(sys.modules); import assistant.voice.process, assistant.voice.voices.espeak, "
        "assistant.voice.voices.tone, assistant.voice.voices.pyttsx3, assistant.voice.voices.printed\n"
        "ours = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(ours - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "['assistant']"


def test_no_idle_tick_while_nothing_can_be_seen(bench: Bench, polled: Callable[[], None]) -> None:
    for camera, faults, text_spoken in (
        (False, ["camera_lost"], "nothing"), (True, ["black"], "nothing"), (True, ["blank"], "nothing"),
        (True, ["torn"], "nothing"), (True, ["blurred", "step"], "nothing"), (True, ["blurred"], "sounds.still_here"),
    ):  # fmt: skip
        bench.now += IDLE_TICK_S
        bench.beat(is_camera_open=camera, faults=faults)
        assert next_after(bench, polled) == text_spoken, faults


def test_muted_there_is_an_idle_tick_too(bench: Bench, polled: Callable[[], None]) -> None:
    polled()
    assert control_client.send_command("mute").ok
    assert bench.fate() == ("muted", Fate.SPOKEN)
    bench.now += IDLE_TICK_S - 1
    bench.beat()
    polled()
    bench.now += 1
    bench.beat()
    polled()
    assert control_client.send_command("unmute").ok
    tick, *rest = (bench.came.get(timeout=WAIT_S) for _ in range(2))
    assert isinstance(tick, UtteranceEnded)
    assert (tick.utterance.earcon, tick.fate) == ("still_here", Fate.SPOKEN)
    assert tick.utterance.text == "muted", "where it is spoken, the sentence is that the assistant is muted"
    assert [each.utterance.text for each in rest if isinstance(each, UtteranceEnded)] == ["unmuted"], (
        "once in ten minutes"
    )


def test_no_idle_tick_after_an_utterance(bench: Bench, polled: Callable[[], None]) -> None:
    polled()
    bench.vision.speak(utterance("Looks happy."))
    assert bench.fate() == ("Looks happy.", Fate.SPOKEN)
    bench.now += IDLE_TICK_S - 1
    bench.beat()
    assert next_after(bench, polled) == "nothing"
    bench.now += IDLE_TICK_S
    bench.beat()
    assert next_after(bench, polled) == "sounds.still_here"


def test_no_idle_tick_if_the_settings_turn_it_off(tmp_path: Path, out: Out, polled: Callable[[], None]) -> None:
    settings = dataclasses.replace(SETTINGS, announcements=AnnouncementSettings(still_here=False))
    with contextlib.closing(Bench(tmp_path, settings)) as bench:
        polled()
        bench.now += IDLE_TICK_S
        bench.beat()
        assert next_after(bench, polled) == "nothing"
