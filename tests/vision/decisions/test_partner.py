"""The conversation partner: near, facing the wearer, and not exchanged at every glance."""

import dataclasses

from assistant.records import Box, Face, Track
from assistant.vision.decisions.partner import MAX_ABSENCE_S, MIN_PRESENCE_S, SWITCH_DWELL_S, Partner
from tests.support.scripted_pipeline import with_landmarks


def box(x: float, size: float = 80, y: float = 200) -> Box:
    return Box(x - size / 2, y - size / 2, size, size)


def people(*faces: Face) -> list[Track]:
    return [Track(number, each) for number, each in enumerate(faces, 1)]


def watch(partner: Partner, seconds: float, faces: list[Track], start: float = 0.0) -> float:
    for frame in range(int(seconds * 10)):
        partner.update(faces, start + frame / 10, 640)
    return start + seconds


def near(x: float = 320, size: float = 96, turn: float = 0.0) -> Face:
    made = with_landmarks(turn)
    return dataclasses.replace(made, box=box(x, size))


def test_a_face_with_a_low_score_is_no_partner_beside_a_better_one() -> None:
    partner = Partner()
    thing = dataclasses.replace(near(480, 260), score=0.5)
    person = dataclasses.replace(near(200, 130), score=0.75)
    at = watch(partner, 3, people(thing))
    assert partner.track_id == 1  # the only candidate
    at = watch(partner, 4, people(thing, person), at)
    assert partner.track_id == 2
    watch(partner, 5, people(thing, person), at)
    assert partner.track_id == 2


def test_a_passer_by_never_becomes_the_partner() -> None:
    partner = Partner()
    at = watch(partner, MIN_PRESENCE_S - 0.1, people(near(size=200)))
    assert partner.track_id is None
    watch(partner, 5, [], at)
    assert partner.track_id is None
    at = watch(partner, 3, people(near()), 20)
    assert partner.track_id == 1
    watch(partner, MIN_PRESENCE_S - 0.1, [*people(near()), Track(9, near(size=200))], at)
    assert partner.track_id == 1


def test_the_partner_is_the_nearest_person_who_faces_the_wearer() -> None:
    for faces, expected in (
        ((near(200, 90), near(440, 140)), 2),
        ((near(320, 100), near(600, 120)), 1),
        ((near(320, 100, turn=0.4), near(200, 90)), 2),
    ):
        partner = Partner()
        watch(partner, 6, people(*faces))
        assert partner.track_id == expected


def test_the_partner_stays_for_a_glance_aside_and_a_moment_unseen_and_not_after_leaving() -> None:
    partner = Partner()
    both, aside = people(near(280, 100), near(400, 90)), people(near(280, 100, turn=0.4), near(400, 90))
    at = watch(partner, 4, both)
    assert partner.track_id == 1
    at = watch(partner, 1.5, aside, at)
    assert partner.track_id == 1
    at = watch(partner, MAX_ABSENCE_S - 0.2, both[1:], at)
    assert partner.track_id == 1
    watch(partner, 1, both[1:], at)
    assert partner.track_id == 2


def test_a_much_stronger_rival_becomes_the_partner_after_the_dwell_time() -> None:
    partner = Partner()
    at = watch(partner, 4, people(near(280, 100), near(400, 90)))
    closer = people(near(280, 100), near(400, 200))
    at = watch(partner, SWITCH_DWELL_S - 0.2, closer, at)
    assert partner.track_id == 1
    watch(partner, 0.6, closer, at)
    assert partner.track_id == 2


def test_how_sure_a_face_is_does_not_depend_on_the_rate() -> None:
    scores = []
    for fps in (5, 10, 15):
        partner = Partner()
        for frame in range(2 * fps + 1):
            score = 0.5 if frame == 0 else 0.8
            partner.update(people(dataclasses.replace(near(), score=score)), frame / fps, 640)
        scores.append(partner._present[1].score)
    assert scores == [scores[0]] * 3 or max(scores) - min(scores) < 1e-9
