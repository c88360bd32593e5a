"""The commands of the wearer: their names, how each is treated, and which ones the command line offers."""

import pickle

from assistant.ipc.commands import QUESTIONS, SKILL_QUESTIONS, Command


def test_the_questions_are_answered_by_vision() -> None:
    assert [*QUESTIONS] == ["ask", "more", "why", "wrong", "aim"]
    assert {each for each in Command if each.is_answered_by_vision} == {*QUESTIONS}


def test_a_question_of_a_skill_is_no_question_that_vision_answers_at_once() -> None:
    assert [*SKILL_QUESTIONS] == ["what", "what_more", "find", "describe", "read", "teach_friend"]
    assert {each for each in Command if each.is_answered_by_skill} == {*SKILL_QUESTIONS}
    assert not {*SKILL_QUESTIONS} & {*QUESTIONS}


def test_questions_and_what_repeats_or_cancels_interrupt() -> None:
    asked = {*QUESTIONS, *SKILL_QUESTIONS}
    assert {each for each in Command if each.interrupts} == {*asked, "repeat", "repeat_instead", "cancel", "skills"}


def test_the_public_commands_have_a_help_text() -> None:
    public = [each.value for each in Command if each.is_public]
    assert public == [
        "repeat", "mute", "unmute", "louder", "quieter", "faster", "slower", "why", "wrong", "status", "shutdown",
    ]  # fmt: skip
    assert all(Command(name).help_text for name in public)


def test_a_command_is_its_name() -> None:
    assert Command("ask") is Command.ASK
    assert f"{Command.REPEAT_INSTEAD}" == "repeat_instead"
    assert pickle.loads(pickle.dumps(Command.WHY)) is Command.WHY
