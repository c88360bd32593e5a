"""The guide as a state machine: it always ends, every practice takes the right press, and a wearer can always leave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import phrases
from assistant.ipc.commands import Command
from assistant.voice.controls.button_map import BUTTONS, MEDIA_KEYS, GestureCommands, Press
from assistant.voice.controls.gestures import Gesture
from assistant.voice.guide import script
from assistant.voice.guide.machine import DOUBLE_WAIT_S, IDLE_S, PRACTICE_S, GuideMachine, Line, Outcome, Practice, Step
from tests.support.locale_lint import BOXES

EN = phrases.load("en")
SHORT, DOUBLE, LONG, VERY_LONG = Gesture
KEYS = {"button 1": BUTTONS[2][0], "button 2": BUTTONS[2][1]}


def press(key: str, gesture: Gesture, keys: dict[str, GestureCommands] = KEYS) -> Press:
    return Press(key, gesture, keys[key][gesture])


ASK, WHY = press("button 1", SHORT), press("button 2", SHORT)
REPEAT, MUTE = press("button 1", DOUBLE), press("button 1", LONG)


class Guide:
    """A machine on scripted steps, its time, and what it has said."""

    def __init__(self, *steps: Step) -> None:
        self.at = 0.0
        self.machine = GuideMachine(steps, (Line("finished"),), (Line("left"),), 0.0)
        self.said: list[str] = []

    def listen(self) -> list[str]:
        """Hear everything until a press is awaited, or all is over; what was heard."""
        heard = []
        while self.machine.line is not None:
            heard.append(self.machine.line.text)
            self.at += 1.0
            self.machine.spoken(self.at)
        self.said += heard
        return heard

    def press(self, given: Press) -> None:
        self.machine.press(given, self.at)

    def wait(self, seconds: float) -> None:
        self.at += seconds
        self.machine.poll(self.at)


def step(name: str, *presses: Press, is_choice: bool = False) -> Step:
    """A step that says its name, and asks for one of the presses if there are any."""
    names = frozenset((each.key, each.gesture) for each in presses)
    practice = Practice(
        Line(f"{name}?"), names, Line("wrong"), (Line(f"{name} done"),), (Line("go on"),), is_choice=is_choice
    )
    return Step(name, (Line(name), Line(f"{name} more")), practice if presses else None)


def test_a_step_tells_asks_and_praises() -> None:
    guide = Guide(step("ask", ASK), step("end"))
    assert guide.listen() == ["ask", "ask more", "ask?"]
    guide.press(ASK)
    assert guide.listen() == ["ask done", "end", "end more", "finished"]
    assert (guide.machine.outcome, guide.machine.is_over, guide.machine.chosen) == (Outcome.FINISHED, True, ["ask"])


def test_the_right_press_counts_before_it_is_asked_for() -> None:
    guide = Guide(step("why", WHY))
    guide.press(WHY)
    assert guide.listen() == ["why done", "finished"]


def test_a_choice_is_made_only_once_it_is_offered() -> None:
    guide = Guide(step("smiles", ASK, is_choice=True))
    guide.press(ASK)
    assert guide.listen() == ["smiles?"], "a short press before passes over the rest"
    guide.press(ASK)
    assert guide.listen() == ["smiles done", "finished"]


def test_no_press_and_a_wrong_press_repeat_the_request_once() -> None:
    guide = Guide(step("why", WHY), step("wrong press", WHY))
    guide.listen()
    guide.wait(PRACTICE_S - 0.1)
    assert guide.machine.line is None
    guide.wait(0.1)
    assert guide.listen() == ["why?"]
    guide.wait(PRACTICE_S)
    assert guide.listen() == ["go on", "wrong press", "wrong press more", "wrong press?"]
    guide.press(ASK)
    assert guide.listen() == ["wrong", "wrong press?"]
    guide.press(press("button 2", DOUBLE))
    assert guide.listen() == ["go on", "finished"]


def test_the_first_press_of_a_double_one_is_no_mistake() -> None:
    guide = Guide(step("repeat", REPEAT))
    guide.listen()
    guide.press(ASK)
    guide.wait(0.3)
    guide.press(REPEAT)
    assert guide.listen() == ["repeat done", "finished"]
    guide = Guide(step("repeat", REPEAT))
    guide.listen()
    guide.press(ASK)
    guide.wait(DOUBLE_WAIT_S - 0.1)
    assert guide.machine.line is None
    guide.wait(0.2)
    assert guide.listen() == ["wrong", "repeat?"], "no second one came"


def test_a_double_press_where_a_short_one_is_asked_for_passes_nothing_over() -> None:
    guide = Guide(step("ask", ASK), step("end"))
    guide.listen()
    guide.press(ASK)
    guide.wait(0.3)
    guide.press(REPEAT)
    assert guide.listen() == ["ask done", "end", "end more", "finished"]


def test_a_short_press_goes_on() -> None:
    guide = Guide(step("first"), step("second"))
    guide.press(ASK)
    assert guide.machine.line == Line("second")


@pytest.mark.parametrize("given", [MUTE, press("button 2", LONG), Press("mute", SHORT, Command.TOGGLE_MUTE)])
def test_a_long_press_and_a_press_that_mutes_leave(given: Press) -> None:
    for count in range(3):
        guide = Guide(step("why", WHY), step("end"))
        for _ in range(count):
            guide.machine.spoken(guide.at)
        guide.press(given)
        assert guide.listen() == ["left"]
        assert (guide.machine.outcome, guide.machine.is_over) == (Outcome.LEFT, True)


def test_the_press_that_mutes_can_be_practised() -> None:
    guide = Guide(step("mute", MUTE))
    guide.listen()
    guide.press(MUTE)
    assert guide.listen() == ["mute done", "finished"]


def test_every_press_is_explained_until_none_comes_for_ten_seconds() -> None:
    guide = Guide(
        Step("keys", (Line("press"),), key_help={(MUTE.key, LONG): Line("mutes"), (ASK.key, SHORT): Line("asks")})
    )
    guide.press(MUTE)
    assert guide.listen() == ["mutes"], "at once, and it does not leave"
    guide.wait(IDLE_S - 0.1)
    guide.press(ASK)
    assert guide.listen() == ["asks"]
    guide.press(press("button 2", DOUBLE))
    assert guide.machine.line is None, "unknown: nothing is said of it"
    guide.wait(IDLE_S)
    assert guide.listen() == ["finished"]


def test_without_sound_it_ends_without_a_word() -> None:
    guide = Guide(step("why", WHY))
    guide.machine.give_up()
    assert (guide.machine.outcome, guide.machine.line, guide.machine.is_over) == (Outcome.UNHEARD, None, True)


def presses_of(keys: dict[str, GestureCommands]) -> list[Press]:
    known = [Press(key, gesture, command) for key, row in keys.items() for gesture, command in row.items()]
    return [*known, Press("unknown", SHORT, Command.WHY), Press("unknown", LONG, Command.QUIETER)]


@given(st.data())
def test_after_any_presses_and_pauses_it_ends(data: st.DataObject) -> None:
    """Whatever happens, the wearer who does nothing any more hears the end within a bounded time."""
    keys = dict(data.draw(st.sampled_from(BOXES)))
    make = data.draw(st.sampled_from([script.guide, script.key_help, script.offer]))
    steps = make(EN, keys)
    machine = GuideMachine(steps, (Line("finished"),), (Line("left"),), 0.0)
    at = 0.0
    event = st.sampled_from(["heard", "heard", "heard", "pause", *presses_of(keys)])
    for each in data.draw(st.lists(event, max_size=60)):
        at += data.draw(st.sampled_from([0.0, 0.3, 1.0, PRACTICE_S, IDLE_S])) if each != "heard" else 1.0
        if isinstance(each, Press):
            machine.press(each, at)
        elif each == "heard":
            machine.spoken(at)
        machine.poll(at)
        assert machine.is_over is (machine.outcome is not None and machine.line is None)
    most = sum(len(step.lines) + 20 for step in steps)
    for _ in range(most):
        machine.spoken(at)
        at += max(IDLE_S, PRACTICE_S)
        machine.poll(at)
    assert machine.is_over
    assert machine.line is None


@pytest.mark.parametrize("keys", BOXES, ids=lambda keys: "+".join(keys) or "none")
def test_every_practice_of_every_box_takes_the_press_that_it_asks_for(keys: dict[str, GestureCommands]) -> None:
    practised = 0
    for wanted in script.guide(EN, keys):
        if wanted.practice is None:
            continue
        practised += 1
        for key, gesture in wanted.practice.presses:
            machine = GuideMachine((wanted,), (), (), 0.0)
            while machine.line is not None:
                machine.spoken(0.0)
            if gesture is DOUBLE and SHORT in keys[key]:  # as the recognizer reports it
                machine.press(press(key, SHORT, keys), 0.0)
            machine.press(press(key, gesture, keys), 0.5)
            assert machine.chosen == [wanted.name]
    assert practised == 0 if not keys else practised >= 3


def test_media_keys_are_known() -> None:
    assert set(EN.tables["keys"]) == {f"button_{number}" for number in BUTTONS} | set(MEDIA_KEYS) | {"keyboard"}
    commands = {command for row in (*KEYS.values(), *MEDIA_KEYS.values(), *BUTTONS[3]) for command in row.values()}
    assert set(EN.tables["key_help"]) - {"more"} == commands - {Command.REPEAT_INSTEAD}
