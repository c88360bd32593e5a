"""From pictures of a friend to the friend's name in a scene, through the commands that a helper types."""

import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.app import friends_command
from assistant.app.main import main
from convert.data import muxspace

pytestmark = pytest.mark.data


def pictures_of_two_people(data: Path) -> tuple[list[Path], list[Path]]:
    """Pictures of the first two people with twelve of them or more."""
    known: dict[str, list[Path]] = defaultdict(list)
    for file in sorted((data / "muxspace" / "images").iterdir()):
        known[muxspace.person_of(file.name)].append(file)
    first, second, *_ = (files for files in known.values() if 12 <= len(files) <= 20)
    return first, second


def scene(folder: Path, pictures: Sequence[Path]) -> Path:
    """A folder of frames, each of which shows a picture before a grey wall."""
    folder.mkdir()
    for number, file in enumerate(pictures):
        picture = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        assert picture is not None
        picture = cv2.resize(picture, (240, 240 * picture.shape[0] // picture.shape[1]))[:420]
        frame = np.full((480, 640), 110, np.uint8)
        frame[50 : 50 + picture.shape[0], 200:440] = picture
        cv2.imwrite(str(folder / f"{number:02}.png"), frame)
    return folder


def test_a_friend_is_named_in_a_scene_and_a_stranger_is_one_person(
    data: Path, sface: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMOTION_SFACE", str(sface))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("STATE_DIRECTORY", "")
    monkeypatch.setattr(friends_command.Account, "find", lambda name: None)  # not the friends of an installed service
    monkeypatch.setattr(friends_command, "SYSTEM_FOLDER", tmp_path / "no-service")
    (tmp_path / "settings.toml").write_text("[friends]\nenabled = true\n")
    settings = ["--config", str(tmp_path / "settings.toml")]
    anna, carl = pictures_of_two_people(data)
    (tmp_path / "learn").mkdir()
    for file in anna[:8]:
        shutil.copy(file, tmp_path / "learn")
    learn = ["--pictures", str(tmp_path / "learn"), "--they-agreed", "--adult", "yes"]
    assert main(["friends", "add", "Anna", *learn, *settings]) == 0
    assert "Anna saved." in capsys.readouterr().out
    assert main(["replay", str(scene(tmp_path / "friend", anna[8:11])), *settings]) == 0
    assert "Anna" in capsys.readouterr().out
    assert main(["replay", str(scene(tmp_path / "stranger", carl[:3])), *settings]) == 0
    heard = capsys.readouterr().out
    assert "One person" in heard
    assert "Anna" not in heard
    assert main(["replay", str(tmp_path / "friend")]) == 0  # friends are off
    assert "Anna" not in capsys.readouterr().out
