"""A skill's answer to a picture: the looks of a recording, and what would be said."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant import phrases
from assistant.app import picture_session
from assistant.app.picture_session import LOOK_INTERVAL_S, PictureSession, answer
from assistant.config.settings import Settings
from assistant.errors import SkillError, SourceError
from assistant.ipc.commands import Command
from assistant.ipc.messages import AimPosition
from assistant.records import Frame, Priority, Utterance
from assistant.skills.session import Session


class Pictures:
    """A camera with so many frames, a tenth of a second apart."""

    is_live = False

    def __init__(self, count: int) -> None:
        self._frames = iter([Frame(np.full((4, 6), at, np.uint8), at / 10, at + 1) for at in range(count)])

    def read(self) -> Frame | None:
        return next(self._frames, None)

    def close(self) -> None: ...


def session(count: int) -> PictureSession:
    return PictureSession(Settings(), phrases.load("en"), "", Pictures(count))


def test_looks_go_on_after_the_last_picture() -> None:
    asked = session(3)
    first = asked.look()
    assert (first.at, first.image.shape, first.has_colour, first.people) == (0.0, (4, 6, 3), False, ())
    later = [asked.look().at for _ in range(3)]
    assert all(after - before >= LOOK_INTERVAL_S - 1e-6 for before, after in zip([0.0, *later], later, strict=False))
    assert asked.now() == later[-1]
    assert asked.look(after=100.0).at > 100.0


def test_nobody_presses_on_a_picture() -> None:
    assert session(1).press(300.0) is None


def test_what_is_said_again_right_after_itself_is_printed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "desk.png"
    cv2.imwrite(str(file), np.zeros((48, 64), np.uint8))

    def ask(asked: Session) -> Iterator[Utterance | AimPosition]:
        assert asked.settings.things.enabled
        assert asked.look().image.shape == (48, 64, 3)
        for text in ("No cup seen.", "No cup seen.", asked.argument):
            yield AimPosition(None, None)
            yield Utterance(text, Priority.ANSWER, "answer")

    monkeypatch.setattr(picture_session.registry, "answer_function", lambda command: ask)
    assert [*answer(Command.FIND, "cup", str(file), Settings())] == ["No cup seen.", "cup"]


def test_a_missing_picture_and_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such"):
        list(answer(Command.WHAT, "", str(tmp_path / "none.png"), Settings()))
    file = tmp_path / "desk.png"
    cv2.imwrite(str(file), np.zeros((48, 64), np.uint8))
    things = dataclasses.replace(Settings().things, model=str(tmp_path / "none.onnx"))
    with pytest.raises(SkillError, match="none.onnx"):
        list(answer(Command.WHAT, "", str(file), dataclasses.replace(Settings(), things=things)))
