"""The words of the friends in every language."""

import functools

from assistant.skills import words
from assistant.skills.friends.gates import Refusal
from assistant.skills.words import Words

TABLES = {
    "menu": {"teach", "list", "forget", "forget_all", "over"},
    "teach": {
        "give", "agree", "agree_aloud", "refused", "adult", "child", "look", "turn_left", "turn_right", "chin_up",
        "closer", "cancelled", "few", "several", "known", "say_name", "saved", "views_3", "views_4", "views_5", "full",
    },
    "refusals": {str(each) for each in Refusal},
    "friends": {"none", "forget", "again", "forgotten", "all_again", "all_forgotten", "keep", "kept"},
}  # fmt: skip
PLACEHOLDERS = {"teach": {"name"}, "friends": {"name"}}


@functools.cache
def load(locale: str) -> Words:
    """The words of a language. Raises LocaleError."""
    return words.load("assistant.skills.friends", locale, TABLES, PLACEHOLDERS)
