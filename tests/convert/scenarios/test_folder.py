"""Folders of scenes (clip and ground truth), and the command that runs them."""

import json
from pathlib import Path

import numpy as np
import pytest

from assistant.ipc.commands import Command
from convert.cli import main
from convert.data.fer2013_labels import DatasetError
from convert.scenarios.script import folder
from convert.scenarios.script.folder import SceneClip, SceneClipCamera
from convert.scenarios.script.scene import HEIGHT, WIDTH, Scene


class GreyCamera:
    """A camera with uniformly grey frames."""

    is_live = False

    def __init__(self, frames: int) -> None:
        self.left = frames

    def read(self) -> object:
        from assistant.records import Frame

        self.left -= 1
        return Frame(np.full((HEIGHT, WIDTH, 3), 120, np.uint8), 0.0, 1) if self.left >= 0 else None

    def close(self) -> None:
        pass


def test_the_command_runs_a_folder_of_scenes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene("room-01", "empty", 10, 2, 1, "hall")
    folder.write(scene, GreyCamera(scene.frames), tmp_path)
    assert (
        main(["scenarios", "--scenes", str(tmp_path), "--json", "--workers", "1", "--plots", str(tmp_path / "p")]) == 0
    )
    made = json.loads(capsys.readouterr().out)
    assert (made["scenes"], made["frames"], made["utterances_per_min"]) == (1, 20, 0)
    assert (tmp_path / "p" / "room-01.png").stat().st_size > 1000
    assert main(["scenarios", "--scenes", str(tmp_path / "room-01")]) == 0
    assert "worth announcing: happy" in capsys.readouterr().out


@pytest.mark.parametrize("seconds", [3.1, 4.0, 4.9])
def test_the_length_of_a_clip_may_differ_from_its_ground_truth_by_a_second(seconds: float, tmp_path: Path) -> None:
    assert len(list(iter(SceneClipCamera(clip(tmp_path, seconds)).read, None))) == 40


@pytest.mark.parametrize(
    ("seconds", "message"),
    [
        (1.0, "goes on after the 1 s that truth.json beside it says"),
        (2.8, "goes on after the 2.8 s that truth.json beside it says"),
        (5.2, "ends after 4.0 s, not after the 5.2 s that truth.json beside it says"),
        (40.0, "ends after 4.0 s, not after the 40 s that truth.json beside it says"),
    ],
)
def test_a_clip_whose_length_differs_by_more_is_refused(seconds: float, message: str, tmp_path: Path) -> None:
    scene = clip(tmp_path, seconds)
    camera = SceneClipCamera(scene)
    with pytest.raises(DatasetError) as raised:
        list(iter(camera.read, None))
    assert str(raised.value) == f"{scene.path}: {message}"


def test_the_length_of_a_truncated_clip_is_that_of_its_frames(tmp_path: Path) -> None:
    scene = clip(tmp_path, 4.0)
    whole = scene.path.read_bytes()
    scene.path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DatasetError, match=r"clip\.avi: ends after [12]\.\d s, not after the 4 s"):
        list(iter(SceneClipCamera(scene).read, None))


def test_a_question_after_the_last_frame_is_refused(tmp_path: Path) -> None:
    assert len(list(iter(SceneClipCamera(clip(tmp_path / "in", 4.0, (3.9, Command.WHY))).read, None))) == 40
    late = clip(tmp_path / "out", 4.0, (1.0, Command.WHY), (3.95, Command.ASK))
    with pytest.raises(DatasetError, match=r"of 3\.90 s, and truth\.json beside it asks 'ask' at 3\.95 s"):
        list(iter(SceneClipCamera(late).read, None))


def clip(place: Path, seconds: float, *questions: tuple[float, Command]) -> SceneClip:
    """A clip of four seconds, with another length in its ground truth."""
    scene = Scene("room-01", "empty", 10, 4, 1, "hall", questions=questions)
    file = folder.write(scene, GreyCamera(scene.frames), place) / "truth.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"seconds": seconds}))
    (made,) = folder.read(place)
    return made


def test_a_clip_of_another_length_is_a_one_line_error_of_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = clip(tmp_path, 1.0)
    assert main(["scenarios", "--scenes", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{made.path}: goes on after the 1 s" in err
    assert err.count("\n") == 1


def test_a_scene_is_written_completely_or_not_at_all_and_replaces_no_other(tmp_path: Path) -> None:
    class Broken(GreyCamera):
        def read(self) -> object:
            if self.left == 5:
                raise KeyboardInterrupt
            return super().read()

    scene = Scene("room-01", "empty", 10, 2, 1, "hall")
    with pytest.raises(KeyboardInterrupt):
        folder.write(scene, Broken(scene.frames), tmp_path)
    assert list(tmp_path.iterdir()) == []
    place = folder.write(scene, GreyCamera(scene.frames), tmp_path)
    before = {file.name: file.read_bytes() for file in place.iterdir()}
    assert sorted(before) == ["clip.avi", "truth.json"]
    with pytest.raises(DatasetError, match="room-01: is there already"):
        folder.write(scene, GreyCamera(scene.frames), tmp_path)
    assert {file.name: file.read_bytes() for file in place.iterdir()} == before
    assert [file.name for file in tmp_path.iterdir()] == ["room-01"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scenes", "none"], "none: no such folder of scenes"),
        (["--scenes", "."], "no truth.json in it or in its subfolders"),
        (["--data", "none"], "no such folder; scenes are made of muxspace's pictures"),
        (["--config", "none.toml"], "none.toml: cannot read the settings"),
        ([], "no data; give FER-2013 with --data"),
    ],
)
def test_a_missing_input_is_a_one_line_error(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EMOTION_DATA", raising=False)
    assert main(["scenarios", *arguments]) == 1
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
