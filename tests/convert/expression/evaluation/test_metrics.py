"""Classification metrics by hand calculation and by definition, ground truth, and the table of figures."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import AssistantError, ModelError
from convert.data import fer2013
from convert.data.fer2013 import Faces
from convert.data.fer2013_labels import FERPLUS_LABELS, LABELS
from convert.expression import card
from convert.expression.evaluation import metrics, testset
from convert.expression.evaluation.evaluate import evaluate
from convert.tflite import card_file
from tests.support import drawn_faces

MODELS = sorted((Path(__file__).parents[4] / "models").glob("emotion-*.tflite"))


def test_metrics_by_hand_calculation() -> None:
    truth = np.array([0, 0, 0, 0, 1, 1, 2, 2, 2, 2])
    predictions = np.array([0, 0, 0, 1, 1, 2, 2, 2, 0, 0])
    figures = metrics.summarize(truth, predictions, ("a", "b", "c"))
    assert figures["pictures"] == 10
    assert figures["accuracy"] == 0.6
    assert figures["confusion"] == [[3, 1, 0], [0, 1, 1], [2, 0, 2]]
    assert figures["classes"]["a"] == {"precision": 0.6, "recall": 0.75, "f1": 0.666667, "support": 4}
    assert figures["classes"]["b"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2}
    assert figures["classes"]["c"] == {"precision": 0.666667, "recall": 0.5, "f1": 0.571429, "support": 4}
    assert figures["macro_f1"] == round((2 / 3 + 1 / 2 + 4 / 7) / 3, 6)
    assert figures["macro_recall"] == round((0.75 + 0.5 + 0.5) / 3, 6)


def test_a_class_that_never_occurs_is_not_in_the_macro_mean() -> None:
    figures = metrics.summarize(np.array([0, 1]), np.array([0, 1]), ("a", "b", "never"))
    assert figures["macro_f1"] == 1.0
    assert figures["classes"]["never"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}
    with pytest.raises(ValueError, match="0 answers to 0 pictures"):
        metrics.summarize(np.array([], int), np.array([], int), ("a",))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60))
def test_metrics_agree_with_their_definitions(pairs: list[tuple[int, int]]) -> None:
    truth, predictions = (np.array(column) for column in zip(*pairs, strict=True))
    figures = metrics.summarize(truth, predictions, ("a", "b", "c", "d"))
    assert figures["accuracy"] == round(sum(t == a for t, a in pairs) / len(pairs), 6)
    scores = []
    for index, name in enumerate("abcd"):
        right = sum(t == a == index for t, a in pairs)
        predicted = sum(a == index for _, a in pairs)
        actual = sum(t == index for t, _ in pairs)
        precision, recall = right / predicted if predicted else 0, right / actual if actual else 0
        f1 = 2 * precision * recall / (precision + recall) if right else 0
        row = figures["classes"][name]
        assert row["support"] == actual
        assert np.allclose((row["precision"], row["recall"], row["f1"]), (precision, recall, f1), atol=1e-6)
        assert figures["confusion"][index] == [sum(pair == (index, a) for pair in pairs) for a in range(4)]
        scores += [f1] if predicted or actual else []
    assert abs(figures["macro_f1"] - sum(scores) / len(scores)) < 1e-6


@pytest.mark.parametrize(("hits", "pictures"), [(2488, 3589), (60, 100), (1, 20), (19, 20)])
def test_the_bootstrap_interval_agrees_with_resampling(hits: int, pictures: int) -> None:
    outcome = np.arange(pictures) < hits
    rng = np.random.default_rng(4)
    drawn = np.array([outcome[rng.integers(0, pictures, pictures)].mean() for _ in range(4000)])
    wanted = np.quantile(drawn, (0.025, 0.975))
    np.testing.assert_allclose(metrics.bootstrap_interval(hits, pictures), wanted, atol=max(0.0015, 1.01 / pictures))


def test_the_bootstrap_interval_of_accuracy_0_or_1_is_a_point() -> None:
    assert metrics.bootstrap_interval(5, 5) == (1.0, 1.0)
    assert metrics.bootstrap_interval(0, 5) == (0.0, 0.0)
    low, high = metrics.bootstrap_interval(2488, 3589)
    assert high - low == pytest.approx(0.0302, abs=0.001)  # 1.96 standard deviations of 0.77 points, either way


def test_the_ground_truth_follows_from_the_labels_of_the_model() -> None:
    made = drawn_faces.dataset(2, 2).of("PrivateTest")
    made.votes[0] = [5, 5, *[0] * 8]
    backwards = LABELS[::-1]
    name, truth, is_counted = testset.truth_of(backwards, made)
    assert name == "original labels"
    assert [backwards[index] for index in truth] == [LABELS[index] for index in made.labels]
    assert is_counted.all()
    name, truth, is_counted = testset.truth_of(FERPLUS_LABELS, made)
    assert name == "FER+ majority"
    assert is_counted.tolist() == [False] + [True] * 13
    assert [FERPLUS_LABELS[index] for index in truth[1:]] == [LABELS[index] for index in made.labels[1:]]
    with pytest.raises(ModelError, match="neither FER-2013's"):
        testset.truth_of(("happy", "sad"), made)


def test_a_seven_label_model_never_agrees_with_contempt() -> None:
    made = drawn_faces.dataset(2, 2).of("PrivateTest")
    made.votes[0] = [0] * 7 + [9, 0, 0]
    predicted = np.array(LABELS)[made.labels]
    unseen = np.arange(len(made)) > 6
    agreement = testset._agreement(predicted, made, unseen)
    assert agreement["all"] == {"pictures": 14, "agreement": round(13 / 14, 6)}
    assert agreement["without_twins"] == {"pictures": 7, "agreement": 1.0}


CARD = {
    "name": "some-int8",
    "parameters": 1_234_567,
    "macs": 56_700_000,
    "bytes": 1_700_000,
    "metrics": {
        "truth": "original labels",
        "all": {"accuracy": 0.69346, "accuracy_interval_95": [0.678, 0.7083], "macro_f1": 0.66},
        "without_twins": {"accuracy": 0.6816},
        "confidence": {"ece": 0.0213},
        "balanced": {"by_prior": {"accuracy": 0.8612, "macro_recall": 0.8109}},
        "robustness": {"mean_accuracy": 0.6123},
        "muxspace": {"detected": {"mean_recall": 0.6801}},
    },
    "measured": {"date": "2026-11-21", "revision": "0123456789"},
}


def test_the_table_of_figures_is_written_between_its_markers(tmp_path: Path) -> None:
    readme, model = tmp_path / "README.md", tmp_path / "some-int8.tflite"
    card_file.path_of(model).write_bytes(card_file.encode(CARD))
    readme.write_text("before\n<!-- figures -->\nold\n<!-- /figures -->\nafter\n")
    card_file.replace_between(readme, card.FIGURES, card.table([card_file.load(model)]))
    lines = readme.read_text().splitlines()
    assert (lines[0], lines[1], lines[-2], lines[-1]) == ("before", "<!-- figures -->", "<!-- /figures -->", "after")
    cells = (
        "`some-int8`| original labels| 69.35% (67.8% to 70.8%)| 68.16%| 66.00%| 2.13%| 86.12%| 81.09%| 61.23%| 68.01%"
        "| 1.23 M| 56.7| 1.70 MB| 2026-11-21, 0123456789"
    )
    assert lines[4] == f"| {cells.replace('| ', ' | ')} |"
    before = readme.read_bytes()
    card_file.replace_between(readme, card.FIGURES, card.table([card_file.load(model)]))
    assert readme.read_bytes() == before
    readme.write_text("no markers")
    with pytest.raises(AssistantError, match="which are missing"):
        card_file.replace_between(readme, card.FIGURES, card.table([card_file.load(model)]))


def test_an_encoded_card_is_equal_json_with_rows_of_numbers_on_one_line() -> None:
    import json

    text = card_file.encode({**CARD, "confusion": [[1, 2], [3, 4]], "text": "a [ b", "labels": ["x"]}).decode()
    assert json.loads(text) == {**CARD, "confusion": [[1, 2], [3, 4]], "text": "a [ b", "labels": ["x"]}
    assert "[1, 2]" in text


@pytest.fixture(scope="module")
def faces(data: Path) -> Faces:
    """The faces of FER-2013."""
    return fer2013.load(data)


@pytest.mark.data
@pytest.mark.measured
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.stem)
def test_a_shipped_model_has_the_metrics_of_its_card(model: Path, faces: Faces) -> None:
    held = card_file.load(model)["metrics"]
    slow = {name: held.pop(name) for name in ("robustness", "muxspace", "slices") if name in held}
    made = evaluate(model, faces, quick=True)
    assert {name: made[name] for name in held} == held
    assert not slow or 0 < slow["robustness"]["mean_accuracy"] < held["all"]["accuracy"]
    assert (held["all"]["pictures"], held["without_twins"]["pictures"]) in ((3589, 3301), (3152, 2893))
