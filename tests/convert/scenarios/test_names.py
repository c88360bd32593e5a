"""Names of friends in scenes: which are correct, who was named, and what a stranger was called."""

from collections.abc import Sequence
from dataclasses import replace

from assistant.sentences import Sentence
from convert.scenarios.score import names
from convert.scenarios.score.transcript import SceneTranscript, TranscriptLine
from convert.scenarios.script import generate
from convert.scenarios.script.friends import KIND, KNOWN
from convert.scenarios.script.ground_truth import BoxKeyframe, GroundTruth
from tests.support.scene_timelines import LEFT, RIGHT, asset_index, box_of, person

ANNA = person("anna", LEFT, (1.0, 8.0, "neutral"))
STRANGER = person("carl", RIGHT, (1.0, 8.0, "neutral"))


def said(friend: str, at: float, face: BoxKeyframe = LEFT, *, is_maybe: bool = False) -> TranscriptLine:
    """That somebody is that friend, said as soon as it was noticed."""
    return TranscriptLine(at, at, Sentence.NAMED, "", f"{friend}.", box_of(face), 1, friend=friend, is_maybe=is_maybe)


def scene(lines: Sequence[TranscriptLine], kind: str = KIND) -> SceneTranscript:
    return SceneTranscript(GroundTruth("friends-01", kind, 10.0, (ANNA, STRANGER)), lines, (), friends=("anna", "ben"))


def test_a_name_of_the_right_person_is_correct_and_has_its_delay() -> None:
    found = names.figures([scene([said("anna", 2.5)])])
    assert (found["precision"], found["recall"], found["delay_p50_s"]) == (1.0, 1.0, 1.5)
    assert (found["friends"], found["strangers"], found["strangers_named"]) == (1, 1, 0)


def test_a_stranger_who_is_named_is_wrong() -> None:
    found = names.figures([scene([said("anna", 2.5, RIGHT)])])
    assert (found["precision"], found["recall"], found["strangers_named"]) == (0.0, 0.0, 1)


def test_a_friend_with_another_friends_name_is_wrong_and_not_named() -> None:
    found = names.figures([scene([said("ben", 2.5)])])
    assert (found["precision"], found["recall"], found["strangers_named"]) == (0.0, 0.0, 0)


def test_maybe_counts_apart() -> None:
    found = names.figures([scene([said("anna", 2.5, is_maybe=True), said("anna", 3.0, RIGHT, is_maybe=True)])])
    assert (found["names"], found["maybe"], found["maybe_correct"], found["strangers_named"]) == (0, 2, 1, 0)
    assert found["precision"] is None


def test_other_scenes_have_no_names() -> None:
    assert names.figures([scene([said("anna", 2.5)], kind="change")])["friends"] == 0


def test_in_each_scene_ten_people_are_known_and_strangers_are_not() -> None:
    made = [each for each in generate.generate(asset_index(20), 1) if each.kind == KIND]
    assert all(len(set(each.friends)) == KNOWN for each in made)
    visits = [actor.name in each.friends for each in made for actor in each.actors]
    assert 0.3 < sum(visits) / len(visits) < 0.7


def test_the_scenes_of_before_are_the_same_with_and_without_friends() -> None:
    assets = asset_index()
    without = generate.generate(replace(assets, portraits=()), 1)
    assert [each for each in generate.generate(assets, 1) if each.kind != KIND] == list(without)
