"""The desktop command line: help texts, exit codes, one-line errors, and the benchmark."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convert.cli import main
from convert.expression import recipe
from convert.training.run_folder import Run, columns
from tests.support import drawn_faces

COMMANDS = (
    "train", "quantize", "verify", "evaluate", "evaluate-detector", "evaluate-alignment", "benchmark", "card",
    "scenarios", "import",
)  # fmt: skip
ROOT = Path(__file__).parents[2]
README = ROOT / "tests/README.md"
RECIPES = ROOT / "models/recipes"
DETECTOR_MODEL, OCCLUSION_MODEL = (ROOT / f"models/face-{name}-int8.tflite" for name in ("detector", "cover"))
MODELS = sorted((Path(__file__).parents[2] / "models").glob("emotion-*.tflite"))


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_explains_every_command(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    text = capsys.readouterr().out
    assert ended.value.code == 0
    assert "usage: emotion-convert" in text
    if not command:
        assert all(name in text for name in COMMANDS)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["bake"],
        ["train"],
        ["train", "--recipe", "x.toml", "--epochs", "0"],
        ["quantize", "run"],
        ["quantize", "run", "model.onnx"],
        ["verify", "model.tflite"],
        ["evaluate", "model.tflite", "--split", "Training"],
        ["card"],
        ["card", "a", "b", "--run", "c"],
        ["scenarios", "--readme", "README.md"],
        ["scenarios", "--tune", "--plots", "p"],
        ["scenarios", "--scenes", "s", "--write", "w"],
        ["scenarios", "--only", "no-such-kind"],
        ["scenarios", "--only", "talk,no-such-kind"],
        ["train", "--recipe", str(RECIPES / "face-detector.toml"), "--teacher", "a.onnx", "--teacher", "b.onnx"],
        ["soft-labels", "soft.npz", "run", "--views", "257", "--data", "."],
        ["card", "face-detector-int8", "--run", "run"],
        ["scenarios", "--report", "--readme", "none.md"],
        *(
            ["scenarios", "--report", "--readme", str(README), *other]
            for other in (["--only", "talk"], ["--seed", "7"], ["--model", "x"], ["--detector", "haar"])
        ),
        ["train-occlusion", "models/face-cover-int8.json"],
        ["train-occlusion", "no-such-folder/occlusion.tflite"],
    ],
)
def test_wrong_usage_has_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: emotion-convert" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--recipe", "none.toml"], "none.toml: cannot read this recipe"),
        (["train", "--recipe", "tiny.toml"], "no data; give FER-2013 with --data, or set EMOTION_DATA"),
        (
            ["train", "--recipe", "tiny.toml", "--data", "data", "--teacher", "x"],
            "asks no run: give it none with --tea",
        ),
        (["evaluate", "none.tflite", "--data", "data"], "none.tflite: no such model file"),
        (["evaluate", "none", "--data", "data"], "no shipped model is called 'none'"),
        (["quantize", "none", "m.tflite", "--data", "nowhere"], "none: no epoch of this run is finished"),
        (["quantize", "none", "m.tflite", "--data", "data"], "none: no epoch of this run is finished"),
        (["quantize", "--make-calibration-set", "list.txt", "--data", "data"], "only 1 Training pictures of 'angry'"),
        (["card", "--readme", "none.md"], "none.md: cannot read it"),
        (["benchmark", "none.tflite"], "none.tflite: no such model file"),
        *(
            (
                [command, *others, str(DETECTOR_MODEL), "--data", "data"],
                "is a face detector; measure it with `emotion-conv",
            )
            for command, *others in (("evaluate",), ("calibrate",), ("compare", str(DETECTOR_MODEL)))
        ),
        (["calibrate", str(OCCLUSION_MODEL), "--data", "data"], "reads no expressions"),
    ],
)
def test_an_error_is_one_line_and_exit_code_1(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EMOTION_DATA", raising=False)
    monkeypatch.setattr("convert.tflite.card_file.shipped", lambda pattern="": [])
    (tmp_path / "tiny.toml").write_text(drawn_faces.TINY_RECIPE)
    (tmp_path / "data").mkdir()
    drawn_faces.write_npz(drawn_faces.dataset(2, 1), tmp_path / "data")
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("emotion-convert: ")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["calibrate", "emotion-small-int8"],
        ["card", "emotion-small-int8"],
        ["card", "face-detector-int8"],
        ["quantize", "--force", "run", str(MODELS[0])],
        ["quantize", "run", "new/folder/model.tflite"],
        ["train-occlusion", "--force", str(OCCLUSION_MODEL)],
    ],
    ids=" ".join,
)
def test_what_cannot_be_written_is_told_before_the_work(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for the permissions: root, as whom these tests may run, may write anywhere."""
    monkeypatch.chdir(tmp_path)
    forbidden = (ROOT / "models", tmp_path)
    monkeypatch.setattr(os, "access", lambda path, mode: not (mode == os.W_OK and path in forbidden))
    assert main([*arguments, "--data", str(tmp_path / "none")]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "this user may not write into" in err
    assert "name a file in a folder of your own" in err


@pytest.mark.skipif(not MODELS, reason="no model is shipped yet")
@pytest.mark.parametrize("place", ["report", "report/inner"])
def test_an_unwritable_report_folder_is_an_error_before_the_evaluation(
    place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(*_: object, **__: object) -> None:
        raise AssertionError("evaluate was called")

    monkeypatch.setattr("convert.expression.evaluation.evaluate.evaluate", measure)
    drawn_faces.write_npz(drawn_faces.dataset(2, 1), tmp_path)
    (tmp_path / "report").write_text("kept")
    arguments = ["evaluate", str(MODELS[0]), "--data", str(tmp_path), "--report", str(tmp_path / place)]
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert f"{tmp_path / place}: no folder that can be written into" in err
    assert (tmp_path / "report").read_text() == "kept"


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--recipe", "tiny.toml"],
        ["soft-labels", "soft.npz", "run"],
        ["warm-start", "model", "--run", "r"],
        ["quantize", "run", "model.tflite"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_an_unknown_backend_is_a_one_line_error(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "abacus")
    assert main(arguments) == 1
    wanted = "emotion-convert: KERAS_BACKEND is 'abacus'; set one of tensorflow, jax, torch, or leave it unset\n"
    assert capsys.readouterr().err == wanted


def test_commands_without_keras_ignore_the_backend(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "abacus")
    assert main(["evaluate", str(tmp_path / "none.tflite")]) == 1
    assert "no such model file" in capsys.readouterr().err


def test_quantizing_the_ferplus_head_without_votes_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = drawn_faces.dataset(2, 1)
    drawn_faces.write_npz(replace(made, votes=np.zeros_like(made.votes)), tmp_path)
    (tmp_path / "tiny.toml").write_text(drawn_faces.TINY_RECIPE)
    run = Run(tmp_path / "run")
    run.begin(tmp_path / "tiny.toml", {"epochs": 1, "seed": 1}, columns(("fer2013", "ferplus")))
    run.add((1, 1.0, 0.5, 0.0, 0.1, 1.0, 1.0, 1.0))
    run.weights.write_bytes(b"")
    assert main(["quantize", str(tmp_path / "run"), str(tmp_path / "m.tflite"), "--data", str(tmp_path)]) == 1
    assert "no FER+ votes lie beside FER-2013, so nothing was learnt from them" in capsys.readouterr().err


def test_debug_raises_the_exception(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no such model file"):
        main(["evaluate", str(tmp_path / "none.tflite"), "--data", "x", "--debug"])


def test_without_keras_the_error_names_the_package_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tiny.toml").write_text(drawn_faces.TINY_RECIPE)
    monkeypatch.delitem(sys.modules, "convert.expression.train", raising=False)
    monkeypatch.setitem(sys.modules, "keras", None)
    assert main(["train", "--recipe", str(tmp_path / "tiny.toml"), "--data", str(tmp_path)]) == 1
    assert capsys.readouterr().err.endswith(
        "keras is not installed; pip install 'emotion-assistant[convert]', or see --help\n"
    )


def test_ctrl_c_in_a_training_prints_how_to_resume(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(recipe, "read", interrupted)
    assert main(["train", "--recipe", "x.toml"]) == 130
    assert "the same command goes on after the last finished epoch" in capsys.readouterr().err


def test_an_unexpected_exception_is_a_one_line_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path) -> None:
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr(recipe, "read", broken)
    assert main(["train", "--recipe", "x.toml"]) == 1
    assert capsys.readouterr().err == "emotion-convert: unexpected ZeroDivisionError: two; --debug shows where\n"


def test_the_commands_that_train_nothing_import_neither_tensorflow_nor_keras() -> None:
    program = "import sys; import convert.cli; "
    program += "import convert.expression.evaluation.evaluate, convert.expression.evaluation.mcnemar; "
    program += "import convert.expression.verify, convert.benchmark.models, convert.expression.card; "
    program += "print([name for name in ('tensorflow', 'keras') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.skipif(not MODELS, reason="no model is shipped yet")
def test_benchmark_of_a_model_that_cannot_run_is_a_one_line_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")  # fails without an error message
    assert main(["benchmark", MODELS[0].stem, "--rounds", "1", "--threads", "1"]) == 1
    assert capsys.readouterr().err.endswith("could not be run by itself: exit code 1\n")


@pytest.mark.skipif(not MODELS, reason="no model is shipped yet")
def test_benchmark_times_each_model_with_each_thread_count(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convert.benchmark.loading.COLD_STARTS", 1)
    names = [str(model) for model in MODELS]
    assert main(["benchmark", *names, "--rounds", "2", "--threads", "1", "2", "--json"]) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert err == ""
    assert [(row["model"], row["threads"]) for row in report["models"]] == [
        (model.stem, threads) for threads in (1, 2) for model in MODELS
    ]
    for row in report["models"]:
        assert 0 < row["least_median_ms"] <= row["median_ms"] < 1000
        assert row["macs"] > 1e6
        assert 20 < row["peak_memory_mb"] < 500
    assert report["models"][0]["ratio"] == 1.0
    assert "cores" in report["machine"]
