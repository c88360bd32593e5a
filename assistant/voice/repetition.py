"""The last utterance once more, because the wearer asked for it."""

from assistant.records import Priority, Utterance, UtteranceKind

NOT_REPEATED = (UtteranceKind.COMMAND_REPLY, UtteranceKind.IDLE_TICK, UtteranceKind.GUIDE, UtteranceKind.SOUND_SAMPLE)
"""Kinds of utterances that `repeat` passes over."""


def repeated(last: Utterance) -> Utterance:
    """Its words as an answer, with the voice tag of a friend, and without its earcon."""
    return Utterance(
        last.text,
        Priority.ANSWER,
        "answer",
        None,
        "repeated",
        kind=UtteranceKind.ANSWER,
        spoken_name=last.spoken_name,
        name_sound=last.name_sound,
    )
