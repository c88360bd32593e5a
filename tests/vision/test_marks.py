"""What is drawn of a frame: who is in view, with what is told of them."""

import dataclasses

from assistant.people import KnownName, PersonView
from assistant.phrases import load
from assistant.records import CANNOT_TELL, NOBODY, Box, Face, Reading, Track
from assistant.vision.marks import marked_faces
from assistant.vision.queries.snapshot import SceneSnapshot
from assistant.vision.step import Step

ENGLISH = load("en")
LABELS = ("happy", "sad")
NEAR, FAR = Box(10, 20, 80, 90), Box(300, 40, 30, 30)
STEP = Step(
    (Track(1, Face(NEAR, 0.9)), Track(2, Face(FAR, 0.9))),
    (Reading(1, 5.0, (0.8, 0.2)), Reading(2, 5.0, None, "far")),
)
HAPPY = PersonView(1, NEAR, "happy", "happy", 0.8)
UNREAD = PersonView(2, FAR, CANNOT_TELL, reason="far", is_partner=True)
SNAPSHOT = SceneSnapshot(5.0, (HAPPY, UNREAD))


def test_each_face_has_what_is_told_and_the_probabilities_of_this_frame() -> None:
    first, second = marked_faces(STEP, SNAPSHOT, LABELS, ENGLISH)
    assert (first.box, first.text, first.told, first.is_partner) == (NEAR, "looks happy", "happy", False)
    assert first.bars == (("happy", 0.8), ("sad", 0.2))
    assert (second.box, second.text, second.told, second.bars) == (FAR, "too far away", "", ())


def test_one_face_is_the_partners_else_the_nearest() -> None:
    assert [each.box for each in marked_faces(STEP, SNAPSHOT, LABELS, ENGLISH, "one")] == [FAR]
    nobody = dataclasses.replace(SNAPSHOT, people=(HAPPY,))
    assert [each.box for each in marked_faces(STEP, nobody, LABELS, ENGLISH, "one")] == [NEAR]


def test_a_face_of_which_nothing_is_told_yet_has_a_box_without_a_word() -> None:
    people = (dataclasses.replace(HAPPY, state=NOBODY, reason="unclear"),)
    assert [each.text for each in marked_faces(STEP, SceneSnapshot(5.0, people), LABELS, ENGLISH)] == ["", ""]
    assert [each.text for each in marked_faces(STEP, None, LABELS, ENGLISH)] == ["", ""]


def test_who_only_the_slower_search_found_is_drawn_but_nobody_of_an_earlier_frame() -> None:
    found = SceneSnapshot(5.0, (PersonView(-1, FAR, CANNOT_TELL, reason="far"),))
    assert [each.box for each in marked_faces(Step(), found, LABELS, ENGLISH)] == [FAR]
    assert marked_faces(Step(), dataclasses.replace(found, seen_at=4.5), LABELS, ENGLISH) == []


def test_a_friend_has_their_name_and_a_rejected_expression_no_word() -> None:
    anna = dataclasses.replace(HAPPY, known=KnownName("Anna"))
    assert marked_faces(STEP, SceneSnapshot(5.0, (anna,)), LABELS, ENGLISH)[0].text == "Anna, looks happy"
    rejected = dataclasses.replace(HAPPY, state=CANNOT_TELL, expression="", reason="rejected")
    assert marked_faces(STEP, SceneSnapshot(5.0, (rejected,)), LABELS, ENGLISH)[0].text == ""
