"""The benchmark of any .tflite file: with and without a card, float against int8, damaged ones, without tqdm."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.system.progress import Lines, Progress
from assistant.vision.inference.model_file import find_model
from convert.benchmark import loading, models, report
from convert.benchmark.delegation import delegated
from convert.cli import main
from tests.support.tiny_models import int8_model, write_pair


@pytest.fixture(autouse=True)
def _few_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "COLD_STARTS", 1)


def test_a_model_without_a_card_is_measured_with_its_float_file_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, quantized = write_pair(tmp_path)
    arguments = ["benchmark", str(quantized), "--rounds", "6", "--threads", "1", "--operators", "--json"]
    assert main(arguments) == 0
    made = json.loads(capsys.readouterr().out)
    int8, whole = made["models"]
    assert (int8["model"], whole["model"]) == ("tiny-int8", "tiny-float")
    assert (int8["precision"], whole["precision"]) == ("int8", "float32")
    for row in (int8, whole):
        assert row["input"] == [[1, 48, 48, 1]]
        assert 0 < row["least_median_ms"] <= row["median_ms"]
        assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
        assert (row["xnnpack"], row["xnnpack_operators"], row["all_operators"]) == (True, 1, 1)
        assert row["xnnpack_share_of_macs"] == 1.0
        assert row["load_ms"] > 0
        assert row["first_call_ms"] > 0
        assert 0 <= row["model_memory_mb"] < row["peak_memory_mb"] < 500
        operators = row["operators"]
        assert "estimated" in operators["how"]
        assert operators["whole_ms"] > 0
        assert operators["estimated_sum_ms"] == operators["operators"][0]["estimated_ms"] > 0
    (pair,) = made["int8_against_float"]
    assert (pair["int8_model"], pair["float_model"], pair["rounds"]) == ("tiny-int8", "tiny-float", 6)
    assert pair["low"] <= pair["speed_up"] <= pair["high"]
    assert made["board"] in made["machine"]
    text = report.as_text(made)
    assert f"tiny-int8 against tiny-float, 1 t: {pair['verdict']}" in text
    assert "operators, estimated" in text
    assert "█" in text


def test_a_detector_and_a_model_of_another_shape_are_measured_too(tmp_path: Path) -> None:
    other = tmp_path / "part.tflite"
    other.write_bytes(int8_model(3))
    made = models.benchmark([find_model("face-detector-int8"), other], [1], rounds=1, runs=3)
    assert made["models"][0]["input"] == [[1, 240, 320, 1]]
    assert made["models"][0]["p99_ms"] is None
    assert made["int8_against_float"] == []
    assert "NONE" not in report.as_text(made)


def test_models_of_one_name_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    files = [tmp_path / folder / "mine.tflite" for folder in ("old", "new")]
    for file, width in zip(files, (3, 4), strict=True):
        file.parent.mkdir()
        file.write_bytes(int8_model(width))
    made = models.benchmark(files, [1], rounds=1, runs=3)
    assert [row["model"] for row in made["models"]] == [str(file) for file in files]
    assert report.as_text(made).count(str(files[1])) == 3, "a row of times, one of the chart and one of sizes"


@pytest.mark.parametrize("option", [("--threads", "2"), ("--rounds", "3"), ("--operators",)])
def test_what_goes_with_models_is_refused_with_the_pipeline(
    option: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["benchmark", "pipeline", *option])
    assert ended.value.code == 2
    assert "do not go with `pipeline`" in capsys.readouterr().err


def test_a_damaged_file_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "damaged.tflite"
    file.write_bytes(int8_model()[:300])
    assert main(["benchmark", str(file)]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"emotion-convert: {file}: ")
    assert error.count("\n") == 1
    with pytest.raises(ModelError, match="cannot read the model"):
        loading.read(tmp_path / "missing.tflite")


def test_what_xnnpack_left_over_is_told() -> None:
    path = find_model("emotion-cnn-int8")
    parts, taken = delegated(loading.ready("cnn", path.read_bytes(), 1))
    assert parts == 1
    assert taken == frozenset(range(11))  # all but the softmax


def test_without_a_delegate_nothing_is_taken() -> None:
    class Plain:
        def _get_ops_details(self) -> list[dict[str, object]]:
            return [{"index": 0, "op_name": "CONV_2D", "inputs": [0, 1], "outputs": [2]}]

    assert delegated(Plain()) == (0, frozenset())


def test_it_needs_only_what_a_device_has(tmp_path: Path) -> None:
    for name in ("tensorflow", "keras", "tqdm", "matplotlib", "sklearn", "optuna", "ray", "gradio", "memray", "pandas"):
        (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError('no {name}', name='{name}')\n")
    program = [sys.executable, "-m", "convert", "benchmark", "emotion-small-int8", "--rounds", "1", "--threads", "1"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(program, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "26 of 27 operators" in done.stdout


def test_without_tqdm_the_progress_is_told_in_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with Progress("benchmark", 2, "rounds", lines=Lines(), has_bar=True) as progress:
        progress.update()
        assert progress.text().startswith("benchmark: 1 of 2 rounds")
