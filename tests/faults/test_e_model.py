"""Rows E: the model."""

import json
import os
import pickle
import shutil
import subprocess
from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.vision.inference.expression import ExpressionClassifier
from assistant.vision.inference.model_file import find_model
from tests.faults.box import BoxUnderTest, Row, skip
from tests.support import damaged_models

SECOND = "Using the second expression model."
STARTS_S = 5.0
"""Seconds to the announcement from the start of the process, imports included."""


def copied(box: BoxUnderTest, name: str = "mine") -> Path:
    """A copy of the default model with its card."""
    source, target = find_model("emotion-cnn-int8"), box.folder / f"{name}.tflite"
    for suffix in (".tflite", ".json"):
        shutil.copy(source.with_suffix(suffix), target.with_suffix(suffix))
    return target


def second(box: BoxUnderTest, row: Row, model: Path) -> None:
    """The model is refused, and the next one announced and used."""
    since = box.start("--model", model)
    row.announced(box.capture.wait_for(SECOND), since)
    assert box.capture.wait_for("One person")


@pytest.mark.fault("E1", "the model is not there", announce_s=STARTS_S)
def test_e1(box: BoxUnderTest, row: Row) -> None:
    second(box, row, box.folder / "gone.tflite")


@pytest.mark.fault("E2", "cut off, at a thousand sizes", announce_s=STARTS_S)
def test_e2(box: BoxUnderTest, row: Row) -> None:
    model = copied(box)
    whole = model.read_bytes()
    for part in range(1000):
        model.write_bytes(whole[: len(whole) * part // 1000])
        with pytest.raises(ModelError, match="does not match its card"):
            ExpressionClassifier(model)
    second(box, row, model)


@pytest.mark.fault("E3", "one bit is flipped", announce_s=STARTS_S)
def test_e3(box: BoxUnderTest, row: Row) -> None:
    model = copied(box)
    whole = bytearray(model.read_bytes())
    for place in range(0, len(whole), max(1, len(whole) // 500)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        model.write_bytes(flipped)
        with pytest.raises(ModelError, match="does not match its card"):
            ExpressionClassifier(model)
    second(box, row, model)


@pytest.mark.fault("E4", "a hostile file whose card is right", announce_s=12)
@pytest.mark.parametrize("how", ["cut", "garbage"])
def test_e4(box: BoxUnderTest, row: Row, how: str) -> None:
    model = copied(box)
    whole = model.read_bytes()
    model.write_bytes(whole[: len(whole) // 2] if how == "cut" else b"\x1c\0\0\0TFL3" + os.urandom(9000))
    damaged_models.rewrite_card(model, sha256="")
    second(box, row, model)


@pytest.mark.fault("E5", "another shape or number of classes", announce_s=STARTS_S)
def test_e5(box: BoxUnderTest, row: Row) -> None:
    model = copied(box)
    damaged_models.rewrite_card(model, labels=["happy", "sad", "neutral"], thresholds={}, prior={}, self_test=[])
    second(box, row, model)


@pytest.mark.fault("E6", "not a number, in work", announce_s=7)
def test_e6(ready: BoxUnderTest, row: Row) -> None:
    since = ready.steer("step", "nan")
    row.announced(ready.capture.wait_for(SECOND), since)


@pytest.mark.fault("E7", "a model that is stuck or was swapped", announce_s=STARTS_S)
def test_e7(box: BoxUnderTest, row: Row) -> None:
    model = copied(box)
    about = json.loads(model.with_suffix(".json").read_text())
    assert about["self_test"], "the probabilities for the test images"
    wrong = [list(reversed(each)) if isinstance(each, list) else each for each in about["self_test"]]
    damaged_models.rewrite_card(model, self_test=wrong)
    second(box, row, model)


@pytest.mark.fault("E8", "slow, or hangs", announce_s=5)
def test_e8(ready: BoxUnderTest, row: Row) -> None:
    since = ready.steer("step", "is slow")
    row.announced(ready.capture.wait_for("I am seeing slowly."), since)
    since = ready.steer("step", "hangs")
    row.announced(ready.capture.wait_for("The vision part stopped."), since)


class Payload:
    """Makes a folder when it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self):  # type: ignore[no-untyped-def]
        return (os.mkdir, (str(self.place),))


@pytest.mark.fault("E9", "other formats, which run code", announce_s=STARTS_S)
@pytest.mark.parametrize("suffix", [".h5", ".keras", ".pkl", ".joblib", ".tflite"])
def test_e9(box: BoxUnderTest, row: Row, suffix: str) -> None:
    model = box.folder / f"evil{suffix}"
    copied(box, "evil")
    model.write_bytes(pickle.dumps(Payload(box.folder / "ran")))
    second(box, row, model)
    assert not (box.folder / "ran").exists()


@pytest.mark.fault("E10", "hostile labels in the card", announce_s=STARTS_S)
@pytest.mark.parametrize("labels", [["x" * 1_000_000] * 8, ["happy\0"] * 8, ["happy"] * 8, ["../../x"] * 8, []])
def test_e10(box: BoxUnderTest, row: Row, labels: list[str]) -> None:
    model = copied(box)
    damaged_models.rewrite_card(model, labels=labels)
    with pytest.raises(ModelError):
        ExpressionClassifier(model)
    second(box, row, model)


@pytest.mark.fault("E11", "the occlusion classifier fails at work", announce_s=3, recover_s=3)
def test_e11(ready: BoxUnderTest, row: Row) -> None:
    since = ready.steer("step", "occlusion fails")
    row.announced(ready.capture.wait_for("I cannot tell if faces are covered."), since)
    since = ready.steer("step")
    row.recovered(ready.capture.wait_for("I can tell covered faces again.").at, since)


@pytest.mark.fault("E12", "a model in a folder that the service may not read", announce_s=STARTS_S)
@pytest.mark.parametrize(
    ("setting", "expected"),
    [("[model]\nfile", SECOND), ("[detector]\nmodel", "Using the simpler face detector.")],
    ids=["expression", "detector"],
)
def test_e12(box: BoxUnderTest, row: Row, setting: str, expected: str) -> None:
    home = box.folder / "home/closed"
    home.mkdir()
    for suffix in (".tflite", ".json"):
        shutil.copy(find_model("emotion-cnn-int8").with_suffix(suffix), home / f"mine{suffix}")
    (box.folder / "my.toml").write_text(f'{setting} = "{home}/mine.tflite"\n')
    home.chmod(0)
    capabilities = "-dac_override,-dac_read_search"  # root without them may read no more than its files' modes allow
    restricted = ("setpriv", f"--bounding-set={capabilities}", f"--inh-caps={capabilities}")
    if not shutil.which("setpriv") and not os.getuid():
        skip("setpriv is not installed", row)
    before = () if os.getuid() else restricted
    try:
        assert subprocess.run([*before, "ls", home], capture_output=True, check=False).returncode, "it is closed"
        since = box.start("--config", box.folder / "my.toml", before=before)
        row.announced(box.capture.wait_for(expected), since)
        row.texts.append(box.capture.wait_for("One person").text)
        assert "The vision part stopped." not in [each.text for each in box.capture.all]
    finally:
        box.stop()
        home.chmod(0o700)
