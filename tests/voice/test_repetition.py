"""What is repeated."""

from assistant.records import Priority, Utterance, UtteranceKind
from assistant.voice.repetition import repeated


def test_a_friends_name_is_played_again() -> None:
    said = Utterance(
        "Friend 3.", Priority.CHANGE, "person 1", 5.0, "note", "came", spoken_name="Friend 3", name_sound="a.wav"
    )
    again = repeated(said)
    assert (again.text, again.spoken_name, again.name_sound) == ("Friend 3.", "Friend 3", "a.wav")
    assert (again.priority, again.kind, again.earcon, again.expires_at) == (
        Priority.ANSWER, UtteranceKind.ANSWER, "", None
    )  # fmt: skip
