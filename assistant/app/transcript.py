"""One line for each announcement of a recording, however often it was tried before it was said."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from assistant.app.replay import AnnouncementOutcome, AnswerOutcome, ReplaySummary

SAME_ATTEMPT_S = 20.0
"""An announcement that was not said is made again within so many seconds of the clip, as long as it is true; later the
same words about the same person are news."""
Outcome = AnnouncementOutcome | AnswerOutcome | ReplaySummary


def one_line_each(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """The outcomes of `replay`, with all attempts at one announcement as one: from its first change to its last fate.

    One that was not said, and what follows it, is held back until it is clear that it is not tried again.
    """
    held: list[Outcome] = []
    open_ids: set[int] = set()  # of those in `held` that may be tried again
    try:
        for outcome in outcomes:
            held.append(_merge(held, open_ids, outcome) if isinstance(outcome, AnnouncementOutcome) else outcome)
            if isinstance(outcome, ReplaySummary):
                open_ids.clear()
            while held and id(held[0]) not in open_ids:
                yield held.pop(0)
    except Exception:  # what was found out before the recording could not be read on
        yield from held
        raise
    yield from held


def _merge(held: list[Outcome], open_ids: set[int], outcome: AnnouncementOutcome) -> AnnouncementOutcome:
    """The outcome, with the first attempt's change if there was an earlier attempt, which is removed."""
    for before in [each for each in held if id(each) in open_ids]:
        assert isinstance(before, AnnouncementOutcome)
        is_of_same = before.utterance.topic == outcome.utterance.topic
        is_late = outcome.made_at - before.made_at > SAME_ATTEMPT_S
        if not is_of_same and not is_late:
            continue
        open_ids.discard(id(before))
        if is_of_same and not is_late and before.utterance.text == outcome.utterance.text:
            held[:] = [each for each in held if each is not before]
            outcome = replace(outcome, announcement=before.announcement)
    if outcome.started_at is None:
        open_ids.add(id(outcome))
    return outcome
