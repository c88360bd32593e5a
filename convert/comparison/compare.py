"""The comparison: every classifier on the same pictures, its files timed in turn, any two tested against each other.

A classifier is judged by the original labels or by the FER+ majority, as its labels are (`evaluation.testset`); two
that are judged by different ones are not tested against each other. A run's quality is that of its float network;
sizes, operations, times and memory are those of the .tflite files.
"""

import datetime
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelError
from assistant.vision.faces.input_format import OWN_FORMAT, InputFormat
from convert.benchmark.models import benchmark
from convert.comparison.files import FLOAT, INT8, files_of
from convert.comparison.probabilities import probabilities_of
from convert.comparison.sources import Source, origin
from convert.data import fer2013
from convert.data.fer2013 import Faces
from convert.expression.evaluation import mcnemar, testset
from convert.expression.evaluation.metrics import DIGITS
from convert.expression.evaluation.predictor import Predictor, open_predictor
from convert.machine import machine
from convert.tflite import graph
from convert.training import provenance

Load = Callable[[InputFormat], Faces]
"""Function from a format to the labelled faces as its crops; it raises DatasetError."""
HARDEST = 24
"""Pictures in the list of those that most classifiers get wrong."""
ROUNDS, CALLS = 10, 50
"""Rounds in which the files are timed in turn, and calls of each in a round at most."""


@dataclass(frozen=True)
class Judged:
    """The answers of one classifier to the pictures of a split."""

    labels: tuple[str, ...]
    truth: NDArray[np.int64]
    """Int64 [N], indices into the labels."""
    is_counted: NDArray[np.bool_]
    scores: NDArray[np.float32]
    """Probabilities float32 [N, classes]."""

    @property
    def is_right(self) -> NDArray[np.bool_]:
        """Whether each picture was answered right, bool [N]."""
        return np.asarray(self.scores.argmax(axis=1) == self.truth)


def run_comparison(sources: Sequence[Source], load: Load, split: str, head: str) -> dict[str, Any]:
    """All figures of the comparison, ready for JSON.

    load: gives the faces as crops of a format. head: of the runs, which have two. Raises ModelError, RunError,
    RecipeError or DatasetError.
    """
    faces = load(OWN_FORMAT)
    tested, training = faces.of(split), faces.of("Training")
    rows, judged, files = [], [], []
    with tempfile.TemporaryDirectory() as scratch:
        for number, source in enumerate(sources):
            predictor = open_predictor(str(source.path), head)
            shown = tested.images
            if predictor.input.crop_shape != OWN_FORMAT.crop_shape:
                shown = load(predictor.input).of(split).images
            row, answers = _quality(source, predictor, shown, tested, training, head=head)
            (folder := Path(scratch) / str(number)).mkdir()
            made, row["missing_files"] = files_of(source, predictor, head, faces, folder)
            rows.append(row | _sizes(made))
            judged.append(answers)
            files.append(made)
        _add_times(rows, files)
    return {
        "split": split,
        "head": head,
        "machine": machine(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "revision": provenance.revision(),
        "data_sha256": provenance.data_sha256(faces),
        "rows": rows,
        "pairs": _pairs(rows, judged),
        "hardest": _hardest(rows, judged, tested),
    }


def _quality(
    source: Source, predictor: Predictor, shown: Any, tested: Faces, training: Faces, *, head: str
) -> tuple[dict[str, Any], Judged]:
    """The row of a classifier, without the figures of its files. shown: the pictures of `tested` as it takes them."""
    try:
        truth_name, truth, is_counted = testset.truth_of(predictor.labels, tested)
    except ModelError as err:
        raise ModelError(f"{source.path}: {err}") from err
    scores = probabilities_of(source, predictor, head, shown)
    figures = testset.score(predictor.labels, scores, tested, training)
    row = {
        "name": source.name,
        "form": source.form,
        "labels": list(predictor.labels),
        "truth": truth_name,
        "input": predictor.input.as_card(),
        **figures["all"],
        "accuracy_without_twins": figures["without_twins"]["accuracy"],
        "loaded_parameters": predictor.network.count_params() if predictor.network is not None else None,
        **origin(source),
    }
    return row, Judged(predictor.labels, truth, is_counted, scores)


def _sizes(files: Mapping[str, Path]) -> dict[str, Any]:
    """Parameters, operations and sizes by the .tflite files; None where there is none."""
    made: dict[str, Any] = {"parameters": None, "macs": None, "bytes": {}}
    for kind in (INT8, FLOAT):
        if kind in files:
            held = graph.read(files[kind])
            made |= {"parameters": held.parameters, "macs": held.macs}
            made["bytes"][kind] = files[kind].stat().st_size
    return made


def _add_times(rows: Sequence[dict[str, Any]], files: Sequence[Mapping[str, Path]]) -> None:
    """Time all files in turn; adds `latency` and `peak_memory_mb` by precision to the rows."""
    flat = [(row, kind, file) for row, made in zip(rows, files, strict=True) for kind, file in made.items()]
    for row in rows:
        row["latency"], row["peak_memory_mb"] = {}, {}
    if not flat:
        return
    timed = benchmark([file for *_, file in flat], (1,), ROUNDS, CALLS)["models"]
    for (row, kind, _), found in zip(flat, timed, strict=True):
        row["latency"][kind] = {name: found[name] for name in ("p50_ms", "p95_ms")}
        row["peak_memory_mb"][kind] = found["peak_memory_mb"]


def _pairs(rows: Sequence[Mapping[str, Any]], judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """McNemar's test of any two that are judged alike."""
    made = []
    for (first, one), (second, other) in combinations(zip(rows, judged, strict=True), 2):
        if first["truth"] == second["truth"]:
            counted = one.is_counted
            made.append(
                {"models": [first["name"], second["name"]], "truth": first["truth"]}
                | mcnemar.paired(one.is_right[counted], other.is_right[counted])
            )
    return made


def _hardest(rows: Sequence[Mapping[str, Any]], judged: Sequence[Judged], tested: Faces) -> list[dict[str, Any]]:
    """The pictures that most classifiers get wrong, the surest errors first; of those that are judged as most are."""
    name = Counter(row["truth"] for row in rows).most_common(1)[0][0]
    group = [each for row, each in zip(rows, judged, strict=True) if row["truth"] == name]
    order = np.arange(len(tested))
    wrong = np.sum([~each.is_right for each in group], axis=0)
    given = np.mean([each.scores[order, each.truth] for each in group], axis=0)
    counted = order[group[0].is_counted & (wrong > 0)]
    chosen = counted[np.lexsort((given[counted], -wrong[counted]))][:HARDEST]
    return [
        {
            "picture": int(index),
            "id": f"{fer2013.picture_id(tested.images[index]):016x}",
            "is": group[0].labels[group[0].truth[index]],
            "said": dict(Counter(each.labels[int(each.scores[index].argmax())] for each in group).most_common()),
            "wrong": int(wrong[index]),
            "of": len(group),
            "probability_of_the_truth": round(float(given[index]), DIGITS),
        }
        for index in chosen
    ]
