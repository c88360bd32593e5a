"""The state of one question to a skill, for any sequence of events."""

import math
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ipc.commands import SKILL_QUESTIONS, Command
from assistant.ipc.messages import Press
from assistant.records import Priority, Utterance
from assistant.voice.asking.dialogue import LIMITS_S, MOMENT_S, PAGED, PAUSE_LIMIT_S, Dialogue, Due, Ending

LAST_WORDS = {ending: Utterance(ending, Priority.ANSWER, "skill") for ending in (Ending.GIVEN_UP, Ending.LOST)}
AT = 100.0


def line(text: str) -> Utterance:
    return Utterance(text, Priority.ANSWER, "skill")


def dialogue(command: Command = Command.WHAT) -> Dialogue:
    return Dialogue(1, command, LAST_WORDS, AT)


def heard(each: Dialogue) -> list[str]:
    """What is said from now on, each line to its end."""
    texts = []
    while each.line is not None:
        texts.append(each.line.text)
        each.said()
    return texts


@dataclass
class Model:
    """What a dialogue does for a sequence of events: (what, number)."""

    command: Command
    now: float = AT
    dues: list[Due] = field(default_factory=list)

    def run(self, events: list[tuple[str, float]]) -> Dialogue:
        each = Dialogue(1, self.command, LAST_WORDS, AT)
        for what, number in events:
            before, text = each.serial, each.line
            match what:
                case "wait":
                    self.now += number
                    self.dues.append(each.poll(self.now))
                case "line":
                    each.answered(line(f"line {number}"), is_last=False)
                case "last":
                    each.answered(line(f"last {number}") if number else None, is_last=True)
                case "said":
                    each.said()
                case "cut":
                    each.cut_off()
                case "short" | "double":
                    each.press(Press.YES if what == "short" else Press.BACK, self.now)
                case "lost":
                    each.vision_is_gone()
                case "leave":
                    each.leave()
            assert each.serial >= before
            assert each.line is text or each.line is None or each.serial > before, "a new line is begun"
            assert each.begun <= len(each.lines)
            assert each.ending is None or each.line is None
        return each


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["wait", "line", "last", "said", "cut", "short", "double", "lost", "leave"]),
        st.integers(0, 20).map(float),
    ),
    max_size=30,
)


@given(st.sampled_from(SKILL_QUESTIONS), EVENTS)
def test_every_question_ends_once_time_passes_and_its_lines_are_said(
    command: Command, events: list[tuple[str, float]]
) -> None:
    model = Model(command)
    each = model.run(events)
    model.dues.append(each.poll(AT + 1000.0))
    heard(each)
    assert each.ending is not None
    assert each.due_at == math.inf
    assert model.dues.count(Due.MOMENT) <= 1
    assert model.dues.count(Due.GIVING_UP) <= 1


@given(st.sampled_from(SKILL_QUESTIONS), EVENTS)
def test_after_its_end_nothing_changes_any_more(command: Command, events: list[tuple[str, float]]) -> None:
    each = Model(command).run(events)
    each.leave()
    serial, lines, ending = each.serial, len(each.lines), each.ending
    each.answered(line("too late"), is_last=True)
    each.said()
    each.cut_off()
    each.vision_is_gone()
    assert not each.press(Press.YES, AT)
    assert each.poll(AT + 1000.0) is Due.NOTHING
    assert (each.serial, len(each.lines), each.ending, each.line) == (serial, lines, ending, None)


@given(st.sampled_from(SKILL_QUESTIONS), st.lists(st.booleans(), min_size=1, max_size=20))
def test_the_lines_are_said_in_their_order_however_early_they_come(command: Command, is_early: list[bool]) -> None:
    each, said = dialogue(command), []
    for number, early in enumerate(is_early):
        each.answered(line(str(number)), is_last=number == len(is_early) - 1)
        if not early:
            said += heard(each)
    said += heard(each)
    assert said == [str(number) for number in range(len(is_early))]
    assert each.ending is Ending.ANSWERED


@given(st.integers(1, 8), st.lists(st.sampled_from(["said", "pause", "back"]), max_size=40))
def test_while_it_is_read_out_a_press_moves_by_one_line_at_the_most(count: int, presses: list[str]) -> None:
    each = dialogue(Command.READ)
    for number in range(count):
        each.answered(line(str(number)), is_last=number == count - 1)
    at = 0
    for press in presses:
        if each.ending is not None:
            break
        if press == "said":
            at += 0 if each.is_paused else 1
            each.said()
        elif press == "back":  # a double press, whose first tap is a short one
            each.press(Press.YES, AT)
            each.press(Press.BACK, AT)
            at = max(0, at - 1)
        else:
            each.press(Press.YES, AT)
        assert each.ending is not None or each.is_paused or each.line is each.lines[at]
    assert (each.ending is Ending.ANSWERED) == (at == count)


@pytest.mark.parametrize("command", SKILL_QUESTIONS)
def test_the_wearer_is_told_to_wait_once_and_then_it_is_given_up(command: Command) -> None:
    each = dialogue(command)
    assert each.poll(AT + MOMENT_S - 0.01) is Due.NOTHING
    assert each.poll(AT + MOMENT_S) is Due.MOMENT
    assert each.poll(AT + LIMITS_S[command] - 0.01) is Due.NOTHING
    assert each.poll(AT + LIMITS_S[command]) is Due.GIVING_UP
    assert heard(each) == ["given_up"]
    assert each.ending is Ending.GIVEN_UP


def test_nobody_is_told_to_wait_once_there_is_an_answer_or_a_search() -> None:
    answered, searching = dialogue(), dialogue(Command.FIND)
    answered.answered(line("Table ahead."), is_last=False)
    searching.searching()
    assert {each.poll(AT + 5.0) for each in (answered, searching)} == {Due.NOTHING}


def test_what_has_come_is_said_before_it_is_given_up() -> None:
    each = dialogue(Command.READ)
    each.answered(line("Dear sir,"), is_last=False)
    each.poll(AT + LIMITS_S[Command.READ])
    assert heard(each) == ["Dear sir,", "given_up"]


def test_vision_that_ends_is_told_only_where_the_answer_is_not_complete() -> None:
    for is_last, expected in ((True, ["One."]), (False, ["One.", "lost"])):
        each = dialogue()
        each.answered(line("One."), is_last=is_last)
        each.vision_is_gone()
        assert heard(each) == expected


def test_an_answer_may_be_without_words() -> None:
    each = dialogue()
    each.answered(None, is_last=True)
    assert (each.line, each.ending) == (None, Ending.ANSWERED)


@pytest.mark.parametrize("command", [each for each in SKILL_QUESTIONS if each not in PAGED])
def test_only_what_is_read_out_takes_presses(command: Command) -> None:
    each = dialogue(command)
    each.answered(line("One."), is_last=False)
    assert not each.press(Press.YES, AT)
    assert each.line is not None


def test_a_long_pause_ends_the_reading() -> None:
    each = dialogue(Command.READ)
    each.answered(line("One."), is_last=True)
    each.press(Press.YES, AT)
    each.poll(AT + PAUSE_LIMIT_S - 0.01)
    assert each.is_paused
    assert each.ending is None
    each.poll(AT + PAUSE_LIMIT_S)
    assert each.ending is Ending.LEFT
