"""Which lines of a settings file are wrong, as the wearer hears it."""

from assistant.phrases import Phrases
from assistant.records import Priority, SettingsProblem, Utterance, UtteranceKind

MAX_LINES = 3
"""At most this many wrong lines are spoken: when these are corrected, the next start names the next ones."""


def wrong_lines(problem: SettingsProblem, phrases: Phrases) -> tuple[Utterance, ...]:
    """One sentence for each of the first wrong lines, in their order."""
    return tuple(
        Utterance(
            phrases.wrong_line(line),
            Priority.FAULT,
            f"settings line {line}",
            None,
            problem.detail,
            kind=UtteranceKind.FAULT,
        )
        for line in problem.lines[:MAX_LINES]
    )
