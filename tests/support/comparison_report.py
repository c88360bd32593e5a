"""A report of a comparison as `run_comparison` makes it, of two classifiers that nobody trained."""

from typing import Any

from convert.data.fer2013_labels import LABELS
from convert.expression.evaluation import metrics


def row(name: str, **changes: Any) -> dict[str, Any]:
    """The figures of one classifier, right on 6 of 7 pictures: sad is taken for neutral."""
    import numpy as np

    truth = np.arange(len(LABELS))
    said = np.where(truth == LABELS.index("sad"), LABELS.index("neutral"), truth)
    return {
        "name": name,
        "form": "run",
        "labels": list(LABELS),
        "truth": "original labels",
        "input": {"shape": [1, 48, 48, 1], "scaling": "(grey - 127.5) / 64"},
        **metrics.summarize(truth, said, LABELS),
        "accuracy_without_twins": 0.85,
        "loaded_parameters": 1_250_000,
        "initialization": "random weights",
        "published": "",
        "core_hours": 1.03,
        "budget_core_hours": 1.0,
        "passes": 1.9,
        "share": 0.1,
        "curve": [
            {"epoch": number, "core_hours": 0.5 * number, "loss": 2.0 / number, "fer2013": 0.3 * number, "ferplus": 0.4}
            for number in (1, 2)
        ],
        "missing_files": "",
        "parameters": 1_240_000,
        "macs": 56_700_000,
        "bytes": {"float32": 4_960_000, "int8": 1_300_000},
        "latency": {kind: {"p50_ms": 1.25, "p95_ms": 1.5} for kind in ("float32", "int8")},
        "peak_memory_mb": {"float32": 61.2, "int8": 54.0},
        **changes,
    }


def report() -> dict[str, Any]:
    """Two classifiers, the second of which has no file and no recorded cost."""
    published = "some/project, 4-layer CNN, 63.2 % published"
    bare: dict[str, Any] = {
        "core_hours": None,
        "budget_core_hours": None,
        "passes": None,
        "curve": [],
        "parameters": None,
        "macs": None,
    }
    bare |= {"bytes": {}, "latency": {}, "peak_memory_mb": {}, "missing_files": "no .tflite file: made of paper"}
    return {
        "split": "PrivateTest",
        "head": "fer2013",
        "machine": "a machine",
        "date": "2026-11-30",
        "revision": "0123456789",
        "data_sha256": "0" * 64,
        "rows": [row("first <b>", published=published), row("second", **bare)],
        "pairs": [
            {
                "models": ["first <b>", "second"],
                "truth": "original labels",
                "pictures": 7,
                "only_right": [3, 1],
                "difference_points": -2.5,
                "difference_interval_95": [-5.0, 0.25],
                "p": 0.0412,
                "both_right": 3,
            }
        ],
        "hardest": [
            {
                "picture": 4,
                "id": "00000000000000ff",
                "is": "sad",
                "said": {"neutral": 2},
                "wrong": 2,
                "of": 2,
                "probability_of_the_truth": 0.012,
            }
        ],
    }
