"""The sentences with a friend's name in them, which stands in place of "one person". Pure."""

from assistant.phrases import MAX_WORDS, Phrases
from assistant.sentences import Sentence

FORMS = {
    Sentence.ARRIVED: "looks",
    Sentence.LOOKS: "looks",
    Sentence.NO_LONGER: "no_longer",
    Sentence.PERSON_LEFT: "left",
}
"""The sentences of [names] that stand for others; any other one is replaced by the name alone."""


def named(
    phrases: Phrases, sentence: Sentence, name: str, *, is_certain: bool = True, expression: str = "", where: str = ""
) -> str:
    """A sentence of announcements about a friend. A name that is not certain stands in a sentence of its own. A place
    with which the sentence would have more than MAX_WORDS words is left out: the name tells who it is."""
    known = phrases.tables["names"]
    if phrases.wording == "movement":
        known = known | phrases.tables["movement_names"]
    form = FORMS.get(sentence, "named") if is_certain else "maybe"
    looks = phrases.expression(expression, is_over=sentence is Sentence.NO_LONGER) if expression else ""
    text = known[form].format(name=name, expression=looks)
    if where and f"{form}_where" in known:
        longer = known[f"{form}_where"].format(name=name, expression=looks, where=phrases.place(where))
        text = longer if len(longer.split()) <= MAX_WORDS else text
    text = phrases.capitalize(text)
    if is_certain or not sentence.names_expression:
        return text
    return f"{text} {phrases.announcement(Sentence.LOOKS, expression=expression)}"
