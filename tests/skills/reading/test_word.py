"""Words on their way between the engine's process and vision's."""

import json
from typing import Any

import pytest

from assistant.errors import SkillError
from assistant.records import Box
from assistant.skills.reading.word import MAX_CHARACTERS, Word, word
from tests.support.read_words import set_word


def test_a_word_comes_back_as_it_was() -> None:
    sent = Word("Grüße", 0.875, Box(1.5, 2, 30, 12.5), ((1, 2), (31, 2), (31, 14.5), (1, 14.5)))
    assert word(json.loads(json.dumps(sent.as_json()))) == sent


@pytest.mark.parametrize(
    "wrong",
    [
        {"box": [1, 2, 3]},
        {"box": "abcd"},
        {"confidence": "high"},
        {"confidence": float("nan")},
        {"corners": [[1]]},
        {"corners": None},
    ],
)
def test_a_malformed_word_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SkillError, match="answer has a"):
        word({**set_word("word", 0, 0).as_json(), **wrong})


def test_a_word_without_end_is_cut() -> None:
    assert len(word(set_word("w" * 5000, 0, 0).as_json()).text) == MAX_CHARACTERS
