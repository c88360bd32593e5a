"""Pictures of one's own, from class folders to an int8 model: trained, resumed, quantized, with a damaged file among
them."""

import json
from pathlib import Path

import numpy as np
import pytest

from convert.cli import main
from convert.data import picture_folder
from convert.training.run_folder import Run
from tests.support import drawn_faces

keras = pytest.importorskip("keras", reason="Keras is not installed: make test-convert")

COLOUR_INPUT = '\n[input]\nside = 64\nchannels = 3\ncolour = "rgb"\nscaling = "0..1"\n'


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Pictures in colour, 24 of each class; one is damaged."""
    folder = drawn_faces.write_class_folders(tmp_path / "own", 24, side=70)
    damaged = folder / "sad" / "00005.jpg"
    damaged.write_bytes(damaged.read_bytes()[:500])
    return folder


@pytest.mark.parametrize("form", ["grey", "colour"])
def test_a_folder_of_class_folders_becomes_a_model(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(picture_folder, "MIN_BYTES", 0)  # crops are read by rows from the cache
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(drawn_faces.TINY_RECIPE.replace("[0.5, 48]", "[0.5, 64]" if form == "colour" else "[0.5, 48]")
                      + (COLOUR_INPUT if form == "colour" else ""))  # fmt: skip
    run, model = tmp_path / "run", tmp_path / "mine-int8.tflite"
    given = ["--data", str(own)]
    assert main(["train", "--recipe", str(recipe), "--run", str(run), *given]) == 1
    assert "1 of 168 pictures cannot be read: sad/00005.jpg: a damaged picture" in capsys.readouterr().err
    assert not run.exists()
    given.append("--skip-unreadable")
    assert main(["train", "--recipe", str(recipe), "--run", str(run), *given]) == 0
    printed = capsys.readouterr().out
    assert f"--data {own} --skip-unreadable" in printed  # in the next steps
    assert len(Run(run).history()) == 2
    assert main(["quantize", "--head", "fer2013", str(run), str(model), *given]) == 0
    card = json.loads(model.with_suffix(".json").read_text("utf-8"))
    assert card["input"]["shape"] == ([1, 64, 64, 3] if form == "colour" else [1, 48, 48, 1])
    assert main(["evaluate", "--quick", "--json", str(model), *given]) in (0, 1)
    assert np.isfinite(card["calibration"]["pictures"])
