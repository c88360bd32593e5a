"""What a minute's announcements are spent on, and that nothing is lost which the minute did not allow."""

import itertools
from collections import deque

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.config.settings import AnnouncementSettings
from assistant.records import CANNOT_TELL, MAX_UNASKED, NOBODY, UNASKED_WINDOW_S, Change, Track
from assistant.vision.decisions.announcement_budget import DEFER_S
from assistant.vision.decisions.announcement_log import Announcement
from assistant.vision.decisions.scene import Scene
from tests.support.standins import face

PLACES = {1: 240.0, 2: 40.0, 3: 440.0}
"""Left edge of the face of each person, in pixels."""
STATES = ("neutral", "happy", "surprise", "sad")


class Wearer:
    """A scene, and a wearer who hears each announcement a frame after it was made. fps: frames a second."""

    def __init__(self, fps: int = 10, **settings: object) -> None:
        self.fps = fps
        self.scene = Scene(AnnouncementSettings(**settings))  # type: ignore[arg-type]
        self.frame, self.states, self.is_deaf = 0, dict[int, str](), False
        self.heard: list[tuple[float, Announcement]] = []
        self.believed: dict[int, str] = {}
        self._coming: deque[Announcement] = deque()

    @property
    def at(self) -> float:
        return self.frame / self.fps

    def step(self, **states: str) -> list[str]:
        """One frame, with the states p1, p2 ... given or as before; the texts of what was made in it."""
        while self._coming:
            announcement = self._coming.popleft()
            self.scene.ended(announcement, is_heard=not self.is_deaf)
            if not self.is_deaf:
                self._hear(announcement)
        changes = []
        for name, state in states.items():
            track_id = int(name[1:])
            before = self.states.get(track_id, NOBODY)
            if before != state:
                changes.append(Change(self.at, track_id, before, state))
            self.states[track_id] = state
        people = [Track(number, face(PLACES[number])) for number, state in self.states.items() if state != NOBODY]
        update = self.scene.update(changes, people, (480, 640), self.at)
        self._coming.extend(update.announcements)
        self.frame += 1
        return [f"{each.sentence} {each.expression}{' by sound' * each.is_cue}" for each in update.announcements]

    def wait(self, seconds: float) -> list[str]:
        """What is made while nothing changes."""
        return list(itertools.chain.from_iterable(self.step() for _ in range(round(seconds * self.fps))))

    def _hear(self, announcement: Announcement) -> None:
        self.heard.append((self.at, announcement))
        if announcement.implied_expression is not None:
            self.believed[announcement.change.track_id] = announcement.implied_expression


def spend(wearer: Wearer, sentences: int) -> None:
    """A person comes and smiles and stops, until so many sentences of the minute are spent."""
    made, states = wearer.step(p1="neutral"), itertools.cycle(("happy", "neutral"))
    while len(made) < sentences:
        wearer.wait(3)
        made += wearer.step(p1=next(states))


def test_the_end_of_a_smile_has_words_while_two_sentences_are_left_and_else_a_sound() -> None:
    wearer = Wearer()
    spend(wearer, 2)
    assert wearer.step(p1="neutral") == ["looks neutral"]
    wearer = Wearer()
    spend(wearer, 3)
    assert wearer.wait(2) + wearer.step(p1="happy") == ["looks happy"]
    assert wearer.wait(2) + wearer.step(p1="neutral") == ["no_longer happy by sound"]
    assert wearer.wait(30) == [], "the sound has said it"


def test_without_the_sound_a_sentence_is_left_for_the_end_of_each_smile() -> None:
    wearer = Wearer(busy_sounds=False)
    spend(wearer, 3)
    assert wearer.wait(2) + wearer.step(p1="happy") + wearer.wait(2) == []
    wearer = Wearer(busy_sounds=False)
    spend(wearer, 2)
    assert wearer.wait(2) + wearer.step(p1="neutral") == ["looks neutral"]


def test_an_expression_that_the_minute_did_not_allow_is_announced_once_it_does_if_it_lasts() -> None:
    wearer = Wearer()
    spend(wearer, 4)
    wearer.wait(2)
    wearer.step(p1="neutral")
    assert wearer.wait(2) + wearer.step(p1="surprise") == []
    freed = wearer.heard[0][0] + UNASKED_WINDOW_S
    assert wearer.wait(freed - wearer.at) == []
    assert wearer.wait(DEFER_S + 0.2) == ["looks surprise"]


def test_an_expression_that_is_over_before_the_minute_allows_it_is_never_announced() -> None:
    wearer = Wearer()
    spend(wearer, 4)
    wearer.wait(2)
    wearer.step(p1="neutral")
    wearer.wait(2)
    assert wearer.step(p1="surprise") + wearer.wait(3) + wearer.step(p1="neutral") + wearer.wait(90) == []


def test_what_follows_an_expression_is_told_later_and_that_it_is_over_at_once() -> None:
    wearer = Wearer()
    spend(wearer, 4)
    assert wearer.wait(2) + wearer.step(p1="surprise") == ["no_longer happy by sound"]
    assert wearer.wait(UNASKED_WINDOW_S + DEFER_S) == ["looks surprise"]


def test_while_two_people_look_happy_the_end_of_one_has_words_for_a_sound_does_not_say_of_whom() -> None:
    wearer = Wearer()
    wearer.step(p1="happy")
    wearer.wait(3)
    assert wearer.step(p2="happy") + wearer.wait(3) == ["looks happy"]
    assert wearer.wait(5) + wearer.step(p3="happy") + wearer.wait(5) == ["one_more_person "], "one is left for the end"
    assert wearer.step(p2="neutral") == ["looks neutral"]
    assert wearer.wait(2) + wearer.step(p1="neutral") == ["no_longer happy by sound"]


@pytest.mark.parametrize("configured", ["normal", "smiles", "brief", "full"])
@pytest.mark.parametrize("chosen", ["normal", "smiles"])
def test_a_verbosity_that_was_chosen_by_ear_spends_the_minute_as_a_configured_one_does(
    configured: str, chosen: str
) -> None:
    def made(wearer: Wearer) -> list[str]:
        wearer.scene.set_verbosity(AnnouncementSettings(verbosity=chosen))
        said = []
        for state in ("happy", "neutral") * 5:
            said += wearer.step(p1=state) + wearer.wait(2)
        return said + wearer.step(p2="happy") + wearer.wait(3)

    assert made(Wearer(verbosity=configured)) == made(Wearer(verbosity=chosen))


def test_a_person_of_whom_was_not_heard_costs_nothing_of_the_minute() -> None:
    wearer = Wearer()
    wearer.step(p1="happy")
    wearer.wait(3)
    wearer.step(p2="happy")
    wearer.wait(3)
    wearer.is_deaf = True
    assert wearer.step(p3="happy") + wearer.wait(3) == ["one_more_person "]
    wearer.is_deaf = False
    assert wearer.wait(6) == ["one_more_person "], "it is made again, and one is left for the end of a smile"
    assert wearer.step(p2="neutral") == ["looks neutral"]


FEW_FPS = 5
"""As many frames a second as the device looks at faces that hold still: what holds is quickly seen."""
STEPS = st.lists(
    st.tuples(
        st.sampled_from((1, 2, 3)), st.sampled_from((*STATES, NOBODY)), st.integers(1, 15 * FEW_FPS), st.booleans()
    ),
    max_size=40,
)


@given(STEPS, st.booleans())
def test_no_minute_has_more_sentences_than_are_allowed(
    steps: list[tuple[int, str, int, bool]], has_sound: bool
) -> None:
    wearer = Wearer(FEW_FPS, busy_sounds=has_sound)
    made: list[float] = []
    for person, state, frames, is_deaf in steps:
        wearer.is_deaf = is_deaf
        wearer.step(**{f"p{person}": state})
        for _ in range(frames):
            wearer.step()
    made = [at for at, announcement in wearer.heard if not announcement.is_cue]
    assert all(later - first > UNASKED_WINDOW_S - 0.2 for first, later in zip(made, made[MAX_UNASKED:], strict=False))
    assert has_sound or not any(announcement.is_cue for _, announcement in wearer.heard)


@given(STEPS)
def test_in_the_end_the_wearer_believes_of_everybody_in_view_what_is_true(
    steps: list[tuple[int, str, int, bool]],
) -> None:
    wearer = Wearer(FEW_FPS)
    for person, state, frames, is_deaf in steps:
        wearer.is_deaf = is_deaf
        wearer.step(**{f"p{person}": state})
        for _ in range(frames):
            wearer.step()
    wearer.is_deaf = False
    wearer.wait(3 * UNASKED_WINDOW_S)
    for track_id, state in wearer.states.items():
        if state != NOBODY:
            believed = wearer.believed.get(track_id)
            assert believed == state or (state == "neutral" and believed == ""), (track_id, state, believed)


WITH_FEAR = st.lists(
    st.tuples(
        st.sampled_from((1, 2)), st.sampled_from((*STATES, "fear", CANNOT_TELL, NOBODY)), st.integers(1, 15 * FEW_FPS)
    ),
    max_size=40,
)


@given(WITH_FEAR)
@example([(1, state, 15 * FEW_FPS) for state in ("neutral", "fear", "neutral", "fear", "neutral")])
def test_nothing_is_said_twice_of_a_person(steps: list[tuple[int, str, int]]) -> None:
    """Of those who stay in view; fear is not announced by default."""
    wearer = Wearer(FEW_FPS)
    for person, state, frames in steps:
        if state == NOBODY:
            wearer.heard = [each for each in wearer.heard if person not in each[1].told]
        wearer.step(**{f"p{person}": state})
        for _ in range(frames):
            wearer.step()
    for track_id in (1, 2):
        told = [each for _, each in wearer.heard if each.told == (track_id,)]
        said = [(each.sentence, each.expression) for each in told]
        assert all(one != other for one, other in itertools.pairwise(said)), said


@pytest.mark.parametrize("verbosity", ["smiles", "brief"])
def test_where_only_expressions_are_announced_a_smile_in_view_still_has_its_end(verbosity: str) -> None:
    wearer = Wearer(verbosity=verbosity)
    made = wearer.step(p1="neutral")
    for _ in range(5):
        made += wearer.wait(1) + wearer.step(p1="happy") + wearer.wait(1) + wearer.step(p1="neutral")
    told = ["looks happy", "no_longer happy", *["looks happy", "no_longer happy by sound"] * 2]
    assert made == [*told, *["looks happy by sound", "no_longer happy by sound"] * 2]


def test_who_comes_when_no_sentence_is_left_is_told_by_a_sound_and_how_they_look_later() -> None:
    wearer = Wearer()
    spend(wearer, 4)
    wearer.wait(2)
    wearer.step(p1="neutral")
    assert wearer.step(p2="surprise") + wearer.wait(5) == ["one_more_person  by sound"]
    assert wearer.wait(60) == ["looks surprise"]


def test_up_to_four_smiles_a_minute_are_told_by_their_sound_once_words_do_not_suffice() -> None:
    wearer = Wearer()
    spend(wearer, 4)
    made: list[str] = []
    for _ in range(7):
        made += wearer.wait(1) + wearer.step(p1="neutral") + wearer.wait(1) + wearer.step(p1="happy")
    assert made.count("looks happy by sound") == 4
    assert "looks happy" not in made


def test_among_several_people_the_last_sentence_is_kept_for_who_comes_or_leaves() -> None:
    wearer = Wearer()
    wearer.step(p1="neutral")
    wearer.wait(3)
    wearer.step(p2="neutral")
    assert wearer.wait(3) == ["one_more_person "]
    assert wearer.step(p1="happy") + wearer.wait(2) + wearer.step(p1="neutral") == [
        "looks happy",
        "no_longer happy by sound",
    ]
    assert wearer.wait(2) + wearer.step(p1="happy") == ["looks happy by sound"]
    assert wearer.wait(2) + wearer.step(p1="neutral") == ["no_longer happy by sound"]
    wearer.step(p2=NOBODY)
    assert wearer.wait(5) == ["people "]
