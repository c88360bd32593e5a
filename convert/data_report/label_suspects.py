"""Labels that look wrong: pictures whose label a classifier that has not seen it gives little probability.

The probabilities are made out of sample: a shipped model describes each picture by the eight probabilities that it
gives to FER+'s expressions, and a logistic regression learns from four fifths of the labels which class such a
description belongs to, and says it of the last fifth (cross-validation). cleanlab ranks the labels by the probability
of the given class, and counts by confident learning (Northcutt et al. 2021) which are suspects.

Measured on FER-2013's 7,152 test pictures, 5 % of whose labels were changed at random: the area under the curve of
ranking is 0.93, 0.80 with gradients (HOG) in the place of the model, and 0.93 with both; of the first 100, 84 were
changed ones.
"""

import contextlib
import warnings
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from assistant.system.progress import track
from assistant.vision.inference.expression import ExpressionClassifier
from assistant.vision.inference.model_file import find_model
from convert.data.fer2013 import Faces

MODEL = "emotion-small-int8"
"""The shipped model that describes the pictures: as good at this as the largest one, and the fastest."""
FOLDS = 5
"""Parts of the cross-validation. A class with fewer pictures is not looked at."""
MIN_PICTURES = 50
"""Fewer pictures are not looked at: they say too little of what is usual."""
LEAST_PROBABILITY = 1 / 256
"""Added before the logarithm: the smallest step of an int8 model's output."""
METHOD = (
    f"the probability of each label by {FOLDS}-fold cross-validation: a logistic regression on the probabilities of "
    f"{MODEL}, which was trained on FER-2013's Training pictures and their votes: among those it finds fewer"
)
"""How the probabilities are made, for readers of the report."""


@dataclass(frozen=True)
class Suspects:
    """Pictures whose labels look wrong, the most doubtful first."""

    rows: NDArray[np.int64]
    """Row of each suspect, int64 [n]."""
    looks: NDArray[np.int64]
    """The class that it looks like, index into LABELS."""
    confidence: NDArray[np.float64]
    """The probability of its own label."""
    accuracy: float
    """Share of all pictures whose label is the most probable one."""
    method: str = METHOD


def find_or_reason(faces: Faces) -> Suspects | str:
    """The suspects among the pictures, or why none can be looked for."""
    if find_spec("cleanlab") is None:  # asked before minutes of work
        return "cleanlab is not installed; pip install 'emotion-assistant[convert]'"
    counts = np.bincount(faces.labels)
    is_searched = counts[faces.labels] >= FOLDS
    classes = np.unique(faces.labels[is_searched])
    if is_searched.sum() < MIN_PICTURES or len(classes) < 2:
        return f"fewer than {MIN_PICTURES} pictures, or a single class with {FOLDS}"
    rows = np.flatnonzero(is_searched)
    labels = np.searchsorted(classes, faces.labels[rows])
    return _rank(rows, labels, classes, _out_of_sample(descriptions(faces, rows), labels))


def descriptions(faces: Faces, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """What the shipped model says of pictures: logarithms of its probabilities, float64 [n, expressions]."""
    classifier = ExpressionClassifier(find_model(MODEL))
    fit = classifier.input.fit
    said = [classifier.probabilities(fit(faces.images[row])) for row in track(rows.tolist(), "labels", "pictures")]
    return np.log(np.array(said, np.float64) + LEAST_PROBABILITY)


def _out_of_sample(features: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Probabilities float64 [n, classes], each by a regression that has not seen the picture."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    regression = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    return np.asarray(cross_val_predict(regression, features, labels, cv=folds, method="predict_proba"), np.float64)


def _rank(
    rows: NDArray[np.int64], labels: NDArray[np.int64], classes: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> Suspects:
    from cleanlab.filter import find_label_issues

    with warnings.catch_warnings(), contextlib.redirect_stdout(None):
        warnings.simplefilter("ignore")
        ranked = np.asarray(
            find_label_issues(labels, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1), np.int64
        )
    return Suspects(
        rows[ranked],
        classes[probabilities[ranked].argmax(axis=1)],
        probabilities[ranked, labels[ranked]],
        float((probabilities.argmax(axis=1) == labels).mean()),
    )
