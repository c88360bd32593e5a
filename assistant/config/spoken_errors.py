"""What a wearer hears of settings that cannot be used: the fault, and the first wrong lines, to tell whoever helps."""

from assistant.phrases import Phrases
from assistant.records import Priority, SettingsProblem, Utterance

MOST_LINES = 3
"""So many wrong lines are told: who has mended them hears of the next."""


def told(problem: SettingsProblem, words: Phrases) -> tuple[Utterance, ...]:
    """The sentences, in their order."""
    fault = Utterance(words.fault(problem.fault), Priority.FAULT, f"fault {problem.fault}", None, problem.detail)
    lines = (
        Utterance(words.wrong_line(line), Priority.FAULT, f"settings line {line}", None, problem.detail)
        for line in problem.lines[:MOST_LINES]
    )
    return (fault, *lines)
