"""Whether everybody in view was announced in time, and whether anything was said twice. Pure."""

from convert.scenarios.score.announcements import ABSENCE_S, nearest_person
from convert.scenarios.score.presence import STEP_S
from convert.scenarios.score.transcript import SceneTranscript, TranscriptLine
from convert.scenarios.script.ground_truth import PersonTimeline

WITHIN_S = 2.5
"""Seconds from the moment when a face can be read in which its person should be announced."""
MIN_VIEW_S = 3.0
"""Least time for which a face must be readable without a break: a person who only passes by need not
be announced."""


def people(scene: SceneTranscript) -> tuple[int, int]:
    """(people who came into view and stayed, those of them who were announced within WITHIN_S)."""
    arrivals = [(person, at) for person in scene.truth.people for at in _arrivals(person, scene.truth.seconds)]
    return len(arrivals), sum(_is_told(scene, person, at) for person, at in arrivals)


def doubled(scene: SceneTranscript) -> int:
    """How many spoken lines say of a person what the line before them about the same person said."""
    last: dict[int, str] = {}
    count = 0
    for line in _spoken(scene):
        count += last.get(line.track_id) == line.text and not line.is_cue
        last[line.track_id] = line.text
    return count


def _arrivals(person: PersonTimeline, seconds: float) -> list[float]:
    """Times from which a face can be read for MIN_VIEW_S, the first after each absence of ABSENCE_S or more."""
    found: list[float] = []
    is_counted = False
    gone_at: float | None = None
    since: float | None = None
    for step in range(round(seconds / STEP_S)):
        at = step * STEP_S
        if not person.expression_at(at):
            gone_at, since = (at if gone_at is None else gone_at), None
            is_counted = is_counted and at - gone_at < ABSENCE_S
            continue
        gone_at = None
        since = (at if since is None else since) if person.is_readable(at) else None
        if since is not None and not is_counted and at - since >= MIN_VIEW_S:
            found.append(since)
            is_counted = True
    return found


def _is_told(scene: SceneTranscript, person: PersonTimeline, at: float) -> bool:
    """Whether a line about a person, or one that counts the people in view, was spoken in time."""
    in_time = [line for line in _spoken(scene) if at - MIN_VIEW_S <= (line.started_at or 0.0) <= at + WITHIN_S]
    return any(line.people or nearest_person(scene.truth, line.noticed_at, line.box) is person for line in in_time)


def _spoken(scene: SceneTranscript) -> list[TranscriptLine]:
    return sorted(
        (each for each in scene.lines if each.started_at is not None), key=lambda each: each.started_at or 0.0
    )
