"""Why a sentence was not said, in plain words, for the transcripts of `replay` and `demo`."""

from collections import deque

from assistant.records import MAX_UNASKED, UNASKED_WINDOW_S, Fate, Priority, Utterance, UtteranceKind

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
    """Counts the unasked sentences that were begun, and so knows why the queue dropped one."""

    def __init__(self) -> None:
        self.is_over = False
        """Whether the speaker is being closed, which drops what still waits."""
        self._unasked_at: deque[float] = deque()

    def started(self, utterance: Utterance, at: float) -> None:
        """An utterance begins at `at` seconds."""
        if utterance.priority < Priority.PAUSE and utterance.kind is not UtteranceKind.CUE:
            self._unasked_at.append(at)

    def why(self, utterance: Utterance, fate: Fate, at: float) -> str:
        """Why an utterance that ended at `at` seconds was not said to its end; empty where it was."""
        if fate is not Fate.DROPPED:
            return WORDS.get(fate, "")
        if self.is_over:
            return ENDED
        while self._unasked_at and at - self._unasked_at[0] >= UNASKED_WINDOW_S:
            self._unasked_at.popleft()
        limit = MAX_UNASKED - (utterance.priority is Priority.STATUS)
        return TOO_MANY if len(self._unasked_at) >= limit else OUTRANKED


def transcript_line(at: float, utterance: Utterance, reason: str) -> str:
    """A line of a transcript. at: when the words began, or, if they did not, when the change was noticed; seconds.
    Where a sound stood for the words, a musical note is before them."""
    text = f"♪ {utterance.text}" if utterance.kind is UtteranceKind.CUE else utterance.text
    return f"{at:7.2f} s  {text:32} ({utterance.log_note})" + (f" [{reason}]" if reason else "")


def counted(count: int, one: str, many: str) -> str:
    """A number with its word: 1 person, 2 people."""
    return f"{count} {one if count == 1 else many}"
