"""Small inputs that failed once (EMOTION_FIELD): each is read, or refused in one line that says what is wrong."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from convert.data import fer2013
from convert.data.fer2013_labels import DatasetError


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


def test_a_folder_that_is_not_used_is_told(field: Path, caplog: pytest.LogCaptureFixture) -> None:
    fer2013.load(field / "folders/valfolder")
    assert "validation: this folder is not used" in caplog.text


def test_sixteen_bit_pictures_are_scaled(field: Path) -> None:
    faces = fer2013.load(field / "grey16-fer")
    assert faces.images.std(axis=(1, 2)).mean() > 20
    neighbours = abs(faces.images[:, :, 1:].astype(int) - faces.images[:, :, :-1])
    assert neighbours.mean() < 20, "noise differs from pixel to pixel by a third of the range"
