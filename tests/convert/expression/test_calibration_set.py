"""The calibration list of a run: the shipped one where it fits the data, else one drawn before the training."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from convert.data.fer2013_labels import LABELS, DatasetError
from convert.expression import calibration_set
from convert.training.run_folder import Run
from tests.support import drawn_faces


def test_the_shipped_list_is_used_where_all_its_pictures_are_in_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces, run = drawn_faces.dataset(), Run(tmp_path / "run")
    shipped = calibration_set.choose(faces, per_class=3, seed=7)
    calibration_set.write(shipped, tmp_path / "shipped.txt")
    monkeypatch.setattr(calibration_set, "LIST", tmp_path / "shipped.txt")
    chosen = calibration_set.of_run(run, faces)
    assert chosen == shipped
    calibration_set.keep(run, chosen, faces)
    assert not run.calibration_list.exists()


def test_a_list_of_equally_many_pictures_of_each_class_is_drawn_from_other_data_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Kaggle's JPEG folders, for one: no decoded picture has the pixels of the table."""
    faces, run = drawn_faces.dataset(training=60), Run(tmp_path / "run")
    chosen = calibration_set.of_run(run, faces)
    assert Counter(name for _, name in chosen) == dict.fromkeys(LABELS, calibration_set.PER_CLASS)
    assert chosen == calibration_set.of_run(run, faces), "the same seed draws the same pictures"
    calibration_set.keep(run, chosen, faces)
    said = capsys.readouterr().out
    assert said == (
        f"{run.calibration_list}: 350 pictures of this data set, drawn with seed 1, to calibrate `quantize` with; "
        "the shipped list does not fit: 350 of its 350 pictures are missing here\n"
    )
    assert calibration_set.of_run(run, faces) == chosen
    calibration_set.keep(run, chosen, faces)
    assert capsys.readouterr().out == "", "said once"
    other = drawn_faces.dataset(training=61)
    assert calibration_set.of_run(run, other) == chosen, "a run keeps its list"


def test_a_class_with_few_pictures_gives_all_it_has_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faces = drawn_faces.dataset(training=54)
    is_kept = (faces.split != 0) | (faces.labels != LABELS.index("disgust"))
    is_kept[np.flatnonzero(~is_kept)[:4]] = True  # the first one has a copy in PrivateTest
    run, few = Run(tmp_path / "run"), faces.where(is_kept)
    chosen = calibration_set.of_run(run, few)
    assert Counter(name for _, name in chosen)["disgust"] == 3
    assert len(chosen) == 303
    calibration_set.keep(run, chosen, few)
    assert "; fewer than 50 of disgust (3)\n" in capsys.readouterr().out


def test_data_without_any_picture_to_calibrate_on_is_refused(tmp_path: Path) -> None:
    faces = drawn_faces.dataset(training=1)  # each has a copy in PrivateTest
    with pytest.raises(DatasetError, match="no Training picture is fit to calibrate"):
        calibration_set.of_run(Run(tmp_path), faces)


def test_a_list_cut_at_any_byte_is_refused(tmp_path: Path) -> None:
    run, faces = Run(tmp_path), drawn_faces.dataset()
    chosen = calibration_set.choose(faces, per_class=2)
    calibration_set.write(chosen, run.calibration_list)
    whole = run.calibration_list.read_bytes()
    for length in range(len(whole) - 1):
        run.calibration_list.write_bytes(whole[:length])
        with pytest.raises(DatasetError, match=r"calibration_set\.txt: .*; remove it, and it is drawn again"):
            calibration_set.of_run(run, faces)


def test_pictures_that_are_missing_are_told_with_what_to_do() -> None:
    with pytest.raises(DatasetError, match="only 0 of 350 .* give --data as it was trained with.* --calibration-set"):
        calibration_set.find(drawn_faces.dataset(), calibration_set.read())


@pytest.mark.training
def test_the_list_is_drawn_before_the_training_and_read_by_quantize(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install -e .[convert]")
    from convert.cli import main
    from convert.tflite import card_file
    from convert.training.loop import Training

    drawn_faces.write_folder(drawn_faces.dataset(), tmp_path / "data")
    recipe, run = tmp_path / "tiny.toml", Run(tmp_path / "run")
    recipe.write_text(drawn_faces.TINY_RECIPE.replace("epochs = 2", "epochs = 1"))
    data = ["--data", str(tmp_path / "data")]
    command, kept, fit = ["train", "--recipe", str(recipe), "--run", str(run.path), *data], [], Training.fit

    def note(self: Training, *arguments: object, **options: object) -> None:
        kept.append(calibration_set.read(run.calibration_list))
        fit(self, *arguments, **options)

    monkeypatch.setattr(Training, "fit", note)
    assert main(command) == 0
    (chosen,) = kept
    assert len(chosen) == 7 * 11
    assert "drawn with seed 1" in capsys.readouterr().out
    model = tmp_path / "x-int8.tflite"
    assert main(["quantize", "--head", "fer2013", str(run.path), str(model), *data]) == 0
    assert "drawn with" not in capsys.readouterr().out
    assert card_file.load(model)["calibration"]["pictures"] == len(chosen)
    run.calibration_list.unlink()  # as in a run of an older version: it is drawn now
    assert main(["quantize", "--head", "fer2013", str(run.path), str(model), *data]) == 0
    assert "drawn with seed 1" in capsys.readouterr().out
    assert calibration_set.read(run.calibration_list) == chosen
