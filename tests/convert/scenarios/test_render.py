"""Rendering of scenes, their pictures, and scenes run through the whole assistant."""

import dataclasses
import functools
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.config.settings import Settings
from convert.data import fer2013, muxspace
from convert.data.fer2013_labels import DatasetError
from convert.scenarios import rerun, run, tune
from convert.scenarios.render import assets, morph, motion_tracks, sprite
from convert.scenarios.render.assets import Assets, Still
from convert.scenarios.render.camera import SceneCamera
from convert.scenarios.score import announcements, report
from convert.scenarios.script import generate
from convert.scenarios.script.motion import HeadPose, MotionTrack
from convert.scenarios.script.scene import HEIGHT, WIDTH, Actor, Appearance, CameraEffects, PositionKeyframe, Scene


@pytest.fixture(scope="module", autouse=True)
def read_once() -> Iterator[None]:
    """The data sets are read once for all tests here: tens of thousands of files."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (fer2013, assets):
            patch.setattr(module, "load", functools.cache(module.load))
        yield


def still(name: str, level: int) -> Still:
    grey = np.full((96, 96), level, np.uint8)
    grey[30:40, 20:76] = level // 2
    return Still(name, "p", "neutral", grey, sprite.LANDMARKS / 2 - (42, 40))


def drawn_assets() -> Assets:
    room = np.tile(np.arange(160, dtype=np.uint8), (120, 1))
    return Assets({"one": still("one", 120), "two": still("two", 180)}, {"hall": room})


def scene(**changes: object) -> Scene:
    path = (PositionKeyframe(0, 320, 200, 120), PositionKeyframe(9, 320, 200, 120))
    actor = Actor(
        "a", path, (Appearance(0, "one", "neutral"), Appearance(1, "two", "happy")), ((1.5, 0.0), (1.9, 50.0))
    )
    made = Scene("s", "change", 10, 2, 7, "hall", (actor,), CameraEffects(shake_px=5, flicker=0.1, motion_blur_px=3))
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def frames(made: Scene) -> NDArray[np.uint8]:
    camera, read = SceneCamera(made, drawn_assets()), []
    while (frame := camera.read()) is not None:
        read.append(frame)
    assert [frame.at for frame in read] == pytest.approx([index / made.fps for index in range(made.frames)])
    return np.stack([frame.image for frame in read])


def test_rendering_is_deterministic() -> None:
    first = frames(scene())
    assert first.shape == (20, HEIGHT, WIDTH, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, frames(scene()))
    assert not np.array_equal(first, frames(scene(seed=8)))


def test_gain_makes_a_scene_darker_and_brighter() -> None:
    usual, dark, bright = (frames(scene(effects=CameraEffects(gain=gain, noise=0))).mean() for gain in (1.0, 0.1, 3.0))
    assert dark == pytest.approx(0.1 * usual, rel=0.1)
    assert bright > 1.5 * usual


def test_a_face_is_at_the_position_in_the_ground_truth() -> None:
    with_face, without = (
        frames(scene(effects=CameraEffects(noise=0))),
        frames(scene(effects=CameraEffects(noise=0), actors=())),
    )
    changed = np.abs(with_face[0].astype(int) - without[0]).max(axis=2) > 20
    rows, columns = np.nonzero(changed[:260])
    assert abs((columns.min() + columns.max()) / 2 - 320) < 12
    assert 120 < np.ptp(columns) < 200
    assert rows.min() > 80


def test_turning_a_head_moves_the_face_and_opening_the_mouth_moves_the_chin() -> None:
    head = np.zeros((sprite.CANVAS_HEIGHT, sprite.CANVAS_WIDTH, 2), np.float32)
    head[..., 1] = 1
    head[160:190, 170:190, 0] = 100
    middle = np.average(np.arange(sprite.CANVAS_WIDTH), weights=sprite.turn_head(head, 40)[..., 0].sum(axis=0))
    assert 215 < middle < 250
    lips = np.zeros_like(head)
    row = round(float(sprite.LANDMARKS[3:, 1].mean())) + 12
    lips[row, 180, :] = 100
    lowered = np.average(np.arange(sprite.CANVAS_HEIGHT), weights=sprite.open_mouth(lips, 9.0)[..., 1].sum(axis=1))
    assert lowered == pytest.approx(row + 9, abs=1.5)


def test_a_face_moves_from_one_still_to_the_other_by_its_landmarks() -> None:
    """The corner of a mouth is half way between, and not at both ends as in a cross-fade."""
    before, after = (np.zeros((sprite.CANVAS_HEIGHT, sprite.CANVAS_WIDTH, 2), np.float32) for _ in range(2))
    start, end = sprite.LANDMARKS.copy(), sprite.LANDMARKS.copy()
    end[4] += (14.0, -10.0)
    for face, (x, y) in ((before, start[4]), (after, end[4])):
        face[round(y) - 2 : round(y) + 3, round(x) - 2 : round(x) + 3] = 100
    half = morph.morph(before, after, start, end, 0.5)[..., 0]
    row, column = np.unravel_index(int(half.argmax()), half.shape)
    assert (column, row) == pytest.approx(tuple((start[4] + end[4]) / 2), abs=3)
    assert half[round(start[4, 1]), round(start[4, 0])] < 30
    assert np.array_equal(morph.morph(before, after, start, end, 0.0), before)


def test_a_hand_is_drawn_only_while_it_is_there_and_laughter_moves_the_mouth() -> None:
    (actor,) = scene().actors
    still = dataclasses.replace(actor, appearances=actor.appearances[:1], yaw_keyframes=((0.0, 0.0),))
    changes = {"occlusion": "hand", "occlusion_strength": 2, "occluded": ((0.5, 1.0),), "laughter": ((1.5, 2.0),)}
    acted = frames(scene(actors=(dataclasses.replace(still, **changes),)))  # type: ignore[arg-type]
    plain = frames(scene(actors=(still,)))
    assert [bool((acted[index] != plain[index]).any()) for index in (2, 7, 12, 16)] == [False, True, False, True]


def test_a_small_scene_is_the_same_at_half_the_size() -> None:
    whole, small = (
        frames(scene(effects=CameraEffects(noise=0))),
        frames(scene(effects=CameraEffects(noise=0), shrink=2)),
    )
    assert small.shape == (20, HEIGHT // 2, WIDTH // 2, 3)
    halved = cv2.resize(whole[3], (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA)
    assert np.abs(halved.astype(int) - small[3]).mean() < 3


def test_a_head_that_moves_as_in_a_clip_is_drawn_the_same_in_its_part_of_the_picture() -> None:
    """Such a head is turned, and its mouth opened, in a part of the canvas only."""
    (actor,) = scene().actors
    moving = dataclasses.replace(actor, head=MotionTrack("clip-0", 10.0, (HeadPose(), HeadPose())), morphs=True)
    morphing, stills = dataclasses.replace(actor, morphs=True), drawn_assets().stills
    texture = np.zeros((48, 64), np.uint8)
    sprites = [sprite.ActorSprite(each, stills, np.random.default_rng(1), texture) for each in (morphing, moving)]
    for at in (0.5, 1.0, 1.7, 3.0):
        for one, other in zip(sprites[0].picture(at), sprites[1].picture(at), strict=True):
            assert np.abs(one - other).max() < 0.5


def test_the_mouth_of_a_talking_person_moves_as_in_a_clip() -> None:
    (actor,) = scene().actors
    still = dataclasses.replace(actor, appearances=actor.appearances[:1], yaw_keyframes=((0.0, 0.0),))
    track = MotionTrack("clip-0", 10.0, (HeadPose(),) * 9, (0.0,) * 4 + (1.0,) * 5)
    spoken = frames(scene(actors=(dataclasses.replace(still, mouth=track, speech=((0.0, 0.8),)),)))
    plain = frames(scene(actors=(still,)))
    assert [bool((spoken[index] != plain[index]).any()) for index in (2, 6, 10)] == [False, True, False]


def test_the_motion_of_each_half_is_that_of_other_people() -> None:
    halves = [motion_tracks.load(half) for half in muxspace.HALVES]
    assert not {track.name for track in halves[0]} & {track.name for track in halves[1]}
    for tracks in halves:
        assert any(track.mouth for track in tracks)
        assert all(len(track.head) / track.rate_hz >= motion_tracks.MIN_SECONDS for track in tracks)


@pytest.mark.videos
def test_motion_is_measured_in_the_clips_as_it_is_kept(clips: Path) -> None:
    known, measured = (
        json.loads(text) for text in (motion_tracks.MOTION_LIST.read_text(), motion_tracks.measure(clips))
    )
    assert [row["name"] for row in known] == [row["name"] for row in measured]
    for one, other in zip(known, measured, strict=True):
        assert np.abs(np.array(one["head"]) - np.array(other["head"])).max() < 0.5
        assert np.abs(np.array(one["mouth"]) - np.array(other["mouth"])).mean() < 0.05 if one["mouth"] else True


def test_a_folder_without_the_clips_is_a_dataset_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="this clip cannot be read"):
        motion_tracks.measure(tmp_path)


@pytest.mark.data
def test_the_halves_share_no_person_room_or_picture(data: Path) -> None:
    halves = {half: assets.load(data, half) for half in muxspace.HALVES}
    people = [{each.person for each in made.stills.values()} for made in halves.values()]
    assert not people[0] & people[1]
    assert not set(halves["tuning"].rooms) & set(halves["report"].rooms)
    known = fer2013.load(data)
    for half, made in halves.items():
        others = known.where(known.split != fer2013.SPLITS.index(assets.FER2013_SPLITS[half]))
        far = np.stack([made.stills[name].grey for name in sorted(made.far)])
        assert not fer2013.is_twin(far, others.images).any()
        assert len(made.rooms) >= 10
        near = [each.expression for name, each in made.stills.items() if name not in made.far]
        counts = {word: near.count(word) for word in ("happy", "neutral", "surprise", "sad", "angry")}
        assert all(counts[word] >= least for word, least in (("happy", 60), ("neutral", 60), ("surprise", 20))), counts
    assert assets.missing(data) == []


@pytest.mark.data
def test_scenes_run_through_the_assistant_and_a_rerun_gives_the_same_announcements(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = assets.load(data, "tuning")
    scenes = [each for each in generate.generate(loaded.index()) if each.kind == "change"]
    happy = [each for each in scenes if each.actors[0].appearances[1].expression == "happy"]
    chosen = [dataclasses.replace(each, fps=10.0) for each in happy[:3]]
    settings = Settings()
    outcomes = run.run([run.Task(each, settings, data, "tuning") for each in chosen], workers=1)
    verdicts = [verdict for each in outcomes for verdict in announcements.verdicts(each.truth, each.lines)]
    assert sum(verdict.kind == announcements.CORRECT for verdict in verdicts) >= 3
    for outcome in outcomes:
        assert rerun.rerun(outcome, settings) == outcome.lines
        assert len(outcome.records) == outcome.frames == 160
        gap = [run.FrameRecord(each.at, (), ()) if 6 <= each.at < 7.8 else each for each in outcome.records]
        for dwell_s in (1.5, 2.5):  # before and after the end of the gap: the person has another track_id, or the same
            patient = dataclasses.replace(settings, decisions=dataclasses.replace(settings.decisions, dwell_s=dwell_s))
            assert rerun.rerun(dataclasses.replace(outcome, records=gap), patient)
    transcripts = rerun.transcripts(outcomes, settings)
    text = report.as_text(report.build_report(transcripts, sum(outcome.frames for outcome in outcomes), settings))
    assert "3 scenes, 0.8 minutes, 480 frames" in text
    monkeypatch.setattr(tune, "SEARCH_GRID", {"enter_threshold": (0.5, 0.7)})
    best = tune.search(outcomes[:1], settings, rounds=1)
    assert best["value"] >= best["value_before"]
    assert "[decisions]" in tune.as_text(best)
