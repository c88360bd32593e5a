"""Asking in the voice process, with a speaker on its own thread: words, messages to vision, and presses."""

import dataclasses
import threading
from collections.abc import Iterator
from queue import Empty, SimpleQueue

import pytest

from assistant import phrases
from assistant.config.settings import DescribeSettings, FriendsSettings, ReadSettings, Settings, ThingsSettings
from assistant.ipc.commands import SKILL_QUESTIONS, Command, Reply
from assistant.ipc.messages import AimPosition, Message, Press, Question, SkillAnswer, SkillCancel, SkillPress
from assistant.records import Fate, Priority, Utterance, UtteranceKind
from assistant.voice.asking.dialogue import LIMITS_S, MOMENT_S
from assistant.voice.asking.host import AskingHost, enabled_questions
from assistant.voice.asking.skill_keys import IDLE_S
from assistant.voice.controls.button_map import BUTTONS, MEDIA_KEYS
from assistant.voice.controls.button_map import Press as KeyPress
from assistant.voice.controls.gestures import Gesture
from assistant.voice.speech.speaker import Speaker
from tests.support.fake_voices import WAIT_S, FakeVoice, until_cancelled

EN = phrases.load("en")
ON = Settings(
    friends=FriendsSettings(enabled=True),
    things=ThingsSettings(enabled=True, favourites=("cup", "chair")),
    describe=DescribeSettings(enabled=True),
    read=ReadSettings(enabled=True),
)
SHORT, DOUBLE, LONG, VERY_LONG = Gesture


class SearchStandin:
    """Stores what is looked for."""

    def __init__(self) -> None:
        self.is_on, self.positions = False, list[AimPosition]()

    def begin_search(self, words: Utterance) -> None:
        self.is_on = True

    def take(self, message: AimPosition) -> None:
        self.positions.append(message)

    def stop(self) -> None:
        self.is_on = False


class Bench:
    def __init__(self, settings: Settings = ON) -> None:
        self.now, self.sees, self.voice, self.search = 100.0, True, FakeVoice(), SearchStandin()
        self.sent: SimpleQueue[Message] = SimpleQueue()
        self.fates: SimpleQueue[tuple[str, Fate]] = SimpleQueue()
        self.ran: list[tuple[Command, str]] = []
        self.speaker = Speaker([self.voice], on_fate=self._ended, clock=lambda: self.now)
        self.host = AskingHost(
            settings, EN, self.speaker, self.sent.put, search=self.search, run_command=self._run,
            spoken_name=lambda name: f"the {name}", is_vision_alive=lambda: self.sees, clock=lambda: self.now,
        )  # fmt: skip

    def _ended(self, utterance: Utterance, fate: Fate, at: float) -> None:
        self.host.ended(utterance, fate)
        self.fates.put((utterance.text, fate))

    def _run(self, command: Command, argument: str = "") -> Reply:
        self.ran.append((command, argument))
        self.host.before(command)
        return self.host.carry_out(command, argument) if command.is_about_skills else Reply(True)

    def ask(self, command: Command, argument: str = "") -> int:
        """Put a question; its number."""
        reply = self._run(command, argument)
        assert reply.ok
        question = self.next_sent()
        while not isinstance(question, Question):
            question = self.next_sent()
        assert (question.command, question.argument) == (command, argument)
        return question.question_id

    def answer(self, number: int, *texts: str, is_last: bool = True) -> None:
        """The skill says that, all of it at once."""
        for at, text in enumerate(texts, 1):
            line = Utterance(text, Priority.ANSWER, "answer", kind=UtteranceKind.ANSWER)
            assert self.host.take(SkillAnswer(number, line, is_last and at == len(texts)))

    def press(self, key: str, gesture: Gesture = SHORT) -> bool:
        rows = {**MEDIA_KEYS, **{f"button {at}": row for at, row in enumerate(BUTTONS[4], 1)}}
        return self.host.take_press(KeyPress(key, gesture, rows[key][gesture]))

    def next_sent(self) -> Message:
        return self.sent.get(timeout=WAIT_S)

    def fate(self) -> tuple[str, Fate]:
        return self.fates.get(timeout=WAIT_S)

    def said(self, count: int) -> list[str]:
        """The next texts that are spoken to their end."""
        texts = []
        while len(texts) < count:
            text, fate = self.fate()
            texts += [text] if fate is Fate.SPOKEN else []
        return texts


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.speaker.close(1.0)


def test_lines_that_come_at_once_are_spoken_one_after_the_other(bench: Bench) -> None:
    number = bench.ask(Command.WHAT)
    texts = [f"Line {at}." for at in range(20)]
    bench.answer(number, *texts)
    assert bench.said(20) == texts
    assert bench.host.carry_out(Command.SAID, f"{number} 18") == Reply(
        True, "", {"said": texts[18:], "ending": "answered"}
    )


def test_the_wearer_is_told_to_wait_and_then_it_is_given_up(bench: Bench) -> None:
    number = bench.ask(Command.DESCRIBE)
    bench.now += MOMENT_S
    bench.host.poll()
    assert bench.said(1) == [EN.text("skills", "one_moment")]
    bench.now = 100.0 + LIMITS_S[Command.DESCRIBE]
    bench.host.poll()
    assert bench.said(1) == [EN.text("skill_failures", "late")]
    assert bench.next_sent() == SkillCancel()
    bench.answer(number, "Too late.")
    assert bench.host.carry_out(Command.SAID, f"{number} 0").facts["ending"] == "given_up"


def test_another_command_ends_the_question_and_setting_the_voice_does_not(bench: Bench) -> None:
    bench.voice.outcome = until_cancelled
    number = bench.ask(Command.DESCRIBE)
    bench.answer(number, "A long line.", "Never said.")
    assert bench.voice.next() == "A long line."
    bench.host.before(Command.LOUDER)
    assert bench.sent.empty()
    bench.host.before(Command.ASK)
    assert bench.next_sent() == SkillCancel()
    assert bench.fate() == ("A long line.", Fate.INTERRUPTED)
    bench.answer(number, "Of before.")
    with pytest.raises(Empty):
        bench.voice.began.get_nowait()


def test_a_new_question_takes_the_place_of_the_old_one(bench: Bench) -> None:
    first = bench.ask(Command.WHAT)
    second = bench.ask(Command.READ)
    assert second != first
    bench.answer(first, "Of the first.")
    bench.answer(second, "Of the second.")
    assert bench.said(1) == ["Of the second."]
    assert bench.host.carry_out(Command.SAID, f"{first} 0").facts == {"said": [], "ending": "left"}


def test_a_line_that_a_fault_cuts_off_is_said_again(bench: Bench) -> None:
    bench.voice.outcome = until_cancelled
    bench.answer(bench.ask(Command.WHAT), "Table ahead.")
    assert bench.voice.next() == "Table ahead."
    bench.voice.outcome = True
    bench.speaker.put(Utterance("Camera lost.", Priority.FAULT, "fault"))
    assert [bench.fate(), bench.fate()] == [("Table ahead.", Fate.INTERRUPTED), ("Camera lost.", Fate.SPOKEN)]
    assert bench.speaker.drain(WAIT_S)
    bench.host.poll()
    assert bench.fate() == ("Table ahead.", Fate.SPOKEN)


def test_reading_pauses_goes_on_goes_back_and_ends(bench: Bench) -> None:
    bench.voice.outcome = until_cancelled
    number = bench.ask(Command.READ)
    bench.answer(number, "One.", "Two.", "Three.")
    assert bench.voice.next() == "One."
    bench.voice.outcome = True
    assert bench.press("play")
    assert bench.said(1) == [EN.text("skills", "paused")]
    bench.voice.outcome = lambda cancel: True if bench.voice.spoken[-1][0] != "Two." else until_cancelled(cancel)
    assert bench.press("play")
    assert bench.said(1) == ["One."]
    while bench.voice.next() != "Two.":
        pass
    assert bench.press("play", DOUBLE), "its first tap is left out here"
    assert bench.said(1) == ["One."]
    while bench.voice.next() != "Two.":
        pass
    assert bench.press("play", LONG)
    assert bench.said(1) == [EN.text("skills", "ended")]
    assert bench.next_sent() == SkillCancel()
    assert bench.host.carry_out(Command.SAID, f"{number} 0").facts == {"said": ["One.", "Two."], "ending": "left"}
    assert not bench.press("play"), "the keys are as usual"


def test_the_presses_of_a_friend_go_to_the_skill(bench: Bench) -> None:
    bench.ask(Command.TEACH_FRIEND)
    assert bench.press("button 1")
    assert bench.press("button 1", DOUBLE)
    assert [bench.next_sent(), bench.next_sent()] == [SkillPress(Press.YES), SkillPress(Press.BACK)]
    assert not bench.press("button 3"), "louder"


@pytest.mark.parametrize(
    "command", [each for each in SKILL_QUESTIONS if each not in (Command.READ, Command.TEACH_FRIEND)]
)
def test_while_another_skill_answers_a_short_press_asks_as_usual(bench: Bench, command: Command) -> None:
    bench.ask(command)
    assert not bench.press("button 1")
    assert bench.press("button 1", LONG), "which ends it, and mutes nothing"


def test_vision_that_ends_is_spoken(bench: Bench) -> None:
    bench.ask(Command.WHAT)
    bench.host.vision_is_gone()
    assert bench.said(1) == [EN.status("no_answer")]
    bench.sees = False
    reply = bench.host.carry_out(Command.WHAT, "")
    assert (reply.ok, reply.text) == (False, EN.status("no_answer"))


def test_a_search_sounds_until_there_are_words(bench: Bench) -> None:
    number = bench.ask(Command.FIND, "cup")
    assert bench.host.take(AimPosition(0.5, 0.0))
    assert (bench.search.is_on, bench.search.positions) == (True, [AimPosition(0.5, 0.0)])
    bench.answer(number, "The cup, at one o'clock.")
    assert bench.said(1) == ["The cup, at one o'clock."]
    assert not bench.search.is_on
    assert not bench.host.take(AimPosition(0.5, 0.0)), "of the aiming at a face"


def test_a_skill_that_is_off_says_so(bench: Bench) -> None:
    settings = dataclasses.replace(ON, read=ReadSettings())
    other = Bench(settings)
    try:
        assert other.host.carry_out(Command.READ, "") == Reply(False, EN.text("skill_failures", "off_read"))
        assert Command.READ not in enabled_questions(settings)
    finally:
        other.speaker.close(1.0)
    none = Bench(Settings())
    try:
        assert none.host.carry_out(Command.SKILLS, "") == Reply(False, EN.text("doctor", "skills_none"))
        assert not none.press("button 4")
        assert none.press("next", DOUBLE)
        assert none.ran == [(Command.WHY, "")], "as before there were skills"
    finally:
        none.speaker.close(1.0)


def test_the_keys_step_choose_and_become_the_usual_ones_again(bench: Bench) -> None:
    bench.host.carry_out(Command.SKILLS, "")
    assert bench.said(1) == [EN.text("skills", "entered")]
    for expected in ("what", "describe", "read", "teach_friend"):
        assert bench.press("button 4")
        assert bench.said(1) == [EN.text("skills", expected)]
    assert bench.press("next")
    assert bench.said(1) == ["The cup."]
    assert bench.press("button 1")
    assert bench.ran == [(Command.FIND, "cup")]
    assert bench.press("button 2")
    assert bench.said(1) == ["The chair."], "naming the next one ends the search"
    assert not bench.press("button 2", LONG), "that was wrong"
    bench.now += IDLE_S - 0.1
    bench.host.poll()
    assert bench.press("previous")
    assert bench.said(1) == ["The cup."]
    bench.now += IDLE_S
    bench.host.poll()
    assert bench.said(1) == [EN.text("skills", "over")]
    assert not bench.press("button 1")


def test_the_keys_wait_while_a_question_is_answered(bench: Bench) -> None:
    bench.host.carry_out(Command.SKILLS, "")
    bench.said(1)
    assert bench.press("button 3")
    assert bench.ran == [(Command.READ, "")]
    bench.now += 3 * IDLE_S
    bench.host.poll()
    assert not bench.press("button 3"), "louder, while it reads"
    assert bench.press("button 1", LONG)
    assert bench.press("button 1")
    assert bench.ran[-1] == (Command.READ, "")


def test_nothing_waits_for_a_lock_when_all_happens_at_once(bench: Bench) -> None:
    """Controls, link, speaker and main loop at the same time."""

    def asks() -> None:
        for command in (Command.WHAT, Command.READ, Command.DESCRIBE) * 5:
            bench._run(command)
            bench.press("play")

    def answers() -> None:
        for number in range(1, 16):
            bench.answer(number, "One.", "Two.", "Three.")
            bench.host.take(AimPosition(0.0, 0.0))
            bench.host.poll()

    threads = [threading.Thread(target=each) for each in (asks, answers, asks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert not any(thread.is_alive() for thread in threads)
    bench.host.before(Command.CANCEL)
    assert bench.speaker.drain(WAIT_S)
