"""Why a sentence was not said, in plain words, for the transcripts of `replay` and `demo`."""

from collections import deque

from assistant.records import Fate, Priority, Utterance
from assistant.voice.speech.speech_queue import MAX_UNASKED, RATE_WINDOW_S

WORDS = {
    Fate.INTERRUPTED: "cut off by something more urgent",
    Fate.SUPERSEDED: "not said: it was no longer true",
    Fate.EXPIRED: "not said: it had waited too long",
    Fate.FAILED: "not heard: no voice could say it",
}
"""The words for each fate that has one reason."""
TOO_MANY = f"not said: no more than {MAX_UNASKED} sentences a minute unasked, the last of them kept for a face"
OUTRANKED = "not said: something more important about the same was waiting"
ENDED = "not said: the pictures had ended"


class FateReasons:
    """Knows how many sentences were begun unasked, and so why the queue has dropped one."""

    def __init__(self) -> None:
        self.is_over = False
        """Whether the speaker is being closed, which drops what still waits."""
        self._unasked_at: deque[float] = deque()

    def started(self, utterance: Utterance, at: float) -> None:
        """An utterance begins at `at` seconds."""
        if utterance.priority < Priority.PAUSE:
            self._unasked_at.append(at)

    def why(self, utterance: Utterance, fate: Fate, at: float) -> str:
        """What came of an utterance that ended at `at` seconds; empty where it was said to its end."""
        if fate is not Fate.DROPPED:
            return WORDS.get(fate, "")
        if self.is_over:
            return ENDED
        while self._unasked_at and at - self._unasked_at[0] >= RATE_WINDOW_S:
            self._unasked_at.popleft()
        limit = MAX_UNASKED - (utterance.priority is Priority.STATUS)
        return TOO_MANY if len(self._unasked_at) >= limit else OUTRANKED


def transcript_line(at: float, utterance: Utterance, reason: str) -> str:
    """A line of a transcript. at: when the words began, or when the change was noticed that was not told, seconds."""
    return f"{at:7.2f} s  {utterance.text:32} ({utterance.log_note})" + (f" [{reason}]" if reason else "")


def counted(count: int, one: str, many: str) -> str:
    """A number with its word: 1 person, 2 people."""
    return f"{count} {one if count == 1 else many}"
