"""Composition of training frames: annotations match the pictures, sampling weights, printed faces, occlusions."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.random import Generator

from assistant.records import Box, Face
from convert.data.boxes import iou, is_held_out
from convert.face_detector.compose import MIN_FACE_PX, Composer, TrainingFrame
from convert.face_detector.pictures import load_crops
from convert.face_detector.recipe import FrameMixture
from convert.synthesis import accessories, printed_faces
from convert.synthesis.lighting import vary_lighting
from tests.support.drawn_pictures import with_face, without_face

ONLY_SCENES = FrameMixture(mosaic=0, cutout=0, heads=0, empty=0, occluded=0)


@pytest.fixture
def unchanged_lighting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convert.face_detector.compose.vary_lighting", lambda random, grey, *limits: grey)


@pytest.mark.usefixtures("unchanged_lighting")
@pytest.mark.parametrize(
    "mixture", [ONLY_SCENES, FrameMixture(1, 0, 0, 0, occluded=0), FrameMixture(0, 1, 0, 0, occluded=0)]
)
def test_boxes_and_landmarks_are_on_the_face(mixture: FrameMixture) -> None:
    composer, seen = Composer([with_face(), without_face()], mixture, {}), 0
    for seed in range(60):
        frame = composer.frame(np.random.default_rng(seed), 160, 128)
        for (x, y, width, height), points in zip(frame.boxes, frame.landmarks, strict=True):
            inside = frame.grey[round(y) : round(y + height), round(x) : round(x + width)]
            if width * height > 1600 and points.min() >= 0 and points[:, 0].max() < 159 and points[:, 1].max() < 127:
                seen += 1
                assert (inside > 200).mean() > 0.5  # a rotated rectangle fills two thirds of its ellipse's box
                eye_x, eye_y = points[0].round().astype(int)
                assert frame.grey[max(0, eye_y - 2) : eye_y + 3, max(0, eye_x - 2) : eye_x + 3].min() < 100
                assert np.abs(points[2] - points[[0, 1, 3, 4]].mean(axis=0)).max() < 0.2 * height
    assert seen > 20


@pytest.mark.usefixtures("unchanged_lighting")
def test_a_mirrored_face_keeps_its_right_eye_on_the_pictures_left() -> None:
    composer = Composer([with_face(), without_face()], ONLY_SCENES, {})
    for seed in range(40):
        for points in composer.frame(np.random.default_rng(seed), 160, 128).landmarks:
            across, down = points[1] - points[0], (points[3] + points[4] - points[0] - points[1]) / 2
            assert across[0] * down[1] - across[1] * down[0] > 0  # eyes run to the right, seen with the mouth below


def test_the_same_seed_gives_the_same_frame_and_another_seed_does_not() -> None:
    composer = Composer([with_face(), without_face()], FrameMixture(), {})
    first, again, other = (composer.frame(np.random.default_rng(seed), 96, 64) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.grey, again.grey)
    np.testing.assert_array_equal(first.boxes, again.boxes)
    assert (first.grey != other.grey).any()


def test_all_boxes_are_inside_the_frame() -> None:
    composer = Composer([with_face(), without_face(), without_face("bb_2", 200)], FrameMixture(), {})
    for seed in range(100):
        frame = composer.frame(np.random.default_rng(seed), 160, 96)
        assert frame.grey.shape == (96, 160)
        assert frame.grey.dtype == np.uint8
        for boxes in (frame.boxes, frame.ignored):
            assert (boxes[:, :2] >= 0).all()
            assert (boxes[:, :2] + boxes[:, 2:] <= np.array([160.001, 96.001])).all()
        assert (frame.boxes[:, 2:] >= MIN_FACE_PX).all()
        assert len(frame.boxes) == len(frame.landmarks)


def test_origins_are_sampled_by_their_weights() -> None:
    pictures = [with_face("aa_1"), with_face("aa_2"), with_face("cc_1"), without_face()]
    composer = Composer(pictures, ONLY_SCENES, {"aa": 1.0, "cc": 3.0})
    assert dict(zip(("aa_1", "aa_2", "cc_1"), composer.subject_probabilities, strict=True)) == pytest.approx(
        {"aa_1": 0.125, "aa_2": 0.125, "cc_1": 0.75}
    )


def test_hard_negatives_are_sampled_more_often() -> None:
    composer = Composer(
        [with_face(), without_face("bb_1"), without_face("bb_2")], ONLY_SCENES, {}, {"bb_1": 0.0, "bb_2": 0.95}
    )
    assert composer.background_probabilities == pytest.approx([0.05 / 1.05, 1 / 1.05])


@pytest.mark.usefixtures("unchanged_lighting")
def test_a_frame_without_faces_has_no_boxes() -> None:
    frame = Composer([with_face(), without_face()], FrameMixture(0, 0, 0, 1, occluded=0), {}).frame(
        np.random.default_rng(1), 96, 64
    )
    assert len(frame.boxes) == len(frame.ignored) == 0
    assert len(np.unique(frame.grey)) == 1


def test_lighting_keeps_the_grey_range_and_changes_the_mean() -> None:
    grey = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    means = [vary_lighting(np.random.default_rng(seed), grey, 3.0, 16.0).mean() for seed in range(80)]
    assert min(means) < 70
    assert max(means) > 185


def test_truncated_and_small_faces_become_ignored_regions() -> None:
    from convert.face_detector.compose import _clip_to_frame

    boxes = np.array([[-30, 10, 40, 40], [-10, 10, 40, 40], [10, 10, 14, 40], [500, 10, 40, 40]], np.float32)
    frame = _clip_to_frame(
        TrainingFrame(np.zeros((100, 100), np.uint8), boxes, np.zeros((4, 5, 2), np.float32), boxes[:0])
    )
    np.testing.assert_array_equal(frame.boxes, [[0, 10, 30, 40]])
    np.testing.assert_array_equal(frame.ignored, [[0, 10, 10, 40], [10, 10, 14, 40]])


def test_iou_by_hand_calculation() -> None:
    boxes = np.array([[0, 0, 10, 10], [5, 0, 10, 10], [20, 20, 5, 5]], np.float32)
    assert iou(boxes[0], boxes) == pytest.approx([1, 1 / 3, 0])


def test_pictures_of_one_person_are_on_one_side_of_the_split() -> None:
    sides = {is_held_out(f"yt_First_Last_{number}.jpg") for number in range(20)}
    assert len(sides) == 1
    share = np.mean([is_held_out(f"fm_{number}.jpg") for number in range(2000)])
    assert 0.08 < share < 0.12


def test_a_printed_face_has_ink_inside_its_canvas() -> None:
    photograph = np.tile(np.linspace(0, 255, 60, dtype=np.uint8), (60, 1))
    for seed in range(40):
        random = np.random.default_rng(seed)
        known = with_face().landmarks[0] / 2
        prints = (
            printed_faces.draw_print(random),
            printed_faces.posterize_face(random, photograph),
            printed_faces.posterize_face(random, photograph, known),
        )
        for grey, mask in prints:
            assert grey.shape == mask.shape == (printed_faces.CANVAS_SIDE, printed_faces.CANVAS_SIDE)
            assert grey.dtype == mask.dtype == np.uint8
            assert 0.02 < (mask > 0).mean() < 0.9
            assert not mask[0, 0]


def test_a_printed_face_is_pasted_at_the_given_position() -> None:
    wall = np.full((120, 160), 100, np.uint8)
    printed_faces.paste_print(
        np.random.default_rng(1), wall, printed_faces.draw_print(np.random.default_rng(2)), (80, 60), 40
    )
    changed = np.argwhere(wall != 100)
    assert len(changed) > 50
    assert (np.abs(changed - (60, 80)).max(axis=0) <= 40).all()


@pytest.mark.usefixtures("unchanged_lighting")
def test_printed_faces_do_not_overlap_faces() -> None:
    with_prints = FrameMixture(mosaic=0, cutout=0, heads=0, empty=0, occluded=0, glasses=0, beards=0, printed_faces=1)
    without = FrameMixture(mosaic=0, cutout=0, heads=0, empty=0, occluded=0, glasses=0, beards=0, printed_faces=0)
    pictures, changed = [with_face(), without_face()], 0
    for seed in range(30):
        plain = Composer(pictures, without, {}).frame(np.random.default_rng(seed), 160, 128)
        printed = Composer(pictures, with_prints, {}).frame(np.random.default_rng(seed), 160, 128)
        np.testing.assert_array_equal(plain.boxes, printed.boxes)
        changed += int((plain.grey != printed.grey).any())
        for x, y, width, height in plain.boxes:
            part = slice(round(y) + 1, round(y + height) - 1), slice(round(x) + 1, round(x + width) - 1)
            np.testing.assert_array_equal(plain.grey[part], printed.grey[part])
    assert changed > 15


@pytest.mark.parametrize("draw", [accessories.draw_glasses, accessories.draw_beard])
def test_accessories_lie_on_the_face(draw: Callable[[Generator, np.ndarray, np.ndarray], None]) -> None:
    points = with_face().landmarks[0] * 2
    for seed in range(20):
        grey = np.full((240, 240), 180, np.uint8)
        draw(np.random.default_rng(seed), grey, points)
        rows, columns = np.nonzero(grey != 180)
        assert len(rows) > 20
        assert points[:, 0].min() - 60 < columns.min()
        assert columns.max() < points[:, 0].max() + 60
        if draw is accessories.draw_beard:
            assert rows.mean() > points[2, 1]  # below the nose
        else:
            assert abs(rows.mean() - points[0, 1]) < 8  # at the eyes


def test_crops_are_kept_where_the_teacher_finds_one_face() -> None:
    points = tuple((60.0 + 10 * index, 70.0) for index in range(5))
    one, two = [Face(Box(64, 64, 100, 120), 0.9, points)], [Face(Box(0, 0, 50, 50), 0.9, points)] * 2
    answers = iter([one, [], two, [Face(Box(64, 64, 100, 120), 0.5, points)], one])
    images = np.arange(5 * 48 * 48, dtype=np.uint8).reshape(5, 48, 48)
    made = load_crops(images, lambda image: next(answers), 9)
    assert [picture.name for picture in made] == ["crop_0", "crop_4"]
    assert made[0].boxes[0] == pytest.approx([0, -0.05 * 30, 25, 30 * 1.05])
    assert made[0].landmarks[0, 0] == pytest.approx([-1, 1.5])
    np.testing.assert_array_equal(made[1].grey, images[4])
