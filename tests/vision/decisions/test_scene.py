"""Announcements when several people come and go, after an expression was rejected, and when none was heard."""

import dataclasses
from collections.abc import Collection

import pytest

from assistant.config.settings import AnnouncementSettings
from assistant.records import CANNOT_TELL, NOBODY, Change, Track
from assistant.vision.decisions.announcement_log import FATE_TIMEOUT_S, REJECTABLE_S, REJECTED_S, Announcement, Answered
from assistant.vision.decisions.empty_view import RETRY_S
from assistant.vision.decisions.reasons import REASON_REPEAT_S
from assistant.vision.decisions.scene import (
    ARRIVAL_DWELL_S,
    EXPRESSIVE_ARRIVAL_DWELL_S,
    Scene,
)
from tests.support.standins import face

WIDTH = 640


class Stage:
    """A scene in which time passes in tenths of seconds. people: x of the middle of each face, by track_id; scores:
    detector scores by track_id, else 0.9."""

    def __init__(self, verbosity: str = "normal", size: float = 80) -> None:
        self.scene, self.at, self.size = Scene(AnnouncementSettings(verbosity=verbosity)), 0.0, size
        self.people: dict[int, float] = {}
        self.scores: dict[int, float] = {}
        self.made: list[Announcement] = []
        self.deferred: tuple[Announcement, ...] = ()
        self.withdrawn: tuple[int, ...] = ()

    def ended(self, index: int = -1, *, is_heard: bool) -> None:
        """The fate of an announcement."""
        self.scene.ended(self.made[index], is_heard=is_heard)

    def step(
        self, *changes: tuple[int, str, str], reason: str = "", faded: Collection[int] = ()
    ) -> list[tuple[str, str]]:
        """(sentence, expression or reason or place) of the announcements of one frame."""
        faces = {number: face(x - self.size / 2, size=self.size) for number, x in self.people.items()}
        people = [
            Track(number, dataclasses.replace(each, score=self.scores.get(number, 0.9)))
            for number, each in faces.items()
        ]
        made = [Change(self.at, number, old, new, reason if new == CANNOT_TELL else "") for number, old, new in changes]
        announcements, self.deferred, self.withdrawn, _ = self.scene.update(made, people, (480, WIDTH), self.at, faded)
        self.at = round(self.at + 0.1, 3)
        self.made += announcements
        return [(each.sentence, each.expression or each.reason or each.where) for each in announcements]

    def wait(self, seconds: float) -> list[tuple[float, str, str]]:
        """The announcements while nothing changes, with their times."""
        announced = []
        for _ in range(round(seconds * 10)):
            at = self.at
            announced += [(at, *announcement) for announcement in self.step()]
        return announced


def two_people_who_stay(verbosity: str = "normal") -> Stage:
    """A scene in which two neutral people have been announced, more than a minute ago."""
    stage = Stage(verbosity)
    stage.people = {1: 200, 2: 440}
    stage.step((1, NOBODY, "neutral"))
    stage.wait(3)
    stage.step((2, NOBODY, "neutral"))
    stage.wait(60)
    return stage


def test_a_passer_by_is_not_announced_whatever_their_expression() -> None:
    stage = Stage()
    stage.people[1] = 320
    assert stage.step((1, NOBODY, "neutral")) == [("arrived", "neutral")]
    stage.wait(3)
    stage.people[2] = 560
    stage.wait(0.8)
    assert stage.step((2, NOBODY, "happy")) == []
    assert stage.wait(EXPRESSIVE_ARRIVAL_DWELL_S - 1.1) == []
    del stage.people[2]
    assert stage.step((2, "happy", NOBODY)) == []
    assert stage.wait(5) == []


def test_a_person_who_stays_is_announced_with_their_expression() -> None:
    for shown, announced in (
        ("happy", ("looks", "happy")),
        ("neutral", ("one_more_person", "right")),
        ("fear", ("one_more_person", "right")),
    ):
        stage = Stage()
        stage.people[1] = 320
        stage.step((1, NOBODY, "neutral"))
        stage.wait(3)
        stage.people[2] = 560
        came = stage.at
        stage.wait(0.8)
        stage.step((2, NOBODY, shown))
        ((at, *announcement),) = stage.wait(3)
        assert tuple(announcement) == announced
        stays_s = EXPRESSIVE_ARRIVAL_DWELL_S if shown == "happy" else ARRIVAL_DWELL_S
        assert stays_s <= at - came <= stays_s + 0.2


def test_among_several_people_neutral_is_announced_only_at_the_end_of_a_smile() -> None:
    stage = two_people_who_stay()
    assert stage.step((2, "neutral", "happy")) == [("looks", "happy")]
    assert stage.step((2, "happy", "neutral")) == [("looks", "neutral")]
    assert stage.step((2, "neutral", "fear"), (1, "neutral", "fear")) == []
    assert stage.step((1, "fear", "neutral")) == []


def test_where_one_of_several_people_left_it_is_said_how_many_are_in_view() -> None:
    stage = two_people_who_stay()
    del stage.people[1]
    assert stage.step((1, "neutral", NOBODY)) == []
    assert [announcement[1:] for announcement in stage.wait(5)] == [("people", "")]
    assert stage.made[-1].people == 1


def test_a_person_who_is_back_soon_was_never_gone() -> None:
    stage = two_people_who_stay()
    del stage.people[1]
    stage.step((1, "neutral", NOBODY))
    stage.wait(1)
    stage.people[3] = 200
    stage.step((3, NOBODY, "happy"))
    told = [announcement[1:] for announcement in stage.wait(10)]
    assert told == [("looks", "happy")]


def test_a_number_that_was_not_heard_is_announced_again_as_it_is_then() -> None:
    stage = Stage()
    stage.people = {1: 100, 2: 320, 3: 540}
    for number in (1, 2, 3):
        stage.step((number, NOBODY, "neutral"))
        stage.wait(3)
    stage.wait(60)
    del stage.people[1]
    stage.step((1, "neutral", NOBODY))
    stage.wait(3)
    assert (stage.made[-1].sentence, stage.made[-1].people) == ("people", 2)
    stage.ended(is_heard=False)
    del stage.people[2]
    stage.step((2, "neutral", NOBODY))
    stage.wait(RETRY_S + 1)
    assert (stage.made[-1].sentence, stage.made[-1].people) == ("people", 1)


@pytest.mark.parametrize("after_s", [0.5, 2.5])
def test_a_number_that_an_answer_told_is_not_announced_again(after_s: float) -> None:
    """The question comes before the number is due, and while its announcement waits."""
    stage = Stage()
    stage.people = {1: 100, 2: 320, 3: 540}
    for number in (1, 2, 3):
        stage.step((number, NOBODY, "neutral"))
        stage.wait(3)
    stage.wait(60)
    del stage.people[1]
    stage.step((1, "neutral", NOBODY))
    due = stage.wait(after_s)
    stage.scene.answered(Answered(stage.at, (2, 3), 2, "neutral", is_state=True))
    assert stage.step() == []
    assert (1 in stage.withdrawn) == bool(due)
    for _ in due:
        stage.ended(is_heard=False)
    assert stage.wait(20) == []


def test_a_departure_that_was_not_heard_is_told_by_the_number_that_is_left() -> None:
    stage = two_people_who_stay("full")
    del stage.people[1]
    assert stage.step((1, "neutral", NOBODY)) == [("person_left", "")]
    stage.ended(is_heard=False)
    assert [announcement[1:] for announcement in stage.wait(RETRY_S + 1)] == [("people", "")]
    stage.ended(is_heard=True)
    assert stage.wait(20) == []


def test_an_answer_about_one_person_tells_no_number() -> None:
    stage = two_people_who_stay()
    del stage.people[1]
    stage.step((1, "neutral", NOBODY))
    stage.scene.answered(Answered(stage.at, (2,), 2, "neutral", is_state=True))
    assert [announcement[1:] for announcement in stage.wait(5)] == [("people", "")]


def test_people_who_come_together_are_announced_as_the_number_in_view() -> None:
    stage = Stage()
    stage.people[1] = 100
    stage.step((1, NOBODY, "neutral"))
    for state, following in ((("neutral"), "happy"), ("happy", "sad"), ("sad", "happy")):
        stage.wait(2)
        stage.step((1, state, following))
    stage.people |= {2: 320, 3: 540}
    stage.step((2, NOBODY, "neutral"), (3, NOBODY, "neutral"))
    assert [announcement[1:] for announcement in stage.wait(30)] == [("people", "")]
    assert (stage.made[-1].people, stage.made[-1].newcomers) == (3, (2, 3))
    assert stage.made[-1].is_cue, "the minute's announcements are spent"


def test_a_person_far_away_is_not_announced_until_they_come_near() -> None:
    stage = Stage(size=25)
    stage.people[1] = 320
    assert stage.step((1, NOBODY, CANNOT_TELL), reason="far") == []
    assert stage.wait(5) == []
    stage.size = 60
    assert stage.step() == [("one_person", "")]


def test_quiet_announces_nothing() -> None:
    stage = Stage("quiet")
    stage.people[1] = 320
    assert stage.step((1, NOBODY, "happy")) == []
    stage.people.clear()
    assert stage.step((1, "happy", NOBODY)) == []


def test_a_reason_is_announced_once_a_minute() -> None:
    stage = Stage("full")
    stage.people[1] = 320
    stage.step((1, NOBODY, "neutral"))
    assert stage.step((1, "neutral", CANNOT_TELL), reason="dark") == [("cannot_tell", "dark")]
    stage.step((1, CANNOT_TELL, "neutral"))
    assert stage.step((1, "neutral", CANNOT_TELL), reason="dark") == []
    assert stage.step((1, CANNOT_TELL, CANNOT_TELL), reason="occluded") == [("cannot_tell", "occluded")]
    stage.at += REASON_REPEAT_S
    assert stage.step((1, "neutral", CANNOT_TELL), reason="dark") == [("cannot_tell", "dark")]


def test_an_unclear_arrival_is_announced_with_the_reason_at_full_verbosity() -> None:
    for verbosity, first, again in (
        ("full", ("cannot_tell", "dark"), ("one_more_person", "1")),
        ("normal", ("one_person", ""), ("one_more_person", "right")),
    ):
        stage = Stage(verbosity)
        stage.people[1] = 320
        stage.step()
        assert stage.step((1, NOBODY, CANNOT_TELL), reason="dark") == [first]
        stage.wait(3)
        stage.people[2] = 560
        stage.wait(ARRIVAL_DWELL_S + 0.2)
        assert stage.step((2, NOBODY, CANNOT_TELL), reason="dark") == [again]  # that reason was just announced


def test_a_rejected_expression_is_not_announced_of_that_person_for_a_while() -> None:
    stage = Stage()
    assert not stage.scene.reject_last(0.0), "nothing was announced yet"
    stage.people = {1: 200}
    stage.step((1, NOBODY, "happy"))
    assert stage.scene.reject_last(stage.at)
    assert stage.step((1, "happy", "neutral")) == [("looks", "neutral")]
    assert stage.step((1, "neutral", "happy")) == []
    stage.people[2] = 440
    stage.wait(ARRIVAL_DWELL_S + 0.2)
    assert ("looks", "happy") in stage.step((2, NOBODY, "happy")), "it is announced of another person"
    stage.at += REJECTED_S
    stage.step((1, "happy", "neutral"))
    assert ("looks", "happy") in stage.step((1, "neutral", "happy"))


def test_the_last_expression_can_be_rejected_as_long_as_it_stands() -> None:
    stage = Stage()
    stage.people[1] = 320
    stage.step((1, NOBODY, "happy"))
    stage.ended(is_heard=True)
    assert stage.scene.reject_last(stage.at + 10 * REJECTABLE_S)
    assert stage.step((1, "happy", "fear")) == [("no_longer", "happy")]
    assert stage.scene.reject_last(stage.at + 10 * REJECTABLE_S), "the wearer does not know yet"
    ended_at = stage.made[-1].change.at
    stage.ended(is_heard=True)
    assert stage.scene.reject_last(ended_at + REJECTABLE_S)
    assert not stage.scene.reject_last(ended_at + REJECTABLE_S + 1), "it ended too long ago"
    stage.wait(REJECTABLE_S)
    stage.people.clear()
    stage.step((1, "fear", NOBODY))
    assert not stage.scene.reject_last(stage.at), "their leaving does not extend the time"


def test_another_persons_leaving_ends_no_expression_that_stands() -> None:
    stage = Stage()
    stage.people = {1: 200, 2: 440}
    stage.step((1, NOBODY, "neutral"), (2, NOBODY, "neutral"))
    stage.wait(3)
    stage.step((2, "neutral", "happy"))
    stage.ended(is_heard=True)
    del stage.people[1]
    stage.step((1, "neutral", NOBODY))
    assert stage.scene.reject_last(stage.at + 10 * REJECTABLE_S)


def test_after_a_person_left_their_expression_can_be_rejected_for_a_while_only() -> None:
    for is_heard_late in (False, True):
        stage = Stage()
        stage.people[1] = 320
        stage.step((1, NOBODY, "happy"))
        if not is_heard_late:
            stage.ended(is_heard=True)
            stage.wait(50)
        left_at = stage.at
        stage.people.clear()
        stage.step((1, "happy", NOBODY))
        if is_heard_late:
            stage.ended(0, is_heard=True)
        assert stage.scene.reject_last(left_at + REJECTABLE_S - 1)
        assert not stage.scene.reject_last(left_at + REJECTABLE_S + 1)


def test_an_answer_stands_like_an_announcement_and_outranks_an_older_one_that_it_interrupted() -> None:
    stage = Stage()
    stage.people[1] = 320
    stage.step((1, NOBODY, "happy"))
    stage.ended(is_heard=True)
    stage.step((1, "happy", "fear"))
    stage.scene.answered(Answered(stage.at + 0.5, (1,), 1, "fear"))
    stage.ended(is_heard=True)
    assert stage.scene.last(stage.at + 10 * REJECTABLE_S)[:2] == (1, "fear")
    stage.scene.answered(Answered(stage.at + 0.5, (7,), 7, "happy"))
    assert stage.scene.reject_last(stage.at + REJECTABLE_S)
    assert not stage.scene.reject_last(stage.at + REJECTABLE_S + 1), "the track is not known to be in view"


def test_an_announcement_that_was_not_heard_does_not_count_as_made() -> None:
    stage = Stage()
    stage.people[1] = 320
    assert stage.step((1, NOBODY, "happy")) == [("arrived", "happy")]
    stage.ended(is_heard=False)
    assert stage.step((1, "happy", "neutral")) == [("arrived", "neutral")]
    stage.ended(is_heard=True)
    assert stage.step((1, "neutral", "happy")) == [("looks", "happy")]
    stage.ended(is_heard=False)
    assert stage.step((1, "happy", "neutral")) == [], "the wearer still believes it"
    stage.ended(is_heard=False)
    assert stage.step((1, "neutral", "happy")) == [("looks", "happy")], "it ends once"


def test_the_fate_of_an_old_announcement_undoes_no_newer_one() -> None:
    stage = Stage()
    stage.people[1] = 320
    stage.step((1, NOBODY, "neutral"))
    stage.ended(is_heard=True)
    stage.step((1, "neutral", "happy"))
    stage.step((1, "happy", "neutral"))
    stage.ended(-2, is_heard=False)  # superseded by the last one
    stage.ended(-1, is_heard=True)
    assert stage.step((1, "neutral", "happy")) == [("looks", "happy")]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("second", [True, False])
def test_of_two_pending_announcements_the_last_that_is_heard_counts(first: bool, second: bool) -> None:
    stage = Stage()
    stage.people[1] = 320
    stage.step((1, NOBODY, "neutral"))
    stage.ended(is_heard=True)
    stage.step((1, "neutral", "happy"))
    stage.step((1, "happy", "sad"))
    stage.ended(-2, is_heard=first)
    stage.ended(-1, is_heard=second)
    known = "sad" if second else "happy" if first else "neutral"
    assert stage.step((1, "sad", known)) == []
    for other in {"sad", "happy", "neutral"} - {known}:
        stage.wait(60)  # else the minute's announcements do not suffice
        assert ("looks", other) in stage.step((1, known, other))
        stage.ended(is_heard=False)


def test_a_reason_that_was_never_heard_undoes_nothing() -> None:
    stage = Stage("full")
    stage.people[1] = 320
    stage.step((1, NOBODY, "neutral"))
    stage.ended(is_heard=True)
    stage.step((1, "neutral", CANNOT_TELL), reason="dark")
    stage.ended(is_heard=False)
    stage.people.clear()
    assert stage.step((1, CANNOT_TELL, NOBODY)) == [("nobody_in_view", "")]


def test_without_any_fate_an_announcement_counts_as_heard() -> None:
    stage = Stage()
    stage.people[1] = 320
    stage.step((1, NOBODY, "happy"))
    stage.wait(FATE_TIMEOUT_S + 1)
    stage.step((1, "happy", "neutral"))
    stage.ended(is_heard=False)
    assert stage.step((1, "neutral", "happy")) == [], "the first one counts as heard"
    stage.step((1, "happy", "sad"))
    assert stage.scene.last(stage.at).expression == "sad"


def test_only_what_was_heard_can_be_rejected() -> None:
    stage = Stage()
    stage.people = {1: 200, 2: 440}
    stage.step((1, NOBODY, "angry"))
    stage.ended(is_heard=True)
    stage.wait(ARRIVAL_DWELL_S + 0.2)
    stage.step((2, NOBODY, "happy"))
    assert stage.made[-1].expression == "happy"
    stage.ended(is_heard=False)
    assert stage.scene.reject_last(stage.at)
    assert (stage.scene.is_rejected(1, "angry"), stage.scene.is_rejected(2, "happy")) == (True, False)
    quiet = Stage("quiet")
    quiet.people[1] = 320
    quiet.step((1, NOBODY, "happy"))
    assert not quiet.scene.reject_last(quiet.at), "nothing was announced"
    quiet.scene.answered(Answered(quiet.at, (1,), 1, "happy"))
    assert quiet.scene.reject_last(quiet.at), "but an answer named it"


def test_an_announcement_that_had_to_wait_counts_from_when_it_was_made() -> None:
    stage = Stage()
    stage.people, stage.scores = {1: 200, 2: 560}, {2: 0.5}
    stage.step((1, NOBODY, "angry"))
    stage.ended(is_heard=True)
    stage.step((2, NOBODY, "happy"))
    stage.wait(FATE_TIMEOUT_S + 2)
    stage.scores[2] = 0.9
    assert [each[1:] for each in stage.wait(2)] == [("looks", "happy")]
    assert stage.scene.last(stage.at)[:2] == (2, "happy"), "it is being spoken"
    stage.ended(is_heard=False)
    assert stage.scene.last(stage.at)[:2] == (1, "angry")


def test_the_expression_of_a_person_who_left_while_it_was_spoken_can_be_rejected() -> None:
    stage = Stage()
    stage.people[1] = 320
    stage.step((1, NOBODY, "angry"))
    stage.people.clear()
    stage.step((1, "angry", NOBODY))
    stage.ended(0, is_heard=True)
    assert stage.scene.reject_last(stage.at)


def test_a_track_that_is_hardly_a_face_is_not_announced_beside_others() -> None:
    for shown in ("neutral", "happy", CANNOT_TELL):
        stage = Stage()
        stage.people = {1: 200, 2: 560}
        stage.scores[2] = 0.5
        stage.step((1, NOBODY, "neutral"))
        stage.wait(1)
        assert stage.step((2, NOBODY, shown)) == []
        assert stage.wait(20) == []
        stage.scores[2] = 0.8
        ((_, *announcement),) = stage.wait(3)
        assert announcement == (["looks", "happy"] if shown == "happy" else ["one_more_person", "right"])


def test_an_empty_view_is_announced_until_that_is_heard() -> None:
    stage = Stage()
    stage.people[1] = 320
    stage.step((1, NOBODY, "happy"))
    stage.people.clear()
    assert stage.step((1, "happy", NOBODY)) == [("nobody_in_view", "")]
    assert stage.wait(3) == []
    stage.ended(is_heard=False)
    lost_at = stage.at
    ((at, sentence, _),) = stage.wait(RETRY_S + 3)
    assert (sentence, at) == ("nobody_in_view", pytest.approx(lost_at + RETRY_S, abs=0.15))
    stage.ended(is_heard=True)
    assert stage.wait(3 * RETRY_S) == []


def test_an_empty_view_is_no_longer_announced_once_a_face_is_in_view() -> None:
    stage = Stage()
    stage.people[1] = 320
    stage.step((1, NOBODY, "happy"))
    stage.people.clear()
    stage.step((1, "happy", NOBODY))
    stage.ended(is_heard=False)
    stage.people[2] = 320
    assert stage.step((2, NOBODY, "sad")) == [("arrived", "sad")]
    assert stage.wait(3 * RETRY_S) == []


@pytest.mark.parametrize("others", [False, True])
def test_an_arrival_that_was_not_heard_is_announced_again(others: bool) -> None:
    stage, expected = Stage(), ("one_more_person", "right") if others else ("one_person", "")
    if others:
        stage.people[1] = 320
        stage.step((1, NOBODY, "neutral"))
        stage.wait(3)
    stage.people[2] = 560
    stage.wait(2)
    made = [*stage.step((2, NOBODY, CANNOT_TELL), reason="dark"), *(each[1:] for each in stage.wait(3))]
    assert made == [expected]
    stage.ended(is_heard=False)
    lost_at = stage.at
    ((at, *again),) = stage.wait(RETRY_S + 3)
    assert (tuple(again), at) == (expected, pytest.approx(lost_at + RETRY_S, abs=0.15))
    stage.ended(is_heard=False)
    del stage.people[2]
    stage.step((2, CANNOT_TELL, NOBODY))
    assert [announcement for _, *announcement in stage.wait(2 * RETRY_S)] == []


def test_a_pending_announcement_is_withdrawn_when_it_stops_being_true() -> None:
    stage = Stage()
    stage.people[1] = 320
    stage.step((1, NOBODY, "happy"))
    stage.step()
    assert stage.withdrawn == ()
    stage.step(faded={1, 2})
    assert stage.withdrawn == (1,)
    stage.step(faded={1, 2})
    assert stage.withdrawn == (), "it is withdrawn once"
    stage.step()
    stage.ended(is_heard=True)
    stage.step(faded={1})
    assert stage.withdrawn == (), "it has been spoken"
    stage.people.clear()
    assert stage.step((1, "happy", NOBODY)) == [("nobody_in_view", "")]
    stage.step()
    assert stage.withdrawn == ()
    stage.people[2] = 300
    stage.step()
    assert stage.withdrawn == (1,), "a face is in view"


def test_a_change_withdraws_what_is_pending_unless_it_is_announced_itself() -> None:
    stage = Stage()
    stage.people[1] = 320
    assert stage.step((1, NOBODY, "happy")) == [("arrived", "happy")]
    assert stage.withdrawn == (), "the announcement takes the place of what was pending"
    assert stage.step((1, "happy", CANNOT_TELL), reason="dark") == []
    assert stage.withdrawn == (1,)


def test_an_expression_that_was_not_heard_is_announced_again_while_it_lasts() -> None:
    """First as an arrival, then as the end of what the wearer believes."""
    stage = Stage()
    stage.people[1] = 320
    assert stage.step((1, NOBODY, "happy")) == [("arrived", "happy")]
    stage.ended(is_heard=False)
    ((at, *again),) = stage.wait(RETRY_S + 2)
    assert (again, at) == (["arrived", "happy"], pytest.approx(RETRY_S + 0.1, abs=0.15))
    stage.ended(is_heard=True)
    lost_at = stage.at
    assert stage.step((1, "happy", "disgust")) == [("no_longer", "happy")]
    stage.ended(is_heard=False)
    ((at, *again),) = stage.wait(2 * RETRY_S)
    assert (again, at) == (["no_longer", "happy"], pytest.approx(lost_at + RETRY_S, abs=0.25))
    stage.ended(is_heard=True)
    assert stage.wait(3 * RETRY_S) == []


def test_a_state_that_was_not_heard_is_not_announced_once_it_is_what_the_wearer_believes() -> None:
    stage = Stage()
    stage.people[1] = 320
    stage.step((1, NOBODY, "happy"))
    stage.ended(is_heard=True)
    assert stage.step((1, "happy", "surprise")) == [("looks", "surprise")]
    stage.ended(is_heard=False)
    assert stage.step((1, "surprise", "happy")) == []
    assert stage.wait(3 * RETRY_S) == []


def test_a_faded_expression_that_was_not_heard_waits_for_its_evidence() -> None:
    stage = Stage()
    stage.people[1] = 320
    stage.step((1, NOBODY, "neutral"))
    stage.ended(is_heard=True)
    assert stage.step((1, "neutral", "happy")) == [("looks", "happy")]
    stage.ended(is_heard=False)
    for _ in range(70):
        assert stage.step(faded={1}) == []
    assert stage.step() == [("looks", "happy")]


@pytest.mark.parametrize("is_state", [True, False])
def test_an_answer_settles_what_it_told(is_state: bool) -> None:
    """Who was counted is not announced any more, and the expression only if it was more than likely."""
    stage = Stage()
    stage.people = {1: 320.0, 2: 500.0}
    stage.scene.answered(Answered(stage.at, (1, 2), 1, "happy", is_state))
    stage.step()
    assert stage.step((1, NOBODY, "happy"), (2, NOBODY, CANNOT_TELL)) == ([] if is_state else [("looks", "happy")])
    assert stage.wait(3) == []
    assert stage.step((1, "happy", "disgust")) == [("no_longer", "happy")]


def test_an_announcement_that_waits_while_an_answer_says_the_same_is_withdrawn() -> None:
    stage = Stage()
    stage.people[1] = 320
    assert stage.step((1, NOBODY, "happy")) == [("arrived", "happy")]
    stage.scene.answered(Answered(stage.at, (1,), 1, "happy", is_state=True))
    stage.step()
    assert stage.withdrawn == (1,)
    stage.ended(is_heard=False)
    assert stage.wait(3 * RETRY_S) == []


def test_an_answer_that_nobody_is_in_view_settles_the_empty_view() -> None:
    stage = Stage()
    stage.people[1] = 320
    stage.step((1, NOBODY, "happy"))
    stage.ended(is_heard=True)
    stage.people.clear()
    stage.step()
    stage.scene.answered(Answered(stage.at))
    assert stage.step((1, "happy", NOBODY)) == []
    assert stage.wait(3 * RETRY_S) == []


def test_a_person_who_is_found_again_after_that_answer_arrives_anew() -> None:
    stage = Stage()
    stage.people[1] = 320
    stage.step((1, NOBODY, "happy"))
    stage.ended(is_heard=True)
    stage.people.clear()
    stage.step()
    stage.scene.answered(Answered(stage.at))
    assert stage.wait(1) == []
    stage.people[1] = 320
    assert stage.step() == [("arrived", "happy")]


@pytest.mark.parametrize("verbosity", ["smiles", "brief"])
def test_where_only_expressions_are_announced_one_that_was_not_heard_and_is_over_is_not_announced(
    verbosity: str,
) -> None:
    stage = Stage(verbosity)
    stage.people[1] = 320
    assert stage.step((1, NOBODY, "happy")) == [("looks", "happy")]
    stage.ended(is_heard=False)
    assert stage.step((1, "happy", "neutral")) == []
    assert stage.wait(3 * RETRY_S) == []


@pytest.mark.parametrize("verbosity", ["smiles", "brief"])
def test_where_only_expressions_are_announced_an_answer_brings_no_arrival(verbosity: str) -> None:
    stage = Stage(verbosity)
    stage.people[1] = 320
    stage.step((1, NOBODY, "happy"))
    stage.ended(is_heard=True)
    stage.step((1, "happy", "fear"))
    stage.people.clear()
    stage.step()
    stage.scene.answered(Answered(stage.at))
    stage.step()
    stage.people[1] = 320
    assert stage.wait(3) == []


def test_an_arrival_that_was_not_heard_waits_while_its_expression_has_faded() -> None:
    stage = Stage()
    stage.people[1] = 320
    assert stage.step((1, NOBODY, "happy")) == [("arrived", "happy")]
    stage.ended(is_heard=False)
    for _ in range(70):
        assert stage.step(faded={1}) == []
    assert stage.step() == [("arrived", "happy")]
