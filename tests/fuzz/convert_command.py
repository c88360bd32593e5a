"""The command line of emotion-convert: any line ends with a documented exit code and, where it fails, with one line
that says why. What needs Keras, and what takes minutes, is replaced by stand-ins that check what they are given."""

import contextlib
import dataclasses
import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np

from assistant.config.settings import Settings
from assistant.errors import ModelError
from assistant.system.atomic_files import write_atomically
from assistant.vision.faces.input_format import OWN_FORMAT
from assistant.vision.inference import model_file
from convert import cli
from convert.benchmark import loading
from convert.comparison.sources import KERAS, RUN, TFLITE, Source
from convert.data.boxes import read_annotations
from convert.data.fer2013 import Faces, load
from convert.expression import card, soft_labels
from convert.expression import recipe as recipes
from convert.expression.evaluation import evaluate
from convert.face_detector.detector_under_test import DetectorUnderTest
from convert.face_detector.recipe import DetectorRecipe
from convert.foreign.importing import Load
from convert.pipeline_cost import frames
from convert.playground.offer import Offer
from convert.scenarios.run import Task
from convert.scenarios.script.scene import AssetIndex
from convert.search import seeds
from convert.search.job import Job
from convert.search.plan import Plan
from convert.tflite import card_file
from convert.training import keras_config, lineage, logs
from convert.training.run_folder import Run, columns
from tests.fuzz import command_files
from tests.fuzz.assistant_command import SLOW_S, _check_loads
from tests.fuzz.command_line import Program, judge, lines, run_here
from tests.fuzz.engine import Attack
from tests.support.scene_timelines import asset_index

MODELS = (
    "models/emotion-cnn-int8.tflite",
    "emotion-small-int8",
    "emotion-cnn-int8",
    "mine.tflite",
    "face-detector-int8",
    "face-cover-int8",
)
RUNS = ("run", "run", "new-run", "run-wrong")
RECIPES = ("tiny.toml", "wrong.toml", "models/recipes/emotion-small.toml", "models/recipes/face-detector.toml")
GOOD = {
    "recipe": RECIPES, "run": RUNS, "start": RUNS, "teacher": RUNS,
    "teachers": (*RUNS, "emotion-small-int8", "mine.tflite"),
    "epochs": ("1", "3"), "seed": ("1", "7"), "data": ("data", "data", "data/fer2013.npz", "faces"),
    "model": ("new.tflite", *MODELS), "models": MODELS, "first": MODELS, "second": MODELS,
    "threads": ("1", "2"), "rounds": ("1", "2"), "views": ("1", "10"), "workers": ("1", "2"), "file": ("new.npz",),
    "add_to": ("soft.npz",), "report": ("reports",), "html": ("new.html",),
    "readme": ("models/README.md", "models/README.md", "text.md"), "recipes": ("models/recipes",),
    "calibration_set": ("list.txt",), "make_calibration_set": ("new.txt",), "only": ("talk", "walk"),
    "detections": ("new.csv",), "plots": ("plots",), "write": ("new-scenes",), "scenes": ("scenes",),
    "config": ("settings.toml",), "yunet": ("text.onnx",), "detector": ("haar", "tflite"),
    "labels": ("fer2013", "ferplus", "folders", "text.txt"), "scaling": ("own", "0..1", "-1..1", "imagenet"),
    "input": ("48-grey", "grey", "rgb"), "limit": ("50",), "trials": ("1", "3"), "space": ("space.toml", "wrong.toml"),
    "folder": ("runs", ".", "new-search", *RUNS), "seeds": ("1,2", "7"), "core_hours": ("1", "0.5"),
    "runs": ("runs", "new-runs"), "plot": ("new.svg", "new.png"), "chart": ("new.png",), "port": ("0",),
}  # fmt: skip
PROGRAM = Program("emotion-convert", cli.main, cli.make_parser(), (0, 1, 2, 130), GOOD)


@contextlib.contextmanager
def target() -> Iterator[Attack]:
    with tempfile.TemporaryDirectory() as name, command_files.opened(Path(name)) as files, replaced(files):

        def check(line: list[str]) -> None:
            try:
                judge(PROGRAM, line, run_here(PROGRAM, line))
            finally:
                files.restore()

        yield Attack(lines(PROGRAM), check, slow_s=SLOW_S)


@contextlib.contextmanager
def replaced(files: command_files.Files) -> Iterator[None]:
    """Shipped models in the folder itself, and stand-ins for all that takes long."""
    shutil.copytree(next(each for each in model_file.MODEL_FOLDERS if each.is_dir()), files.original / "models")
    files.copy()
    os.chdir(files.folder)
    environment = {"EMOTION_DATA": "data", "EMOTION_VIDEOS": "", "EMOTION_YUNET": "", "KERAS_BACKEND": "tensorflow"}
    modules: dict[str, dict[str, Any]] = {
        "convert.expression.train": {"train": _train},
        "convert.face_detector.train": {"train": _train_detector},
        "convert.expression.quantize": {"quantize": _quantize},
        "convert.face_detector.quantize": {"quantize": _quantize_detector},
        "convert.expression.teachers": {"write_soft_labels": _write_soft_labels},
        "convert.expression.warm_start": {"warm_start": _warm_start, "RECIPES": files.folder / "models/recipes"},
        "convert.face_occlusion.train": {"train": _train_occlusion},
        "convert.foreign.keras_file": {"load": _load_keras},
        "convert.comparison.trained": {"Candidate": _Candidate, "train_all": lambda *_, skip_unreadable: None},
        "convert.comparison.compare": {"run_comparison": _run_comparison},
        "convert.comparison.page": {"as_html": lambda report, plots, shown: ""},
        "convert.comparison.plots": {"diagrams": lambda report: {}},
        "convert.search.search": {"search": _search, "report_again": lambda plan: ""},
        "convert.search.cluster": {"Cluster": lambda address, workers, paths: None},
        "convert.playground.server": {"serve": _serve},
    }
    stand_ins = {
        "assistant.vision.inference.model_file.MODEL_FOLDERS": (files.folder / "models",),
        "convert.tflite.card_file.MODEL_FOLDERS": (files.folder / "models",),
        "assistant.vision.inference.sandbox.check_loads": _check_loads,
        "assistant.system.atomic_files.os.fsync": lambda handle: None,
        "convert.cli.make_parser": lambda: PROGRAM.parser,
        "convert.data_report.label_suspects.find_or_reason": lambda faces: "",
        "convert.expression.evaluation.evaluate.evaluate": _evaluate,
        "convert.expression.card.evaluate": _evaluate,
        "convert.expression.evaluation.report._draw_confusion": lambda report, name, folder: folder / name,
        "convert.expression.evaluation.report._draw_confidence": lambda report, name, folder: folder / name,
        "convert.face_detector.evaluate.evaluate": _evaluate_detectors,
        "convert.face_detector.shaken.evaluate": _evaluate_shaken,
        "convert.face_detector.shaken.as_text": lambda report: "",
        "convert.face_detector.evaluate.as_text": lambda report: "",
        "convert.face_detector.card.refresh": lambda model, report: {"metrics": {"ap": 0.5}},
        "convert.benchmark.models.benchmark": _benchmark,
        "convert.benchmark.report.as_text": lambda report: "",
        "convert.comparison.text.as_text": lambda report: "",
        "convert.comparison.text.as_markdown": lambda report: "",
        "convert.comparison.run_list.draw": lambda runs, file: write_atomically({file: b""}),
        "convert.search.seeds.train": _train_seeds,
        "convert.pipeline_cost.frames._render": lambda to, settings: shutil.copy(files.original / "clip.avi", to),
        "convert.pipeline_cost.stages.measure": _measure_stages,
        "convert.pipeline_cost.stages.as_text": lambda report: "",
        "convert.pipeline_cost.allocations.count": lambda clip: {},
        "convert.pipeline_cost.instructions.count": lambda clip: {},
        "convert.pipeline_cost.chart.write": lambda report, to: write_atomically({to: b""}),
        "convert.start_cost.measure.measure": lambda clip, rounds, after_s: {},
        "convert.start_cost.measure.as_text": lambda report: "",
        "convert.scenarios.render.assets.load": lambda data, half: _Assets(),
        "convert.scenarios.render.camera.SceneCamera": lambda scene, assets: None,
        "convert.scenarios.script.folder.write": lambda scene, camera, folder, on_frame: (folder / scene.name).mkdir(),
        "convert.scenarios.run.run": _run_scenes,
        "convert.scenarios.answer_delay.measure": lambda settings: [],
        "convert.scenarios.tune.search": lambda outcomes, settings: {},
        "convert.scenarios.tune.as_text": lambda best: "",
        "convert.scenarios.rerun.transcripts": lambda outcomes, settings: [],
        "convert.scenarios.score.report.build_report": lambda *_: {},
        "convert.scenarios.score.report.as_text": lambda made: "",
        "convert.scenarios.score.report.as_markdown": lambda *_: "",
    }  # fmt: skip
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.dict("os.environ", environment))
        for name, stand_in in stand_ins.items():
            stack.enter_context(mock.patch(name, stand_in))
        for name, contents in modules.items():
            package, _, last = name.rpartition(".")
            module = ModuleType(name)
            vars(module).update(contents)
            stack.enter_context(mock.patch.dict(sys.modules, {name: module}))
            stack.enter_context(mock.patch.object(importlib.import_module(package), last, module, create=True))
        yield


class _TrainedRun(Run):
    """A run with a best epoch."""

    def best(self) -> dict[str, float]:
        return {"epoch": 1.0, "fer2013": 0.5, "ferplus": 0.5, "ap": 0.5}


def _check_training(recipe: Any, recipe_file: Path, data: Path, folder: Path, epochs: int | None) -> None:
    assert type(recipe.seed) is int
    assert 0 <= recipe.seed < 2**32
    assert epochs is None or 1 <= epochs <= 1_000_000
    assert {isinstance(each, Path) for each in (recipe_file, data, folder)} == {True}


def _train(
    recipe: recipes.Recipe, recipe_file: Path, data: Path, folder: Path,
    *, epochs: int | None, start: Run | None, teachers: Sequence[Run], log_to: str, skip_unreadable: bool,
) -> Run:  # fmt: skip
    """All of a training but the epochs."""
    _check_training(recipe, recipe_file, data, folder, epochs)
    assert log_to in ("", *logs.KINDS)
    load(data, skip_unreadable=skip_unreadable).of("Training")
    facts: dict[str, Any] = {"epochs": epochs, "seed": recipe.seed}
    if recipe.teachers.soft_labels:
        facts["teachers"] = soft_labels.read(recipe_file.parent / recipe.teachers.soft_labels).about
    facts["teachers"] = [each.provenance() for each in teachers]
    Run(folder).begin(recipe_file, facts, columns(("fer2013", "ferplus")), start)
    return _TrainedRun(folder)


def _train_detector(
    plan: DetectorRecipe, recipe_file: Path, data: Path, folder: Path,
    *, epochs: int | None, start: Run | None, teacher: Path | None,
) -> Run:  # fmt: skip
    _check_training(plan, recipe_file, data, folder, epochs)
    Run(folder).begin(recipe_file, {"epochs": epochs, "seed": plan.seed}, columns(("ap",)), start)
    return _TrainedRun(folder)


def _quantize(run: Run, faces: Faces, model: Path, chosen: list[tuple[str, str]], head: str) -> None:
    """The conversion of another network: the card and the files are those of the run."""
    assert head in ("ferplus", "fer2013")
    assert all(len(each) == 2 for each in chosen)
    content = model_file.find_model("emotion-small-int8").read_bytes()
    about = card.describe(
        model.stem, content, run, head=head, labels=["happy"], data_sha256="", calibration={"faces": len(faces)}
    )
    write_atomically({model: content, card_file.path_of(model): card_file.encode(about)})


def _quantize_detector(run: Run, data: Path, model: Path) -> None:
    assert isinstance(data, Path)
    run.best()
    write_atomically({model: b""})


def _write_soft_labels(
    teachers: Sequence[Path], faces: Faces, views: int, path: Path, former: soft_labels.SoftLabels | None
) -> soft_labels.SoftLabels:
    assert 1 <= views <= soft_labels.MAX_VIEWS
    for each in teachers:
        if each.suffix == ".tflite":
            card.both_heads(each)
        else:
            recipes.of_run(Run(each))
            Run(each).provenance()
    shape = (len(faces), views, soft_labels.CLASSES)
    labels = soft_labels.pack(faces.images, np.ones(shape, np.float32) / 8, {"views": views, "teachers": []})
    soft_labels.write(labels, path)
    return labels


def _warm_start(model: Path, faces: Faces, folder: Path, recipe_files: Path) -> Run:
    assert isinstance(recipe_files, Path)
    card.both_heads(model)
    recipes.read(recipe_files / f"{card_file.entry(card_file.load(model), model, 'recipe.name', str)}.toml")
    Run(folder).begin(recipe_files / "emotion-small.toml", {"epochs": len(faces)}, ("epoch",))
    return _TrainedRun(folder)


def _train_occlusion(data: Path, model: Path) -> dict[str, Any]:
    assert isinstance(data, Path)
    write_atomically({model: b""})
    return {"held_out": {"bare": {"faces": 1, "occluded": 0.5}}}


_evaluate_all = evaluate.evaluate


def _evaluate(model: Path, faces: Faces, split: str = "PrivateTest", **options: Any) -> dict[str, Any]:
    """Without robustness and muxspace, which take minutes."""
    return _evaluate_all(model, faces, split, **{**options, "quick": True})


def _evaluate_detectors(tested: Sequence[DetectorUnderTest], folder: Path, **options: Path | None) -> dict[str, Any]:
    assert {each.name for each in tested} <= {"tflite", "haar", "yunet"}
    assert all(isinstance(each, Path) for each in options.values() if each is not None)
    return {"faces": len(read_annotations(folder))}


def _evaluate_shaken(settings: Settings, training: Path | None) -> dict[str, Any]:
    assert isinstance(settings, Settings)
    return {"pictures": 0 if training is None else 1}


def _benchmark(models: Sequence[Path], threads: Sequence[int], rounds: int, *, with_operators: bool) -> dict[str, Any]:
    assert 1 <= rounds <= 1_000_000
    assert isinstance(with_operators, bool)
    for model in models:
        content = loading.read(model)
        for count in threads:
            loading.ready(str(model), content, count)
    return {"machine": "none", "date": "today", "models": []}


def _load_keras(file: Path) -> Any:
    """What is refused before Keras sees the file; no file here is a network."""
    keras_config.inspect(file)
    raise ModelError(f"{file}: Keras cannot build it")


class _Candidate:
    """A recipe that is trained at once."""

    def __init__(self, recipe_file: Path, runs: Path) -> None:
        recipe = recipes.read(recipe_file)
        self.run = Run(runs / recipe.name)
        teachers = lineage.teacher_runs(recipe_file, recipe.teachers, runs)
        lineage.start_run(recipe_file, recipe.start, runs)
        recipes.check_teachers(recipe_file, recipe, bool(teachers))


def _run_comparison(sources: Sequence[Source], load: Load, split: str, head: str) -> dict[str, Any]:
    assert {each.form for each in sources} <= {RUN, KERAS, TFLITE}
    assert head in ("ferplus", "fer2013")
    load(OWN_FORMAT).of(split)
    return {"hardest": []}


def _search(plan: Plan, count: int, pool: Any) -> str:
    """A search that has no trial to train."""
    assert 1 <= count <= 100_000
    plan.folder.mkdir(parents=True, exist_ok=True)
    plan.begin()
    return ""


def _train_seeds(jobs: Sequence[Job], pool: Any, epochs: int, file: Path) -> dict[str, Any]:
    assert 1 <= epochs <= 1_000_000
    return seeds.summary({each.run.name: {"epoch": 1.0, "fer2013": 0.5, "ferplus": 0.5} for each in jobs})


def _serve(offer: Offer, port: int) -> int:
    assert 0 <= port <= 65535
    return 0


def _measure_stages(clip: Path) -> dict[str, Any]:
    return {"frames": len(frames.decoded(clip, Settings(), 3))}


class _Assets:
    """Pictures for scenes, by their names alone."""

    def index(self) -> AssetIndex:
        return asset_index()


def _run_scenes(tasks: Sequence[Task], workers: int) -> list[Any]:
    assert 1 <= workers <= 1024
    for task in tasks:
        assert dataclasses.is_dataclass(task)
        assert isinstance(task.settings, Settings)
    return []
