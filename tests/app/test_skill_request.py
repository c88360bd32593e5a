"""Questions to the skills on the command line, put to an assistant that a thread plays."""

import itertools
from pathlib import Path

import pytest

from assistant.app.skill_request import ask_running, plain_question
from assistant.errors import IPCError
from assistant.ipc import control_client
from assistant.ipc.commands import Command, Reply
from assistant.voice.controls.control_socket import ControlSocket


class Assistant:
    """Replies to a question with its number, and to SAID with the next of the given replies."""

    def __init__(self, path: Path, *said: tuple[list[str], str]) -> None:
        self.said, self.asked = iter(said), list[tuple[str, str]]()
        self.socket = ControlSocket(path, self.handle)

    def handle(self, command: Command, argument: str = "") -> Reply:
        self.asked.append((command, argument))
        if command is not Command.SAID:
            return Reply(command != Command.READ, "Reading is switched off.", {"question": 7})
        lines, ending = next(self.said)
        return Reply(True, "", {"said": lines, "ending": ending})


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "control.sock"
    monkeypatch.setattr(control_client, "find_socket", lambda: path)
    return path


def ask(command: Command, argument: str = "") -> int:
    return ask_running(command, argument, sleep=lambda seconds: None)


def test_what_is_said_is_printed_line_by_line_to_its_end(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assistant = Assistant(path, ([], ""), (["Cup."], ""), (["Left.", "Close."], "answered"))
    try:
        assert ask(Command.FIND, "cup") == 0
    finally:
        assistant.socket.close()
    assert capsys.readouterr().out == "Cup.\nLeft.\nClose.\n"
    assert assistant.asked == [("find", "cup"), ("said", "7 0"), ("said", "7 0"), ("said", "7 1")]


@pytest.mark.parametrize(
    ("ending", "is_explained"), [("failed", False), ("given_up", False), ("lost", False), ("left", True)]
)
def test_an_answer_that_is_not_complete_fails(
    path: Path, capsys: pytest.CaptureFixture[str], ending: str, is_explained: bool
) -> None:
    assistant = Assistant(path, (["That took too long."], ending))
    try:
        assert ask(Command.WHAT) == 1
    finally:
        assistant.socket.close()
    assert ("ended on the box" in capsys.readouterr().err) == is_explained


def test_a_skill_that_is_off_is_said_on_standard_error(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assistant = Assistant(path)
    try:
        assert ask(Command.READ) == 1
    finally:
        assistant.socket.close()
    assert capsys.readouterr().err == "emotion-assistant: Reading is switched off.\n"


def test_no_assistant_is_an_error(path: Path) -> None:
    with pytest.raises(IPCError, match="not running"):
        ask(Command.WHAT)


def test_ctrl_c_ends_the_question_on_the_box_too(path: Path) -> None:
    asked = itertools.count()
    assistant = Assistant(path, *(([], "") for _ in range(3)))

    def interrupted(seconds: float) -> None:
        if next(asked):
            raise KeyboardInterrupt

    try:
        assert ask_running(Command.DESCRIBE, sleep=interrupted) == 130
    finally:
        assistant.socket.close()
    assert assistant.asked[-1] == ("cancel", "")


@pytest.mark.parametrize(
    ("arguments", "question"),
    [
        (["what"], (Command.WHAT, "")),
        (["what", "--more"], (Command.WHAT_MORE, "")),
        (["find", "cell phone"], (Command.FIND, "cell phone")),
        (["read"], (Command.READ, "")),
        (["describe"], (Command.DESCRIBE, "")),
        (["find"], None),
        (["find", "--help"], None),
        (["find", "cup", "desk.jpg"], None),
        (["what", "desk.jpg"], None),
        (["ask"], None),
    ],
)
def test_a_question_without_a_picture_goes_straight_to_the_assistant(
    arguments: list[str], question: tuple[Command, str] | None
) -> None:
    assert plain_question(arguments) == question
