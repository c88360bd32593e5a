"""The comparison: every classifier on the same pictures, its files timed in turn, any two tested against each other.

A classifier is judged by the original labels or by the FER+ majority, as its labels are (`evaluation.testset`); two
that are judged by different ones are not tested against each other. A run's quality is that of its float network;
sizes, operations, times and memory are those of the .tflite files. Rows of an earlier comparison are taken as they are
(`earlier`), unless a model of that name is measured now.
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
from convert.comparison import earlier
from convert.comparison.files import FLOAT, INT8, files_of
from convert.comparison.probabilities import probabilities_of
from convert.comparison.sources import REPORT, Source, origin
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
    answers: NDArray[np.int64]
    """Int64 [N], indices into the labels."""
    of_truth: NDArray[np.float32] | None
    """Probability of the true class, float32 [N]; None where it is not kept (earlier comparisons)."""

    @property
    def is_right(self) -> NDArray[np.bool_]:
        """Whether each picture was answered right, bool [N]."""
        return np.asarray(self.answers == self.truth)


def run_comparison(sources: Sequence[Source], load: Load, split: str, head: str) -> dict[str, Any]:
    """All figures of the comparison, ready for JSON.

    load: gives the faces as crops of a format. head: of the runs, which have two. Raises ModelError, RunError,
    RecipeError, DatasetError, or AssistantError for an earlier comparison that does not fit.
    """
    faces = load(OWN_FORMAT)
    tested, training = faces.of(split), faces.of("Training")
    made_with = {"split": split, "head": head, "data_sha256": provenance.data_sha256(faces)}
    held = {source: earlier.read(source.path, made_with) for source in sources if source.form == REPORT}
    taken = {source.name for source in sources if source.form != REPORT}
    rows: list[dict[str, Any]] = []
    judged: list[Judged] = []
    files: list[Mapping[str, Path] | None] = []
    """Files of each row by precision; None for one that is not measured now."""
    with tempfile.TemporaryDirectory() as scratch:
        for number, source in enumerate(sources):
            for row in held.get(source, ()):
                if row["name"] not in taken:
                    taken.add(row["name"])
                    rows.append(row)
                    judged.append(_judged_earlier(source, row, tested))
                    files.append(None)
            if source.form == REPORT:
                continue
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
    return made_with | {
        "machine": machine(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "revision": provenance.revision(),
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
    answers = np.asarray(scores.argmax(axis=1), np.int64)
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
        "answers": earlier.written(answers),
    }
    return row, Judged(predictor.labels, truth, is_counted, answers, scores[np.arange(len(scores)), truth])


def _judged_earlier(source: Source, row: Mapping[str, Any], tested: Faces) -> Judged:
    """The answers of a row of an earlier comparison."""
    labels = tuple(row["labels"])
    try:
        _, truth, is_counted = testset.truth_of(labels, tested)
    except ModelError as err:
        raise ModelError(f"{source.path}: {err}") from err
    return Judged(labels, truth, is_counted, earlier.answers_of(source.path, row, len(tested)), None)


def _sizes(files: Mapping[str, Path]) -> dict[str, Any]:
    """Parameters, operations and sizes by the .tflite files; None where there is none."""
    made: dict[str, Any] = {"parameters": None, "macs": None, "bytes": {}}
    for kind in (INT8, FLOAT):
        if kind in files:
            held = graph.read(files[kind])
            made |= {"parameters": held.parameters, "macs": held.macs}
            made["bytes"][kind] = files[kind].stat().st_size
    return made


def _add_times(rows: Sequence[dict[str, Any]], files: Sequence[Mapping[str, Path] | None]) -> None:
    """Time all files in turn; adds `latency` and `peak_memory_mb` by precision to the rows that have files."""
    measured = [(row, made) for row, made in zip(rows, files, strict=True) if made is not None]
    flat = [(row, kind, file) for row, made in measured for kind, file in made.items()]
    for row, _ in measured:
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
    known = [each.of_truth for each in group if each.of_truth is not None]
    given = np.mean(known, axis=0) if known else np.full(len(tested), np.nan)
    counted = order[group[0].is_counted & (wrong > 0)]
    chosen = counted[np.lexsort((given[counted], -wrong[counted]))][:HARDEST]
    return [
        {
            "picture": int(index),
            "id": f"{fer2013.picture_id(tested.images[index]):016x}",
            "is": group[0].labels[group[0].truth[index]],
            "said": dict(Counter(each.labels[each.answers[index]] for each in group).most_common()),
            "wrong": int(wrong[index]),
            "of": len(group),
            "probability_of_the_truth": round(float(given[index]), DIGITS) if known else None,
        }
        for index in chosen
    ]
