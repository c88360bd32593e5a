"""Every command: the utterance, the reply, and the settings that persist."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import phrases
from assistant.ipc.commands import QUESTIONS, Command
from assistant.ipc.messages import Question
from assistant.records import Fate, Priority, Utterance, UtteranceKind
from assistant.voice.commands import CONFIRM_S, CommandHandler
from assistant.voice.persistent_settings import MAX_BYTES, PersistentSettings, state_file

pytestmark = pytest.mark.timed

EN = phrases.load("en")
WAIT_S = 5.0


class SpeakerStandin:
    """Stores the utterances that are put, and the interruptions: "-" for an answer, "--" without one."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.speaking: Utterance | None = None

    def put(self, utterance: Utterance) -> None:
        assert utterance.priority >= Priority.ANSWER
        self.events.append(utterance.text)

    def interrupt(self, *, is_for_answer: bool = False) -> Utterance | None:
        self.events.append("-" if is_for_answer else "--")
        return self.speaking

    def drain(self, timeout_s: float) -> bool:
        self.events.append("drained")
        return timeout_s > 0

    def withdraw(self, topic: str | None = None) -> None:
        assert topic is None
        self.events.append("~")


class Bench:
    def __init__(self, path: Path | None = None, power_off: Callable[[], str] | None = None) -> None:
        self.speaker, self.now, self.sees = SpeakerStandin(), 100.0, True
        self.facts: dict[str, bool | list[str]] = {}
        self.asked: SimpleQueue[Question] = SimpleQueue()
        self.voices: list[tuple[int, int]] = []
        self.kept = PersistentSettings(175, 100, path)
        self.handler = CommandHandler(
            EN, self.speaker, self.asked.put, lambda *set_to: self.voices.append(set_to), self.kept,
            is_vision_alive=lambda: self.sees, facts=lambda: self.facts, power_off=power_off, clock=lambda: self.now,
        )  # fmt: skip

    def ask(self, text: str, what: str = "ask", note: str = "asked") -> Utterance:
        """The wearer asks, and vision gives this answer."""
        answer = Utterance(text, Priority.ANSWER, "answer", None, note)
        vision = threading.Thread(
            target=lambda: self.handler.answered(self.asked.get(timeout=WAIT_S).question_id, answer),
        )
        vision.start()
        assert self.handler.handle(what).text == text
        vision.join()
        return answer

    def spoken(self) -> list[str]:
        events, self.speaker.events = self.speaker.events, []
        return events


@pytest.mark.parametrize("what", QUESTIONS)
def test_a_question_interrupts_and_is_answered_by_vision(what: Command) -> None:
    bench = Bench()

    def vision() -> None:
        ask = bench.asked.get(timeout=WAIT_S)
        bench.handler.answered(ask.question_id + 1, Utterance("Not this.", Priority.ANSWER, "answer"))
        bench.handler.answered(ask.question_id, Utterance(f"About {ask.command}.", Priority.ANSWER, "answer"))

    thread = threading.Thread(target=vision)
    thread.start()
    reply = bench.handler.handle(what)
    thread.join()
    assert (reply.ok, reply.text) == (True, f"About {what}.")
    assert bench.spoken() == ["-", f"About {what}."]


def test_a_missing_answer_is_announced() -> None:
    bench = Bench()
    reply = bench.handler.handle("ask")
    assert (reply.ok, reply.text) == (False, EN.status("no_answer"))
    assert bench.spoken() == ["-", EN.status("no_answer")]
    bench.handler.answered(1, Utterance("Too late.", Priority.ANSWER, "answer"))
    assert bench.spoken() == []


def test_repeat_repeats_the_last_utterance_of_which_at_least_the_beginning_was_spoken() -> None:
    bench = Bench()
    assert bench.handler.handle("repeat").text == EN.status("nothing_to_repeat")
    for text, fate in (("Looks happy.", Fate.SPOKEN), ("Looks sad.", Fate.INTERRUPTED), ("Lost.", Fate.EXPIRED)):
        bench.handler.ended(Utterance(text, Priority.CHANGE, "person 1"), fate)
    bench.handler.ended(Utterance("Louder.", Priority.ANSWER, "command", kind=UtteranceKind.COMMAND_REPLY), Fate.SPOKEN)
    bench.handler.ended(Utterance("Still here.", Priority.STATUS, "tick", kind=UtteranceKind.IDLE_TICK), Fate.SPOKEN)
    bench.spoken()
    assert bench.handler.handle("repeat").text == "Looks sad."
    assert bench.spoken() == ["-", "Looks sad."]


def test_repeat_repeats_what_it_interrupts() -> None:
    bench = Bench()
    bench.handler.ended(Utterance("Looks happy.", Priority.CHANGE, "person 1"), Fate.SPOKEN)
    for text, kind, expected in (
        ("Louder.", UtteranceKind.COMMAND_REPLY, "Looks happy."),
        ("Looks sad.", UtteranceKind.ANNOUNCEMENT, "Looks sad."),
        ("One person, ahead.", UtteranceKind.ANSWER, "One person, ahead."),
    ):
        bench.speaker.speaking = Utterance(text, Priority.ANSWER, kind, kind=kind)
        assert bench.handler.handle("repeat").text == expected


def test_repeat_right_after_a_question_repeats_the_answer() -> None:
    bench = Bench()
    bench.handler.ended(Utterance("Looks happy.", Priority.CHANGE, "person 1"), Fate.SPOKEN)
    bench.speaker.speaking = bench.ask("One person, ahead.")
    assert bench.handler.handle("repeat").text == "One person, ahead."


@pytest.mark.parametrize("how", ["repeat", "repeat_instead"])
@pytest.mark.parametrize("is_still_spoken", [True, False])
def test_an_announcement_that_was_called_wrong_is_not_repeated(how: str, is_still_spoken: bool) -> None:
    bench = Bench()
    bench.handler.ended(Utterance("Looks happy.", Priority.CHANGE, "person 1"), Fate.SPOKEN)
    noted = bench.ask(EN.status("rejected"), "wrong", "noted")
    bench.speaker.speaking = noted if is_still_spoken else None
    if how == "repeat_instead":
        bench.speaker.speaking = bench.ask("Cannot tell, too dark.")
    assert bench.handler.handle(how).text == EN.status("rejected")


@pytest.mark.parametrize("is_still_spoken", [True, False])
@pytest.mark.parametrize("cut_off", ["Camera lost.", ""])
def test_a_double_press_repeats_what_was_spoken_before_its_first_tap(cut_off: str, is_still_spoken: bool) -> None:
    bench = Bench()
    bench.handler.ended(Utterance("Looks happy.", Priority.CHANGE, "person 1"), Fate.SPOKEN)
    bench.speaker.speaking = Utterance(cut_off, Priority.FAULT, "fault camera_lost") if cut_off else None
    answer = bench.ask("One person, ahead.")
    bench.speaker.speaking = answer if is_still_spoken else None
    if not is_still_spoken:
        bench.handler.ended(answer, Fate.SPOKEN)
    assert bench.handler.handle("repeat_instead").text == (cut_off or "Looks happy.")
    assert Bench().handler.handle("repeat_instead").text == EN.status("nothing_to_repeat")


def test_while_muted_only_faults_pauses_and_answers_are_spoken() -> None:
    bench = Bench()
    assert bench.handler.handle("mute").text == "Muted."
    assert bench.spoken() == ["~", "Muted."], "the answer cuts off what is being spoken, but no fault"
    passed = [each for each in Priority if bench.handler.allows(Utterance("x", each, "x"))]
    assert passed == [Priority.PAUSE, Priority.ANSWER, Priority.FAULT]
    assert bench.handler.handle("status").facts["muted"] is True
    assert bench.handler.handle("toggle_mute").text == "Sound on."
    assert all(bench.handler.allows(Utterance("x", each, "x")) for each in Priority)
    bench.handler.handle("toggle_mute")
    assert bench.handler.is_muted
    assert not Bench().handler.is_muted, "a new start is never mute"


def test_volume_and_rate_stop_at_their_limits_and_persist(tmp_path: Path) -> None:
    file = tmp_path / "state" / "voice.json"
    bench = Bench(file)
    expected = [bench.handler.handle("quieter").text for _ in range(10)]
    assert expected == ["Quieter."] * 8 + ["This is the quietest."] * 2
    assert [bench.handler.handle("faster").text for _ in range(12)][-2:] == ["This is the fastest."] * 2
    assert bench.voices[0] == (175, 90)
    assert bench.voices[-1] == (450, 10)
    assert len(bench.voices) == 9 + 11
    again = Bench(file)
    assert (again.kept.rate_wpm, again.kept.volume) == (450, 10)
    assert again.handler.handle("louder").text == "Louder."
    assert again.handler.handle("slower").text == "Slower."
    assert again.voices == [(450, 20), (425, 20)]
    assert [again.handler.handle("slower").text for _ in range(20)][-1] == "This is the slowest."
    assert (PersistentSettings(200, 100, file).rate_wpm, PersistentSettings(175, 100, file).rate_wpm) == (200, 80), (
        "edited settings go first"
    )


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"set": [175, 100], "rate_wpm": 9999, "volume": true}', "[" * MAX_BYTES, "\x00"]
)
def test_a_damaged_state_file_is_ignored(tmp_path: Path, content: str) -> None:
    file = tmp_path / "voice.json"
    file.write_text(content)
    kept = PersistentSettings(175, 100, file)
    assert (kept.rate_wpm, kept.volume) == (175, 100)
    kept.update(volume=50)
    assert json.loads(file.read_text())["volume"] == 50
    assert [each.name for each in tmp_path.iterdir()] == ["voice.json"]


def test_settings_that_cannot_be_saved_hold_until_the_restart_and_are_reported(tmp_path: Path) -> None:
    errors: list[str] = []
    (tmp_path / "file").write_text("")
    kept = PersistentSettings(175, 100, tmp_path / "file" / "voice.json", errors.append)
    kept.update(volume=30)
    assert kept.volume == 30
    assert "cannot be kept" in errors[0]
    (tmp_path / "file").unlink()
    kept.update(volume=40)
    assert errors[1:] == [""]
    PersistentSettings(175, 100).update(volume=30)


def test_where_the_state_file_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/emotion-assistant:/other")
    assert state_file() == Path("/var/lib/emotion-assistant/voice.json")
    monkeypatch.delenv("STATE_DIRECTORY")
    monkeypatch.setenv("XDG_STATE_HOME", "/home/x/state")
    assert state_file() == Path("/home/x/state/emotion-assistant/voice.json")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/x")
    assert state_file() == Path("/home/x/.local/state/emotion-assistant/voice.json")
    monkeypatch.delenv("HOME")
    assert state_file() is None


def test_status_reports_a_vision_process_that_has_ended() -> None:
    bench = Bench()
    assert bench.handler.handle("status").text == "Running."
    bench.sees = False
    reply = bench.handler.handle("status")
    assert reply.text == EN.status("no_answer")
    assert reply.facts == {
        "vision": False, "camera": False, "lens_covered": False, "faults": [], "muted": False, "volume": 100,
        "rate_wpm": 175,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"seeing": True, "camera": True, "faults": []}, [EN.status("running")]),
        ({"seeing": False, "camera": False, "faults": ["camera_lost"]}, [EN.fault("camera_lost")]),
        ({"seeing": False, "camera": False, "faults": []}, [EN.status("no_picture")]),
        ({"seeing": False, "lens_covered": True, "camera": True, "faults": []}, [EN.status("lens_covered")]),
        (
            {"seeing": False, "lens_covered": True, "camera": True, "faults": ["model_fallback"]},
            [EN.status("lens_covered"), EN.fault("model_fallback")],
        ),
        (
            {"seeing": True, "camera": True, "faults": ["model_fallback", "blurred"]},
            [EN.status("running"), EN.fault("model_fallback"), EN.fault("blurred")],
        ),
    ],
)
def test_status_reports_faults_and_a_covered_lens(facts: dict[str, bool | list[str]], expected: list[str]) -> None:
    bench = Bench()
    bench.facts = facts
    reply = bench.handler.handle("status")
    assert reply.text == " ".join(expected)
    assert (reply.facts["vision"], reply.facts["camera"], reply.facts["faults"]) == (
        True, facts["camera"], facts["faults"],
    )  # fmt: skip
    assert reply.facts["lens_covered"] is facts.get("lens_covered", False)


def test_a_shutdown_needs_a_second_command(tmp_path: Path) -> None:
    bench = Bench(power_off=lambda: (tmp_path / "off").write_text("") or "")
    assert bench.handler.handle("shutdown").text == EN.status("shutdown_confirm")
    bench.now += CONFIRM_S + 0.1
    assert bench.handler.handle("shutdown").text == EN.status("shutdown_confirm"), "too late to confirm"
    bench.handler.handle("status")
    bench.now += CONFIRM_S
    assert bench.handler.handle("shutdown").text == EN.status("shutdown_confirm"), "called off by another command"
    assert not (tmp_path / "off").exists()
    bench.spoken()
    assert bench.handler.handle("shutdown").text == EN.status("shutdown")
    assert bench.handler.shutdown_thread
    bench.handler.shutdown_thread.join()
    assert (tmp_path / "off").exists()
    assert bench.spoken() == [EN.status("shutdown"), "drained"], "announced before it is done"


def test_a_shutdown_that_is_not_confirmed_is_called_off_and_announced_once() -> None:
    bench = Bench(power_off=lambda: "")
    bench.handler.poll()
    assert bench.spoken() == [], "nothing was asked for"
    bench.handler.handle("shutdown")
    for _ in range(2):
        bench.handler.poll()
        assert bench.spoken() in ([EN.status("shutdown_confirm")], [])
        bench.now += CONFIRM_S / 2
    bench.now += 0.1
    bench.handler.poll()
    bench.handler.poll()
    assert bench.spoken() == [EN.status("shutdown_cancelled")]
    assert bench.handler.handle("shutdown").text == EN.status("shutdown_confirm")


@pytest.mark.parametrize(
    ("command", "spoken"),
    [
        ("louder", ["kept", EN.status("loudest")]),
        ("mute", ["kept", "~", EN.status("muted")]),
        ("status", ["kept", EN.status("running")]),
        ("ask", ["-", "kept", EN.status("no_answer")]),
        ("repeat", ["-", "kept", "Looks happy."]),
        ("cancel", ["--", "kept"]),
        ("facts", []),
        ("no such command", []),
    ],
)
def test_a_command_that_calls_off_a_shutdown_is_answered_after_that_is_announced(
    command: str, spoken: list[str]
) -> None:
    bench = Bench(power_off=lambda: "")
    bench.handler.ended(Utterance("Looks happy.", Priority.CHANGE, "person 1"), Fate.SPOKEN)
    bench.handler.handle("shutdown")
    bench.spoken()
    bench.handler.handle(command)
    assert bench.spoken() == [EN.status("shutdown_cancelled") if each == "kept" else each for each in spoken]
    is_off = bool(spoken)
    assert bench.handler.handle("shutdown").text == EN.status("shutdown_confirm" if is_off else "shutdown")
    if bench.handler.shutdown_thread:
        bench.handler.shutdown_thread.join()


def test_nothing_is_called_off_after_the_shutdown_has_begun() -> None:
    bench = Bench(power_off=lambda: "")
    bench.handler.handle("shutdown")
    bench.handler.handle("shutdown")
    bench.now += CONFIRM_S + 1
    bench.handler.poll()
    bench.handler.handle("louder")
    assert EN.status("shutdown_cancelled") not in bench.spoken()


@pytest.mark.parametrize("power_off", [None, lambda: "no right to do that"])
def test_a_failed_shutdown_is_announced(power_off: Callable[[], str] | None) -> None:
    bench = Bench(power_off=power_off)
    bench.handler.handle("shutdown")
    reply = bench.handler.handle("shutdown")
    if bench.handler.shutdown_thread:
        bench.handler.shutdown_thread.join()
    assert reply.ok is bool(power_off)
    assert bench.spoken()[-1] == EN.status("shutdown_failed")


def test_cancel_interrupts_and_speaks_nothing() -> None:
    bench = Bench()
    assert bench.handler.handle("cancel").ok
    assert bench.spoken() == ["--"], "for no answer"


@given(st.text(max_size=60))
def test_an_unknown_command_is_refused(text: str) -> None:
    bench = Bench()
    if text not in set(Command):
        assert not bench.handler.handle(text).ok
        assert bench.spoken() == []
