"""Targets and loss of the face detector: responsible cells, and the loss of wrong outputs."""
# ruff: noqa: E402 - imports that need Keras come after the skip without it

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")

from assistant.vision.detectors import decode
from convert.face_detector import network
from convert.face_detector.compose import TrainingFrame
from convert.face_detector.loss import BOX, FACE, HAS_LANDMARKS, IGNORED, LANDMARKS, DetectionLoss, targets

HEIGHT, WIDTH = 128, 160
POINTS, STRIDES = decode.cell_centers(HEIGHT, WIDTH)


def frame(*boxes: tuple[float, ...], ignored: tuple[tuple[float, ...], ...] = (), known: bool = True) -> TrainingFrame:
    made = np.array(boxes, np.float32).reshape(-1, 4)
    points = np.stack([made[:, :2] + made[:, 2:] * share for share in (0.3, 0.4, 0.5, 0.6, 0.7)], axis=1)
    return TrainingFrame(
        np.zeros((HEIGHT, WIDTH), np.uint8), made, points if known else points * np.nan,
        np.array(ignored, np.float32).reshape(-1, 4),
    )  # fmt: skip


def exact_output(target: np.ndarray, logit: float = 12.0) -> np.ndarray:
    """The exact output for a target, float32 [cells, 15]."""
    output = np.zeros((len(target), 15), np.float32)
    output[:, 0] = np.where(target[:, 0] > 0, logit, -logit)
    is_face = target[:, 0] > 0
    box, stride = target[is_face, BOX], STRIDES[is_face, None]
    output[is_face, 1:3] = (box[:, :2] + box[:, 2:] / 2 - POINTS[is_face]) / stride
    output[is_face, 3:5] = np.log(box[:, 2:] / stride)
    output[is_face, 5:] = (target[is_face, LANDMARKS] - np.tile(POINTS[is_face], (1, 5))) / stride
    return output


def loss(target: np.ndarray, output: np.ndarray) -> float:
    return float(DetectionLoss(POINTS, STRIDES)(target[None], output[None]))


@pytest.mark.parametrize(("side", "strides"), [(24, {8}), (50, {8, 16}), (80, {16}), (110, {16, 32})])
def test_the_maps_for_the_size_of_a_face_are_responsible(side: float, strides: set[int]) -> None:
    made = targets(frame((40, 10, side, side)))
    assert set(STRIDES[made[:, 0] == 1]) == strides
    centre = 40 + side / 2, 10 + side / 2
    assert np.abs(POINTS[made[:, 0] == 1] - centre).max() <= 1.5 * 32
    np.testing.assert_array_equal(made[made[:, 0] == 1][:, BOX], [[40, 10, side, side]] * int(made[:, 0].sum()))


def test_the_smallest_face_has_a_responsible_cell() -> None:
    for corner in range(16):
        assert targets(frame((40 + corner, 30 + corner, 16, 16)))[:, 0].sum() >= 1


def test_the_smaller_of_two_overlapping_faces_has_cells_of_its_own() -> None:
    made = targets(frame((20, 20, 60, 60), (40, 40, 20, 20)))
    assert {tuple(row) for row in made[made[:, 0] == 1][:, BOX]} == {(20, 20, 60, 60), (40, 40, 20, 20)}


def test_ignored_regions_have_no_loss() -> None:
    made = targets(frame(ignored=((0, 0, 40, 40),)))
    inside = (POINTS <= 40).all(axis=1)
    np.testing.assert_array_equal(made[:, 1], inside)
    output = np.zeros((len(made), 15), np.float32)
    output[:, 0] = np.where(inside, 10.0, -12.0)
    assert loss(made, output) < 1e-3
    output[~inside, 0] = 10.0
    assert loss(made, output) > 100


def test_the_loss_is_zero_for_the_exact_output_and_grows_with_each_error() -> None:
    made = targets(frame((40, 30, 24, 30), (90, 20, 80, 90)))
    exact = exact_output(made)
    assert loss(made, exact) < 0.01
    for part in (slice(0, 1), slice(1, 3), slice(3, 5), slice(5, 15)):
        wrong = exact.copy()
        wrong[made[:, 0] == 1, part] -= 0.7 if part.start else 14
        assert loss(made, wrong) > loss(made, exact) + 0.05, part


def test_the_target_score_is_the_iou_of_the_predicted_box() -> None:
    made = targets(frame((40, 30, 24, 24)))
    shifted = exact_output(made)
    face = made[:, 0] == 1
    shifted[face, 1] += 12 / STRIDES[face]  # by half of its width: overlap 1/3
    costs = {}
    for score in (0.1, 1 / 3, 0.6, 0.9):
        shifted[face, 0] = np.log(score / (1 - score))
        costs[score] = loss(made, shifted)
    assert min(costs, key=costs.__getitem__) == 1 / 3


def test_unknown_landmarks_have_no_loss() -> None:
    made = targets(frame((40, 30, 24, 30), known=False))
    assert not made[:, HAS_LANDMARKS].any()
    assert made[:, FACE].any()
    output = exact_output(made)
    output[:, 5:] = 3.0
    assert loss(made, output) < 0.01
    assert np.isfinite(made).all()


def test_the_other_map_ignores_a_face_between_two_maps() -> None:
    made = targets(frame((40, 30, 34, 34)))  # the map of stride 16 begins at 40
    near = (made[:, 1] == 1) & (STRIDES == 16)
    assert near.any()
    assert not made[near, IGNORED.start - 1].any()
    assert not made[STRIDES == 32, 1].any()


def test_the_network_has_a_map_of_each_head_for_each_stride_at_any_size() -> None:
    net = network.build(stem=4, widths=(4, 8, 8, 8), blocks=(0, 1, 1, 1))
    for height, width in ((96, 160), (144, 80)):
        made = net(np.zeros((1, height, width, 1), np.float32))
        shapes = {name: tuple(each.shape) for name, each in made.items()}
        assert shapes == {
            f"{head}{stride}": (1, -(-height // stride), -(-width // stride), size)
            for head, size in network.OUTPUTS.items()
            for stride in decode.STRIDES
        }
        assert float(keras.ops.max(keras.ops.sigmoid(made["score8"]))) < 0.1


def test_an_odd_picture_size_does_not_shift_cells() -> None:
    """The same picture, once with 16 more rows of grey below: the maps above agree (stride 32 meets 5 and 6 rows)."""
    net = network.build(stem=4, widths=(4, 8, 8, 8), blocks=(0, 0, 0, 0))
    picture = np.random.default_rng(1).normal(size=(1, 96, 96, 1)).astype(np.float32)
    picture[:, 48:] = 0
    for name, made in net(picture[:, :80]).items():
        other = net(picture)[name]
        rows = made.shape[1] - 2
        np.testing.assert_allclose(made[:, :rows], other[:, :rows], atol=1e-5, err_msg=name)
