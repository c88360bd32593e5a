"""Training of an expression model: resume, run folder, best epoch; a tiny network on drawn faces."""
# ruff: noqa: E402 - imports that need Keras come after the skip without it

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")

from assistant.vision.faces.preprocess import normalize
from convert.data import fer2013
from convert.expression import networks, recipe, soft_labels, train
from convert.training.callbacks import CheckpointCallback, ExponentialMovingAverage, ShortEpochs
from convert.training.limits import Limits, spent_cpu_s
from convert.training.run_folder import COSTS, Run, RunError, columns, score
from tests.support import drawn_faces

TIMES = dict.fromkeys(("seconds", *COSTS), 0.0)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("train")
    drawn_faces.write_npz(drawn_faces.dataset(), folder)
    (folder / "tiny.toml").write_text(drawn_faces.TINY_RECIPE)
    return folder


def _train(place: Path, run: str, epochs: int = 3) -> Run:
    recipe_file = place / "tiny.toml"
    return train.train(recipe.read(recipe_file), recipe_file, place, place / run, epochs=epochs)


def test_a_stopped_run_is_resumed_after_its_last_epoch(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uninterrupted = _train(place, "straight")
    finish = CheckpointCallback.on_epoch_end

    def stop_after_the_second(self: CheckpointCallback, epoch: int, logs: dict | None = None) -> None:
        finish(self, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(CheckpointCallback, "on_epoch_end", stop_after_the_second)
        with pytest.raises(KeyboardInterrupt):
            _train(place, "stopped")
    assert [row["epoch"] for row in Run(place / "stopped").history()] == [1, 2]
    resumed = _train(place, "stopped")
    assert [row["epoch"] for row in resumed.history()] == [1, 2, 3]
    assert [row["learning_rate"] for row in resumed.history()] == [
        row["learning_rate"] for row in uninterrupted.history()
    ]
    for row, expected in zip(resumed.history(), uninterrupted.history(), strict=True):
        assert min(row["cpu_seconds"], row["step_cpu_ms"]) > 0
        assert {**row, **TIMES} == {**expected, **TIMES}
    before = (place / "stopped" / "history.csv").read_bytes()
    _train(place, "stopped")  # the run is finished
    assert (place / "stopped" / "history.csv").read_bytes() == before


def test_a_resumed_optimizer_still_excludes_biases_and_normalization_from_weight_decay(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = CheckpointCallback.on_epoch_end

    def stop(self: CheckpointCallback, epoch: int, logs: dict | None = None) -> None:
        finish(self, epoch, logs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(CheckpointCallback, "on_epoch_end", stop)
        with pytest.raises(KeyboardInterrupt):
            _train(place, "spared", epochs=2)
    seen = []
    monkeypatch.setattr(CheckpointCallback, "on_epoch_begin", lambda self, epoch, logs=None: seen.append(self.model))
    monkeypatch.setattr(CheckpointCallback, "on_epoch_end", lambda self, epoch, logs=None: None)
    _train(place, "spared", epochs=2)
    (model,) = seen
    decayed = {variable.name for variable in model.trainable_variables if model.optimizer._use_weight_decay(variable)}
    assert decayed == {"kernel"}
    assert int(model.optimizer.iterations) > 3


def test_the_run_folder_has_the_recipe_environment_curves_and_best_weights(place: Path) -> None:
    run = _train(place, "explained", epochs=2)
    scores = [score(row) for row in run.history()]
    assert run.best()["epoch"] == 1 + int(np.argmax(scores))
    held = json.loads((run.path / "environment.json").read_text())
    assert (held["recipe"], held["epochs"], held["precision"]) == ("tiny", 2, "float32")
    assert len(held["data_sha256"]) == 64
    assert (run.path / "recipe.toml").read_text() == drawn_faces.TINY_RECIPE
    assert (run.path / "curves.png").stat().st_size > 5000
    network = networks.build(**recipe.of_run(run).network)
    network.load_weights(run.weights)
    assert recipe.of_run(run).name == "tiny"


def test_the_best_epoch_is_chosen_on_pictures_of_48_pixels(place: Path, tmp_path: Path) -> None:
    small = tmp_path / "small.toml"
    small.write_text(re.sub(r"sizes = .*", "sizes = [[0.0, 24]]", drawn_faces.TINY_RECIPE))
    run = train.train(recipe.read(small), small, place, tmp_path / "run", epochs=8)
    public = fer2013.load(place).of("PublicTest")
    logits = networks.restore(run, "float32").predict(normalize(public.images), verbose=0)
    assert (logits["fer2013"].argmax(1) == public.labels).mean() == pytest.approx(run.best()["fer2013"], abs=1e-6)


def test_resuming_with_another_recipe_length_or_data_is_refused(place: Path, tmp_path: Path) -> None:
    _train(place, "first", epochs=1)
    with pytest.raises(RunError, match="another recipe or length"):
        _train(place, "first", epochs=2)
    other = tmp_path / "tiny.toml"
    other.write_text(drawn_faces.TINY_RECIPE.replace("seed = 3", "seed = 4"))
    with pytest.raises(RunError, match="another recipe or length"):
        train.train(recipe.read(other), other, place, place / "first", epochs=1)
    drawn_faces.write_npz(drawn_faces.dataset(training=11), tmp_path)
    with pytest.raises(RunError, match="other data"):
        train.train(recipe.read(place / "tiny.toml"), place / "tiny.toml", tmp_path, place / "first", epochs=1)


def test_a_resume_records_the_revision_and_refuses_another_backend(place: Path) -> None:
    run = _train(place, "noted", epochs=1)
    _train(place, "noted", epochs=1)
    assert "resumed" not in run.environment()
    about = run.environment()
    for revision in ("0123456789", "0123456789", about["revision"]):
        run.begin(place / "tiny.toml", about | {"revision": revision}, columns(tuple(networks.HEADS)))
    assert [each["revision"] for each in run.environment()["resumed"]] == ["0123456789", about["revision"]]
    with pytest.raises(RunError, match="other backend"):
        run.begin(place / "tiny.toml", about | {"backend": "abacus"}, ())


def test_missing_curves_of_a_finished_run_are_drawn(place: Path) -> None:
    run = _train(place, "drawn", epochs=1)
    (run.path / "curves.png").unlink()
    _train(place, "drawn", epochs=1)
    assert (run.path / "curves.png").stat().st_size > 1000


def test_a_training_cannot_start_from_a_run_without_weights(place: Path, tmp_path: Path) -> None:
    run = _train(place, "bare", epochs=1)
    run.weights.unlink()
    with pytest.raises(RunError, match="bare: no epoch of this run is finished"):
        train.train(recipe.of_run(run), run.recipe_file, place, tmp_path / "next", epochs=1, start=run)
    assert not (tmp_path / "next").exists()


def test_resuming_with_soft_labels_of_other_teachers_is_refused(place: Path, tmp_path: Path) -> None:
    training = fer2013.load(place).of("Training")
    student = tmp_path / "student.toml"
    student.write_text(drawn_faces.TINY_RECIPE + '[teachers]\nsoft_labels = "soft.npz"\n[distillation]\nweight = 0.5\n')
    probabilities = np.full((len(training), 1, soft_labels.CLASSES), 0.125, np.float32)
    for teachers, refused in ((["one"], False), (["one"], False), (["one", "two"], True)):
        soft_labels.write(
            soft_labels.pack(training.images, probabilities, {"views": 1, "teachers": teachers}), tmp_path / "soft.npz"
        )
        if refused:
            with pytest.raises(RunError, match="was begun with other teachers"):
                train.train(recipe.read(student), student, place, tmp_path / "run", epochs=1)
        else:
            train.train(recipe.read(student), student, place, tmp_path / "run", epochs=1)


def test_a_network_that_cannot_be_built_is_a_recipe_error(place: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(drawn_faces.TINY_RECIPE.replace("stem = 8", "steam = 8"))
    with pytest.raises(recipe.RecipeError, match="network: unknown key 'steam'"):
        train.train(recipe.read(wrong), wrong, place, tmp_path / "run", epochs=1)
    assert not (tmp_path / "run").exists()


def test_target_distributions_and_sample_weights(place: Path) -> None:
    made = drawn_faces.dataset(2, 1).of("Training")
    made.votes[0] = 0
    targets, weights = train.target_distributions(made, recipe.read(place / "tiny.toml"))
    assert targets["fer2013"].shape == (14, 7)
    assert targets["ferplus"].shape == (14, 8)
    for target in targets.values():
        np.testing.assert_allclose(target.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(targets["fer2013"][0, 0], 0.9 + 0.1 / 7, rtol=1e-5)
    assert weights["ferplus"].tolist() == [0.0] + [1.0] * 13
    assert weights["fer2013"].tolist() == [1.0] * 14


def test_the_moving_average_forgets_the_random_initialization() -> None:
    class Model:
        def __init__(self) -> None:
            self.optimizer = type("Optimizer", (), {"iterations": np.array(0)})()
            self.value = 100.0

        def get_weights(self) -> list[np.ndarray]:
            return [np.full(3, self.value, np.float32), np.array([7])]

    model, average = Model(), ExponentialMovingAverage(0.998)
    average.set_model(model)
    average.on_train_batch_end(0)
    model.value = 1.0
    for batch in range(1, 201):
        model.optimizer.iterations = np.array(batch)
        average.on_train_batch_end(batch)
    np.testing.assert_allclose(average.weights[0], 1.0, atol=0.01)
    assert average.weights[1] == 7
    model.value = 2.0
    for batch in range(100_000, 100_101):
        model.optimizer.iterations = np.array(batch)
        average.on_train_batch_end(batch)
    assert average.weights[0][0] == pytest.approx(2.0 - 0.998 ** (4 * 26), abs=0.01)


@pytest.mark.filterwarnings("ignore:Skipping nested container:UserWarning")
def test_a_training_starts_from_the_weights_of_another_run_with_the_same_network(place: Path, tmp_path: Path) -> None:
    first = _train(place, "first", 1)
    recipe_file = place / "tiny.toml"
    second = train.train(recipe.read(recipe_file), recipe_file, place, tmp_path / "second", epochs=1, start=first)
    assert second.environment()["start"]["epochs"] == 1
    assert "start" not in first.environment()
    other = tmp_path / "other.toml"
    other.write_text(
        drawn_faces.TINY_RECIPE.replace("widths = [", "widths = [3, ").replace("blocks = [", "blocks = [1, ")
    )
    with pytest.raises(RunError, match="not the weights of this network"):
        train.train(recipe.read(other), other, place, tmp_path / "third", epochs=1, start=first)


def test_a_training_ends_where_its_cpu_time_is_used_up(place: Path, tmp_path: Path) -> None:
    recipe_file = place / "tiny.toml"
    limits = Limits(steps=3, cpu_s=1e-3, evaluated=7)
    for _ in range(2):  # the second call finds it finished
        run = train.train(
            recipe.read(recipe_file), recipe_file, place, tmp_path / "short", epochs=50, limits=limits, log_to="csv"
        )
        assert len(run.history()) == 1
    assert spent_cpu_s(run) >= limits.cpu_s
    assert (run.environment()["steps_per_epoch"], run.environment()["budget_cpu_s"]) == (3, 1e-3)
    head, row = (line.split(",") for line in (run.path / "log.csv").read_text().splitlines())
    assert {"epoch", "loss", "fer2013", "ferplus", "learning_rate"} < set(head)
    assert float(row[head.index("fer2013")]) == pytest.approx(run.history()[0]["fer2013"], abs=1e-6)
    with pytest.raises(RunError, match="was begun with other budget"):
        train.train(recipe.read(recipe_file), recipe_file, place, run.path, epochs=50, limits=Limits(steps=3))


def test_epochs_of_fewer_steps_see_other_pictures_each_time(place: Path, tmp_path: Path) -> None:
    recipe_file = place / "tiny.toml"
    run = train.train(
        recipe.read(recipe_file), recipe_file, place, tmp_path / "few", limits=Limits(steps=2), log_to="tensorboard"
    )
    assert [row["epoch"] for row in run.history()] == [1, 2]
    assert list((run.path / "tensorboard").rglob("events.out.tfevents*"))
    made = recipe.read(recipe_file)
    batches = ShortEpochs(train.dataset(made, fer2013.load(place).of("Training"), None, (), 0), 2)
    assert len(batches) == 2
    first = batches[0][0]
    batches.begin_epoch(1)
    assert np.abs(batches[0][0] - first).max() > 0.1


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_training_runs_on_other_backends(place: Path, tmp_path: Path, backend: str) -> None:
    pytest.importorskip(backend, reason=f"{backend} is not installed")
    command = [sys.executable, "-m", "convert", "train", "--recipe", str(place / "tiny.toml"), "--data", str(place)]
    done = subprocess.run(
        [*command, "--run", str(tmp_path / "run")],
        check=False,
        env=os.environ | {"KERAS_BACKEND": backend},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    run = Run(tmp_path / "run")
    assert run.environment()["backend"] == backend
    assert len(run.history()) == 2
    assert networks.restore(run).count_params() > 0
