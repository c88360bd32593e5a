"""The debounced state machine: which changes it gives, and when."""

import random
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assistant.config.settings import DecisionSettings
from assistant.records import CANNOT_TELL, NOBODY, Change, Reading, Thresholds
from assistant.vision.decisions.balance import balanced
from assistant.vision.decisions.stabilizer import (
    FADED_S,
    MIN_MAYBE_PROBABILITY,
    MIN_WINDOW_SHARE,
    Stabilizer,
    TrackEstimate,
)
from tests.support.standins import LABELS, probabilities

Truth = Callable[[float], str | None]


def changes(
    truth: Truth, *, seconds: float, fps: float, sure: float = 0.9, decide: DecisionSettings | None = None
) -> list[Change]:
    """The changes of one person, whose expression at each moment is `truth` (None: not in view, "?": cannot tell)."""
    stabilizer, made = Stabilizer(decide or DecisionSettings(), LABELS), []
    for frame in range(int(seconds * fps)):
        at = frame / fps
        now = truth(at)
        if now is None:
            readings = []
        elif now == "?":
            readings = [Reading(1, at, None, "unclear")]
        else:
            readings = [Reading(1, at, probabilities(now, sure))]
        made += stabilizer.update(at, readings)
    return made


@settings(max_examples=150, deadline=None)
@given(st.floats(5, 30), st.floats(0, 1), st.floats(0.5, 1.0), st.data())
def test_flicker_of_two_expressions_is_a_person_and_no_expression(
    fps: float, phase: float, sure: float, data: st.DataObject
) -> None:
    # at exactly half the frame rate rounding decides which side is sampled, which may be the same one for long
    hertz = data.draw(st.floats(2, min(10.0, 0.49 * fps)))

    def truth(at: float) -> str:
        return "happy" if (at * hertz + phase) % 1 < 0.5 else "sad"

    assert [change.new for change in changes(truth, seconds=20, fps=fps, sure=sure)] == [CANNOT_TELL]


def test_a_minute_of_flicker_that_falls_in_step_with_the_camera_names_no_expression() -> None:
    for fps, hertz in (
        (5, 2.0),
        (5, 2.5),
        (5.5, 2.0),
        (5.54, 2.0),
        (6, 2.0),
        (8, 8 / 3),
        (10, 10 / 3),
        (11, 11 / 3),
        (30, 2.0),
        (30, 10.0),
    ):
        made = changes(lambda at, h=hertz: "happy" if (at * h) % 1 < 0.5 else "sad", seconds=60, fps=fps, sure=1.0)
        assert [change.new for change in made] == [CANNOT_TELL]


@settings(max_examples=150, deadline=None)
@given(st.floats(5, 30), st.integers(0, 2**32 - 1), st.sampled_from(["drawn", "unreadable", "mixed"]))
def test_a_person_seen_in_four_fifths_of_the_frames_of_three_seconds_has_a_state(
    fps: float, seed: int, kind: str
) -> None:
    """Whatever the readings say, drawn anew for each frame, and however the missed frames fall."""
    chance, stabilizer = random.Random(seed), Stabilizer(DecisionSettings(), LABELS)
    frames = int(3.0 * fps) + 1
    missed = set(chance.sample(range(1, frames), frames // 5))
    longest = max((len(run) for run in _runs(missed)), default=0)
    assume((longest + 1) / fps <= DecisionSettings().max_gap_s)
    for number in range(frames):
        at, readings = number / fps, []
        if number not in missed:
            is_read = kind == "drawn" or (kind == "mixed" and chance.random() < 0.5)
            drawn = probabilities(chance.choice(LABELS), chance.uniform(0.3, 1.0)) if is_read else None
            readings = [Reading(1, at, drawn, "" if is_read else "side_on")]
        stabilizer.update(at, readings)
    assert stabilizer.states().get(1, NOBODY) != NOBODY


def _runs(numbers: set[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([5, 8, 10, 15, 25, 30]), st.floats(2, 5), st.floats(0, 1), st.floats(0.75, 1.0))
def test_flicker_leaves_a_settled_expression_alone(fps: float, hertz: float, phase: float, sure: float) -> None:
    hertz = min(hertz, fps / 2)

    def truth(at: float) -> str:
        return "happy" if at < 3 or (at * hertz + phase) % 1 < 0.5 else "sad"

    assert [change.new for change in changes(truth, seconds=33, fps=fps, sure=sure)] == ["happy"]


@settings(max_examples=60, deadline=None)
@given(st.floats(5, 30), st.floats(3, 6), st.floats(0.8, 1.0), st.sampled_from(LABELS), st.sampled_from(LABELS))
def test_a_real_change_is_announced_within_a_second(fps: float, when: float, sure: float, old: str, new: str) -> None:
    made = changes(lambda at: old if at < when else new, seconds=when + 3, fps=fps, sure=sure)
    if old == new:
        assert [change.new for change in made] == [old]
    else:
        assert [(change.old, change.new) for change in made] == [(NOBODY, old), (old, new)]
        assert when < made[1].at <= when + 1.0 + 1 / fps


def test_the_frame_rate_changes_neither_the_changes_nor_much_their_times() -> None:
    def truth(at: float) -> str | None:
        scene = ((2.0, None), (6.0, "neutral"), (10.0, "happy"), (14.0, "?"), (18.0, "sad"), (22.0, None))
        return next((state for end, state in scene if at < end), None)

    reference = changes(truth, seconds=24, fps=30)
    assert [change.new for change in reference] == ["neutral", "happy", CANNOT_TELL, "sad", NOBODY]
    for fps in (5, 7.5, 10, 12.5, 15, 24, 25):
        made = changes(truth, seconds=24, fps=fps)
        assert [change.new for change in made] == [change.new for change in reference]
        for here, there in zip(made, reference, strict=True):
            assert abs(here.at - there.at) <= 0.25 + 1 / fps, (fps, here, there)


RUNS = st.tuples(
    st.floats(0, 3.0), st.floats(0.05, 0.7), st.integers(1, 15), st.sampled_from(["happy", "sad", None, "?"])
)
"""A gap, then so many frames at such an interval, all of one state."""


@settings(max_examples=200, deadline=None)
@given(st.lists(RUNS, min_size=1, max_size=8), st.integers(2, 8))
def test_there_is_no_verdict_from_too_few_readings_also_after_a_gap(
    runs: list[tuple[float, float, int, str | None]], least: int
) -> None:
    script = [(wait + gap * (frame == 0), now) for gap, wait, count, now in runs for frame in range(count)]
    decide = DecisionSettings(min_readings=least)
    stabilizer, at, streak, last = Stabilizer(decide, LABELS), 0.0, 0, -10.0
    state = NOBODY
    for wait, now in script:
        at += wait
        readings = []
        if now is not None:
            streak = streak + 1 if at - last <= decide.max_gap_s else 1
            last = at
            readings = [Reading(1, at, None if now == "?" else probabilities(now), "unclear" if now == "?" else "")]
        for change in stabilizer.update(at, readings):
            assert change.old == state
            assert change.old != change.new
            state = change.new
            if change.new != NOBODY:
                assert streak >= least
            else:
                assert now is None
                assert at - last >= decide.dwell_s - 1e-5


def test_a_blink_of_another_expression_is_ignored() -> None:
    made = changes(lambda at: "surprise" if 3 <= at < 3.3 else "happy", seconds=8, fps=30)
    assert [change.new for change in made] == ["happy"]


def test_a_missed_detection_is_no_departure() -> None:
    made = changes(lambda at: None if 3 <= at < 4.2 else "happy", seconds=8, fps=10)
    assert [change.new for change in made] == ["happy"]


def test_cannot_tell_must_last_for_the_dwell_time() -> None:
    made = changes(lambda at: "?" if 3 <= at < 4.4 else "happy", seconds=8, fps=10)
    assert [change.new for change in made] == ["happy"]
    made = changes(lambda at: "?" if 3 <= at < 6 else "happy", seconds=9, fps=10)
    assert [change.new for change in made] == ["happy", CANNOT_TELL, "happy"]
    assert made[1].reason == "unclear"


def test_the_reason_is_the_last_one_that_there_was() -> None:
    stabilizer, made = Stabilizer(DecisionSettings(), LABELS), []
    for frame in range(40):
        at, is_told = frame / 10, frame % 4 == 3
        reading = Reading(1, at, probabilities("happy"), "") if is_told else Reading(1, at, None, "side_on")
        made += stabilizer.update(at, [reading])
    assert [(change.new, change.reason) for change in made] == [(CANNOT_TELL, "side_on")]


def test_an_unsure_face_is_cannot_tell_and_keeps_its_expression_above_the_exit_threshold() -> None:
    weak = changes(lambda at: "happy", seconds=5, fps=10, sure=0.4)
    assert [change.new for change in weak] == [CANNOT_TELL]
    faint = changes(lambda at: "happy" if at < 3 else "neutral", seconds=8, fps=10, sure=0.43)
    assert [change.new for change in faint] == [CANNOT_TELL]
    stabilizer, made = Stabilizer(DecisionSettings(), LABELS), []
    for frame in range(100):
        sure = 0.9 if frame < 30 else 0.5 if frame < 60 else 0.3
        made += stabilizer.update(frame / 10, [Reading(1, frame / 10, probabilities("happy", sure))])
    assert [change.new for change in made] == ["happy", CANNOT_TELL]
    assert made[1].at > 6.0


def test_a_face_seen_in_few_frames_is_no_person() -> None:
    stabilizer = Stabilizer(DecisionSettings(), LABELS)
    for frame in range(600):
        readings = [Reading(7, frame / 30, probabilities("happy"))] if frame % 6 == 0 else []
        assert stabilizer.update(frame / 30, readings) == ()


def test_a_slow_camera_still_gives_verdicts() -> None:
    made = changes(lambda at: "happy" if at < 20 else "sad", seconds=40, fps=2)
    assert [change.new for change in made] == ["happy", "sad"]


def test_tracks_do_not_mix() -> None:
    stabilizer, made = Stabilizer(DecisionSettings(), LABELS), []
    for frame in range(60):
        at = frame / 10
        made += stabilizer.update(at, [Reading(1, at, probabilities("happy")), Reading(2, at, probabilities("sad"))])
    assert sorted((change.track_id, change.new) for change in made) == [(1, "happy"), (2, "sad")]
    assert stabilizer.states() == {1: "happy", 2: "sad"}


def test_a_track_that_ended_is_forgotten() -> None:
    stabilizer = Stabilizer(DecisionSettings(), LABELS)
    for frame in range(30):
        stabilizer.update(frame / 10, [Reading(frame, frame / 10, probabilities("happy"))])
    for frame in range(30, 60):
        stabilizer.update(frame / 10, [])
    assert stabilizer.states() == {}
    assert not stabilizer._tracks


@pytest.mark.parametrize("fps", [5, 10, 30])
def test_the_first_verdict_takes_most_of_a_window(fps: int) -> None:
    (change,) = changes(lambda at: "happy", seconds=4, fps=fps)
    most = MIN_WINDOW_SHARE * DecisionSettings().window_s
    assert most - 1e-6 <= change.at <= most + 1 / fps


def test_an_expression_that_gave_way_to_an_unsure_one_is_not_held_for_ever() -> None:
    stabilizer, made = Stabilizer(DecisionSettings(), LABELS), []
    for frame in range(80):
        now = probabilities("happy", 0.8) if frame < 30 else probabilities("neutral", 0.43)
        made += stabilizer.update(frame / 10, [Reading(1, frame / 10, now)])
    assert [(change.old, change.new) for change in made] == [(NOBODY, "happy"), ("happy", CANNOT_TELL)]
    assert made[1].at <= 3.0 + 1.0 + DecisionSettings().dwell_s + 0.1


def test_one_misread_in_five_does_not_silence() -> None:
    stabilizer, made = Stabilizer(DecisionSettings(), LABELS), []
    for frame in range(40):
        now = probabilities("sad" if frame % 5 == 4 else "happy", 0.9)
        made += stabilizer.update(frame / 10, [Reading(1, frame / 10, now)])
    assert [change.new for change in made] == ["happy"]


def test_a_face_that_is_readable_in_a_third_of_its_readings_is_cannot_tell() -> None:
    made = changes(lambda at: "happy" if round(at * 15) % 3 == 0 else "?", seconds=6, fps=15)
    assert [change.new for change in made] == [CANNOT_TELL]


def test_the_dwell_time_starts_anew_after_an_interruption_or_a_gap() -> None:
    made = changes(lambda at: "?" if 3 <= at < 4.2 or 5.6 <= at < 6.8 else "happy", seconds=9, fps=10)
    assert [change.new for change in made] == ["happy"]
    made = changes(lambda at: "happy" if at < 3 else "?" if at < 4.2 or at >= 5.3 else None, seconds=6.9, fps=10)
    assert [change.new for change in made] == ["happy"]


def test_the_higher_of_card_and_setting_is_the_threshold() -> None:
    for looks, expected in (
        ({}, ["happy"]),
        ({"happy": 0.8}, []),
        ({"sad": 0.9}, ["happy"]),
        ({"happy": 0.3}, ["happy"]),
    ):
        stabilizer, made = Stabilizer(DecisionSettings(), LABELS, Thresholds(looks)), []
        for frame in range(15):
            reading = Reading(1, frame / 10, probabilities("happy", 0.7))
            made += [change.new for change in stabilizer.update(frame / 10, [reading])]
        assert made == expected


def sureness(script: list[float], expression: str = "happy", wait_at: int = -1) -> list[tuple[str, int]]:
    """The changes, with the numbers of their readings, of a face read with these probabilities, ten times a second; the
    card asks 0.7."""
    stabilizer, made = Stabilizer(DecisionSettings(), LABELS, Thresholds({"happy": 0.7, "sad": 0.7})), []
    for number, sure in enumerate(script):
        at = number / 10 + (60 if 0 <= wait_at <= number else 0)
        if number == wait_at:
            stabilizer.wait(60)
        probability = probabilities(expression if sure > 0 else "sad", abs(sure)) if sure else None
        made += [(change.new, number) for change in stabilizer.update(at, [Reading(1, at, probability)])]
    return [expected for expected in made if expected[0] != CANNOT_TELL]


def test_a_doubted_expression_must_come_half_way_to_certainty() -> None:
    assert sureness([0.65] * 4 + [0.75] * 16) == [("happy", 8)]  # the first window may still gather it
    assert sureness([0.65] * 20 + [0.80] * 20) == []
    assert sureness([0.65] * 20 + [0.86] * 20) == [("happy", 29)]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0.6, 0.68), min_size=10, max_size=10), st.lists(st.floats(0.5, 0.84), max_size=200))
def test_chance_lifts_no_doubted_expression_over_its_threshold(unsure: list[float], after: list[float]) -> None:
    assert sureness(unsure + after) == []


@settings(max_examples=50, deadline=None)
@given(st.floats(0.72, 0.84), st.integers(10, 40), st.sampled_from([-0.6, 0.0]))
def test_doubt_ends_with_the_doubted_expression(sure: float, lasted: int, between: float) -> None:
    ((expected, at),) = sureness([0.65] * lasted + [between] * 12 + [sure] * 12)
    assert expected == "happy"
    assert 4 <= at - (lasted + 12) <= 9


def test_doubt_ends_with_a_gap() -> None:
    stabilizer, made = Stabilizer(DecisionSettings(), LABELS, Thresholds({"happy": 0.7})), []
    for number in range(40):
        at, sure = (number / 10, 0.65) if number < 20 else (number / 10 + 1.1, 0.75)
        made += stabilizer.update(at, [Reading(1, at, probabilities("happy", sure))])
    assert [change.new for change in made] == [CANNOT_TELL, "happy"]


def test_there_is_no_new_expression_in_a_frame_in_which_the_face_cannot_be_read() -> None:
    assert sureness([0.9] * 12) == [("happy", 8)]
    assert sureness([0.9] * 8 + [0.0] * 2 + [0.9] * 2) == [("happy", 10)]
    assert sureness([0.9] * 8 + [0.0] * 20) == []


def test_unreadable_frames_count_against_an_expression() -> None:
    assert sureness([0.75] * 40) == [("happy", 8)]
    assert sureness([0.75, 0.75, 0.0] * 13) == []
    assert sureness([0.95, 0.95, 0.0] * 13) == [("happy", 9)]
    assert sureness([0.75] * 10 + [0.75, 0.75, 0.0] * 10) == [("happy", 8)], "a state that is held stays"


@settings(max_examples=100, deadline=None)
@given(st.floats(0.71, 1.0), st.lists(st.booleans(), min_size=30, max_size=60))
def test_fewer_readings_never_give_more_verdicts_or_sooner(sure: float, is_read: list[bool]) -> None:
    whole, broken = sureness([sure] * len(is_read)), sureness([sure * read for read in is_read])
    assert whole == [("happy", 8)]
    assert broken == [] or (broken[0][0] == "happy" and broken[0][1] >= 8)


def test_a_held_expression_is_never_doubted_and_a_pause_is_no_doubt() -> None:
    assert sureness([0.9] * 30 + [0.71] * 30 + [0.5] * 30) == [("happy", 8)]
    assert sureness([0.68] * 7 + [0.75] * 3, wait_at=7) == sureness([0.68] * 7 + [0.75] * 3) == [("happy", 9)]


def test_an_estimate_names_the_likeliest_expression_before_there_is_a_state_and_the_reason() -> None:
    stabilizer = Stabilizer(DecisionSettings(), LABELS)
    assert stabilizer.estimate(1).state == NOBODY
    stabilizer.update(0.0, [Reading(1, 0.0, probabilities("happy", 0.5))])
    estimate = stabilizer.estimate(1)
    assert (estimate.state, estimate.expression, estimate.reason) == (NOBODY, "happy", "unclear")
    assert estimate.probability == pytest.approx(0.5)
    humble = Stabilizer(DecisionSettings(), LABELS, Thresholds(maybe={"happy": 0.55}))
    humble.update(0.0, [Reading(1, 0.0, probabilities("happy", 0.5))])
    assert (humble.estimate(1).expression, humble.estimate(1).probability) == ("", pytest.approx(0.5))
    for frame in range(1, 20):
        stabilizer.update(frame / 10, [Reading(1, frame / 10, probabilities("happy", 0.9))])
    estimate = stabilizer.estimate(1)
    assert (estimate.state, estimate.expression, estimate.reason) == ("happy", "happy", "")
    assert estimate.since == pytest.approx(0.8, abs=0.11)
    for frame in range(20, 32):
        stabilizer.update(frame / 10, [Reading(1, frame / 10, None, "dark")])
    estimate = stabilizer.estimate(1)
    assert (estimate.state, estimate.expression, estimate.reason) == ("happy", "", "dark"), "known before it is a state"
    stabilizer.update(1000.0, [Reading(2, 1000.0, probabilities("happy", 0.9))])
    assert stabilizer.estimate(2).since == 1000.0, "since they came into view"


def test_an_answer_follows_the_balanced_posterior_and_an_announcement_the_probabilities_as_they_are() -> None:
    labels, weights = ("neutral", "sad", "contempt"), {"neutral": 0.33**-0.5, "sad": 0.14**-0.5}
    stabilizer, made = Stabilizer(DecisionSettings(), labels, Thresholds(weights=weights)), []
    for frame in range(15):
        made += stabilizer.update(frame / 10, [Reading(1, frame / 10, (0.44, 0.36, 0.2))])
    weighted = 0.44 * weights["neutral"], 0.36 * weights["sad"]
    estimate = stabilizer.estimate(1)
    assert (estimate.state, estimate.expression) == (NOBODY, "sad"), "contempt, which is never named, has no weight"
    assert estimate.probability == pytest.approx(weighted[1] / sum(weighted))
    for frame in range(15):
        made += stabilizer.update(frame / 10, [Reading(2, frame / 10, (0.55, 0.4, 0.05))])
    assert [change.new for change in made] == ["neutral"], "announced by the probabilities as they are"
    assert (stabilizer.estimate(2).state, stabilizer.estimate(2).expression) == ("neutral", "sad"), "not sure enough"
    for frame in range(15, 30):
        made += stabilizer.update(frame / 10, [Reading(2, frame / 10, (0.62, 0.36, 0.02))])
    estimate = stabilizer.estimate(2)
    assert (estimate.state, estimate.expression) == ("neutral", "neutral"), "sure: it is named as it was announced"
    assert estimate.probability == pytest.approx(0.62)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8), st.floats(0.1, 10))
def test_equal_weights_change_nothing_and_a_larger_weight_favours(shares: list[float], weight: float) -> None:
    given_shares = [share / sum(shares) for share in shares] if sum(shares) > 0 else shares
    assert balanced(given_shares, [weight] * len(shares)) == pytest.approx(given_shares)
    favoured = balanced(given_shares, [weight, *[weight / 2] * (len(shares) - 1)])
    assert favoured[0] >= given_shares[0] - 1e-12
    assert sum(favoured) == pytest.approx(sum(given_shares))


def test_the_reason_is_that_of_most_readings() -> None:
    stabilizer, made = Stabilizer(DecisionSettings(), LABELS), []
    for frame in range(40):
        reason = "occluded" if frame % 4 == 3 else "side_on"
        made += stabilizer.update(frame / 10, [Reading(1, frame / 10, None, reason)])
    assert [(change.new, change.reason) for change in made] == [(CANNOT_TELL, "side_on")]
    assert stabilizer.estimate(1).reason == "side_on"


def test_the_estimate_of_an_unknown_track_is_empty() -> None:
    assert Stabilizer(DecisionSettings(), LABELS).estimate(3) == TrackEstimate(NOBODY, "", 0.0, "", 0.0)


def test_an_estimate_holds_the_mean_and_the_beginning() -> None:
    stabilizer = Stabilizer(DecisionSettings(window_s=1.0), LABELS)
    for frame in range(30):
        sure = 0.9 if frame % 2 else 0.7
        stabilizer.update(frame / 10, [Reading(1, frame / 10, probabilities("happy", sure))])
    expected = stabilizer.estimate(1)
    assert expected.probability == pytest.approx(0.8, abs=0.011)
    assert expected.since == pytest.approx(0.8)
    for frame in range(30, 36):
        stabilizer.update(frame / 10, [Reading(1, frame / 10, None, "dark")])
    assert stabilizer.estimate(1) == TrackEstimate("happy", "", 0.0, "dark", expected.since)


def test_an_estimate_needs_half_of_the_readings() -> None:
    for first, likely in (("happy", "happy"), ("?", "")):
        stabilizer = Stabilizer(DecisionSettings(), LABELS)
        for frame, state in enumerate(("happy", "?", first, "?")):
            probability = probabilities("happy", 0.5) if state == "happy" else None
            stabilizer.update(frame / 10, [Reading(1, frame / 10, probability, "" if probability else "dark")])
        assert stabilizer.estimate(1).expression == likely


def test_a_probability_exactly_at_the_threshold_is_a_maybe() -> None:
    stabilizer = Stabilizer(DecisionSettings(), LABELS)
    stabilizer.update(0.0, [Reading(1, 0.0, probabilities("happy", MIN_MAYBE_PROBABILITY))])
    assert stabilizer.estimate(1) == TrackEstimate(NOBODY, "happy", MIN_MAYBE_PROBABILITY, "unclear", 0.0)


def test_an_estimate_holds_since_when_a_track_is_cannot_tell() -> None:
    stabilizer = Stabilizer(DecisionSettings(), LABELS)
    for frame in range(40):
        stabilizer.update(frame / 10, [Reading(1, frame / 10, probabilities("happy", 0.4))])
    assert stabilizer.estimate(1).state == CANNOT_TELL
    assert stabilizer.estimate(1).since == pytest.approx(1.9)


def test_dwell_times_count_from_the_very_frame() -> None:
    """The first CANNOT_TELL comes 1.1 s after the first verdict, at 0.8 s; NOBODY 1.5 s after the last reading."""
    weak = changes(lambda at: "happy", seconds=5, fps=10, sure=0.4)
    assert [change.at for change in weak] == [pytest.approx(1.9)]
    gone = changes(lambda at: "happy" if at <= 2.0 else None, seconds=5, fps=10)
    assert [(change.new, change.at) for change in gone] == [("happy", 0.8), (NOBODY, 3.5)]


def test_a_reading_that_gives_no_reason_is_unclear() -> None:
    stabilizer, made = Stabilizer(DecisionSettings(), LABELS), []
    for frame in range(40):
        made += stabilizer.update(frame / 10, [Reading(1, frame / 10, None)])
    assert [(change.new, change.reason) for change in made] == [(CANNOT_TELL, "unclear")]
    assert stabilizer.estimate(1).reason == "unclear"


def test_an_expression_needs_no_reason_whatever_was_before() -> None:
    stabilizer, made = Stabilizer(DecisionSettings(), LABELS), []
    for frame in range(60):
        is_dark = frame < 30
        probability = None if is_dark else probabilities("happy")
        made += stabilizer.update(frame / 10, [Reading(1, frame / 10, probability, "dark" if is_dark else "")])
    assert [(change.new, change.reason) for change in made] == [(CANNOT_TELL, "dark"), ("happy", "")]


def test_a_track_missed_in_one_frame_is_not_forgotten_before_the_first_verdict() -> None:
    stabilizer, made = Stabilizer(DecisionSettings(), LABELS), []
    for frame in range(1000, 1020):
        at = frame / 10
        made += stabilizer.update(at, [] if frame == 1004 else [Reading(1, at, probabilities("happy"))])
    assert [(change.new, change.at) for change in made] == [("happy", pytest.approx(100.8))]


def test_a_longer_window_takes_longer_to_fill() -> None:
    (change,) = changes(lambda at: "happy", seconds=4, fps=10, decide=DecisionSettings(window_s=2.0))
    assert change.at == pytest.approx(1.6)


def test_flicker_between_two_unsure_expressions_is_cannot_tell() -> None:
    stabilizer, made = Stabilizer(DecisionSettings(), LABELS), []
    for frame in range(50):
        probability = probabilities("happy" if frame % 2 else "sad", 0.4)
        made += stabilizer.update(frame / 10, [Reading(1, frame / 10, probability)])
    assert [(change.new, change.reason) for change in made] == [(CANNOT_TELL, "unclear")]


def test_a_probability_exactly_at_a_threshold_is_enough() -> None:
    decide = DecisionSettings(enter_threshold=0.5, exit_threshold=0.5)
    assert [change.new for change in changes(lambda at: "happy", seconds=8, fps=10, sure=0.5, decide=decide)] == [
        "happy"
    ]
    strict = DecisionSettings(enter_threshold=0.75, exit_threshold=0.5)
    stabilizer, made = Stabilizer(strict, LABELS), []
    for frame in range(80):
        made += stabilizer.update(
            frame / 10, [Reading(1, frame / 10, probabilities("happy", 0.875 if frame < 20 else 0.5))]
        )
    assert [change.new for change in made] == ["happy"]


def happy_until(end: float, *, fps: float = 10.0) -> Stabilizer:
    """A stabilizer whose track 1 has looked happy in every frame before `end` (seconds)."""
    stabilizer = Stabilizer(DecisionSettings(), LABELS)
    for frame in range(round(end * fps)):
        stabilizer.update(frame / fps, [Reading(1, frame / fps, probabilities("happy", 0.9))])
    return stabilizer


def test_an_expression_has_faded_once_nothing_has_spoken_for_it_for_its_time() -> None:
    stabilizer = happy_until(3.0)
    assert stabilizer.states() == {1: "happy"}
    assert stabilizer.faded(2.9 + FADED_S - 0.01) == set()
    assert stabilizer.faded(2.9 + FADED_S) == {1}
    assert stabilizer.faded(2.9 + FADED_S + 1.0) == {1}


def test_fading_counts_from_the_first_unsure_reading() -> None:
    stabilizer = happy_until(3.0)
    unsure_from = None
    for frame in range(30, 60):
        at = frame / 10
        if stabilizer.faded(at):
            break
        stabilizer.update(at, [Reading(1, at, None, "dark")])
        if unsure_from is None and stabilizer.estimate(1).reason == "dark":
            unsure_from = at
    assert unsure_from is not None
    assert at - unsure_from == pytest.approx(FADED_S, abs=0.15), "not from the last reading, which is always new"
    assert stabilizer.states() == {1: "happy"}, "the state has not ended yet"


def test_a_state_that_is_no_expression_never_fades() -> None:
    stabilizer = Stabilizer(DecisionSettings(), LABELS)
    for frame in range(40):
        stabilizer.update(frame / 10, [Reading(1, frame / 10, None, "dark")])
    assert stabilizer.states() == {1: CANNOT_TELL}
    assert stabilizer.faded(10.0) == set()


def test_forgotten_tracks_have_no_state() -> None:
    stabilizer = happy_until(3.0)
    stabilizer.forget()
    assert stabilizer.states() == {}
    assert stabilizer.faded(10.0) == set()


@pytest.mark.parametrize("pause_s", [0.7, 5.0, 60.0])
def test_a_pause_counts_neither_as_absence_nor_as_time_in_a_state(pause_s: float) -> None:
    """What follows a pause comes as if there had been none, at the same distance from what was before it."""

    def run(pause_s: float) -> list[tuple[float, str, str]]:
        stabilizer, made = happy_until(2.0), []
        for frame in range(20, 80):
            at = frame / 10
            if frame == 26:
                stabilizer.wait(pause_s)
            shifted = at + (pause_s if frame >= 26 else 0.0)
            reading = Reading(1, shifted, None, "dark") if frame % 7 else Reading(1, shifted, probabilities("sad", 0.5))
            changed = stabilizer.update(shifted, [reading] if frame < 60 else [])
            made += [(round(each.at - shifted + at, 6), each.old, each.new) for each in changed]
        return made

    assert run(pause_s) == run(0.0)
    assert [new for _, _, new in run(0.0)] == [CANNOT_TELL, NOBODY]


def settled_after(truth: Truth, seconds: float, sure: float = 0.9, looks: float = 0.45) -> tuple[bool, str]:
    """Whether the only track is settled after so many seconds at ten frames a second, and its state."""
    stabilizer = Stabilizer(DecisionSettings(), LABELS, Thresholds({"happy": looks}))
    for frame in range(round(seconds * 10)):
        now = truth(frame / 10)
        values = None if now == "?" or now is None else probabilities(now, sure)
        reading = Reading(1, frame / 10, values, "" if values else "occluded")
        stabilizer.update(frame / 10, [] if now is None else [reading])
    assert stabilizer.has_tracks
    assert stabilizer.is_settled == (stabilizer.settled() == {1})
    return stabilizer.is_settled, stabilizer.states().get(1, NOBODY)


def test_a_state_is_settled_once_the_same_readings_again_would_not_change_it() -> None:
    assert settled_after(lambda at: "happy", 0.5) == (False, NOBODY), "no verdict yet"
    assert settled_after(lambda at: "happy", 3) == (True, "happy")
    assert settled_after(lambda at: "happy" if at < 3 else "sad", 3.3) == (False, "happy"), "it is about to change"
    assert settled_after(lambda at: "happy" if at < 3 else "sad", 6) == (True, "sad")
    assert settled_after(lambda at: "happy" if at < 3 else None, 3.3) == (False, "happy"), "not found just now"
    assert settled_after(lambda at: "?", 6) == (True, CANNOT_TELL)
    assert settled_after(lambda at: "happy" if at < 3 else "?", 4) == (False, "happy")
    assert settled_after(lambda at: "happy" if at % 0.4 < 0.2 else "sad", 9)[0] is False, "contested"


def test_an_expression_that_is_held_below_its_threshold_is_settled() -> None:
    stabilizer = Stabilizer(DecisionSettings(), LABELS, Thresholds({"happy": 0.8}))
    for frame in range(40):
        sure = 0.9 if frame < 15 else 0.7
        stabilizer.update(frame / 10, [Reading(1, frame / 10, probabilities("happy", sure))])
    assert stabilizer.states() == {1: "happy"}
    assert stabilizer.is_settled


def test_without_a_track_everything_is_settled() -> None:
    stabilizer = Stabilizer(DecisionSettings(), LABELS)
    assert stabilizer.is_settled
    assert not stabilizer.has_tracks
