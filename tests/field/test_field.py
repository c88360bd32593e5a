"""Small inputs that failed once (EMOTION_FIELD): each is read, or refused in one line that says what is wrong."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.config.settings import DecisionSettings, Settings
from assistant.config.settings_file import load_settings
from assistant.errors import ConfigError, ModelError
from assistant.records import Box, Face, Reading
from assistant.vision.decisions.stabilizer import Stabilizer
from assistant.vision.faces.tracker import Tracker
from assistant.vision.inference.expression import read_expression_card
from assistant.vision.inference.model_file import find_model
from convert.data import fer2013
from convert.data.fer2013_labels import DatasetError
from convert.training.run_folder import Run


@pytest.fixture(scope="session")
def field() -> Path:
    folder = os.environ.get("EMOTION_FIELD", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("EMOTION_FIELD names no folder: it holds small inputs that failed once")
    return Path(folder)


def replay(folder: Path, source: str | bytes | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "assistant", "replay", "--json", source]
    root = Path(__file__).parents[2]
    return subprocess.run(
        command,
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHONPATH": str(root)},
    )


def summary(done: subprocess.CompletedProcess[str]) -> dict[str, float]:
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return dict(json.loads(done.stdout.splitlines()[-1])["summary"])


def generate(script: Path, folder: Path) -> None:
    subprocess.run([sys.executable, script], cwd=folder, check=True, timeout=100)


def test_a_clip_whose_name_looks_like_a_protocol_plays(field: Path) -> None:
    assert summary(replay(field, "2026-11-30T12:30:15.mkv"))["frames"] == 12


def test_a_single_picture_is_looked_at_like_a_folder_of_one(field: Path) -> None:
    assert summary(replay(field, "still.png"))["frames"] == 20


def test_a_name_that_is_not_utf8_is_read(field: Path, tmp_path: Path) -> None:
    generate(field / "latin1.py", tmp_path)
    assert summary(replay(tmp_path, "latin1-folder"))["frames"] == 20


def test_a_small_file_of_400_million_pixels_is_refused_at_once(field: Path, tmp_path: Path) -> None:
    generate(field / "bomb.py", tmp_path)
    done = replay(tmp_path, "bomb")
    assert done.returncode == 1
    assert re.fullmatch(r"emotion-assistant: bomb/a\.png: 20000x20000 pixels .*\n", done.stderr)


def test_the_words_are_heard_in_the_headset_and_a_wrong_voice_name_is_told(field: Path, tmp_path: Path) -> None:
    player = tmp_path / "aplay"
    shutil.copy(field / "aplay-usb-headset.py", player)
    player.chmod(0o755)
    root = Path(__file__).parents[2]
    environment = {name: value for name, value in os.environ.items() if name not in ("XDG_RUNTIME_DIR", "PULSE_SERVER")}
    done = subprocess.run(
        [sys.executable, "-m", "assistant", "say", "--config", field / "voice-name.toml", "One", "person."],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment | {"PYTHONPATH": str(root), "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"emotion-assistant: voice\.name: 'english' does not speak: .*\n", done.stderr)
    (line,) = (tmp_path / "aplay.log").read_text().splitlines()
    assert "plughw:CARD=Headset,DEV=0" in line
    assert float(line.split()[0]) > 0.6, "words, not beeps cut short"


@pytest.mark.parametrize(("source", "count"), [
    ("icml_face_data_head.csv", 6), ("icml-csv", 3), ("bom-csv", 3), ("onehot.npz", 21), ("folders/dsstore", 84),
])  # fmt: skip
def test_a_data_set_in_an_unusual_form_is_read(field: Path, source: str, count: int) -> None:
    assert len(fer2013.load(field / source)) == count


@pytest.mark.parametrize(("source", "expected"), [
    ("label9_row5.csv", r"line 5, emotion: '9'"),
    ("votes-mismatch", r"fer2013new\.csv: line 2, Usage: 'Training'; wanted PrivateTest"),
])  # fmt: skip
def test_a_data_set_with_a_mistake_is_refused_with_its_place(field: Path, source: str, expected: str) -> None:
    with pytest.raises(DatasetError, match=expected):
        fer2013.load(field / source)


def test_a_folder_called_validation_is_the_public_test(field: Path, caplog: pytest.LogCaptureFixture) -> None:
    faces = fer2013.load(field / "folders/valfolder")
    assert len(faces.of("PublicTest")) == 42
    assert "no pictures for PrivateTest; a tenth is taken" in caplog.text


def test_sixteen_bit_pictures_are_scaled(field: Path) -> None:
    faces = fer2013.load(field / "grey16-fer")
    assert faces.images.std(axis=(1, 2)).mean() > 20
    neighbours = abs(faces.images[:, :, 1:].astype(int) - faces.images[:, :, :-1])
    assert neighbours.mean() < 20, "noise differs from pixel to pixel by a third of the range"


def test_a_mistyped_model_name_is_answered_with_the_one_meant(field: Path) -> None:
    with pytest.raises(ModelError, match=r"did you mean emotion-cnn-int8\?"):
        find_model(load_settings(field / "settings" / "model.toml").model.file)


def test_the_line_of_a_wrong_setting_is_told(field: Path) -> None:
    with pytest.raises(ConfigError, match=r"locale\.toml: line 2: ") as caught:
        load_settings(field / "locale.toml")
    assert caught.value.lines == (2,)


def test_a_torn_history_keeps_its_whole_rows(field: Path, tmp_path: Path) -> None:
    shutil.copy(field / "torn-history.csv", tmp_path / "history.csv")
    assert [row["epoch"] for row in Run(tmp_path).history()] == [1, 2]


@pytest.mark.parametrize("milliseconds", [1, 2, 3, 5, 10])
@pytest.mark.parametrize("period_s", [0.066, 0.2])
def test_pictures_that_come_in_pairs_show_one_face(milliseconds: int, period_s: float) -> None:
    """The time stamps of bursts.py: a still face whose box trembles by half a pixel."""
    chance, tracker, track_ids = random.Random(1), Tracker(), set()
    for number in range(120):
        x, y = 100 + chance.uniform(-0.5, 0.5), 80 + chance.uniform(-0.5, 0.5)
        at = number // 2 * period_s + number % 2 * milliseconds / 1000
        track_ids |= {track.track_id for track in tracker.update([Face(Box(x, y, 60.0, 60.0), 0.9)], at)}
    assert (track_ids, tracker.steady_count) == ({1}, 1)


def test_a_large_frontal_face_is_announced_within_two_seconds(field: Path) -> None:
    """Recorded readings of faces whose expression is contested from the first frame on."""
    thresholds = read_expression_card(find_model(Settings().model.file)).thresholds
    for trace in json.loads((field / "never-announced-readings.json").read_text()).values():
        stabilizer = Stabilizer(DecisionSettings(), trace["labels"], thresholds)
        changes = [
            change
            for at, probabilities, reason in trace["rows"]
            if reason != "-"
            for change in stabilizer.update(
                at, (Reading(1, at, tuple(probabilities) if probabilities else None, reason),)
            )
        ]
        assert changes[0].at <= 2.0
