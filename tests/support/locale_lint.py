"""A linter for locale files: builds every sentence that can be spoken, and checks it by the table [wording_rules]."""

import itertools
import string
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.named_phrases import named
from assistant.phrases import MAX_GUIDE_WORDS, MAX_WORDS, PLACEHOLDERS, SPOKEN_EXPRESSIONS, TABLES, Phrases, load
from assistant.sentences import Sentence
from assistant.voice.controls.button_map import BUTTONS, MEDIA_KEYS, GestureCommands
from assistant.voice.guide import script
from assistant.voice.guide.machine import Step

FRIENDS = ("Ada", "Anna Maria")
"""Names of friends; a name has two words at the most."""
PLACES = sorted(TABLES["where"] | TABLES["clock"])
ARABIC_VOWELS = dict.fromkeys(range(0x064B, 0x0653))


@dataclass(frozen=True)
class Language:
    """The table [wording_rules] of a locale: words in lower case and without Arabic vowel marks."""

    never: frozenset[str]
    """Words that no sentence may have: the identity of a person (sex, age, a name that was not given by a friend who
    agreed to be named: see `_names_nobody`), forms that fit only one sex, and "feels"."""
    feelings: frozenset[str]
    """Words that only stand beside one of `hedges`, and never beside one of `claims`."""
    hedges: frozenset[str]
    """Words that hedge, such as "looks"."""
    claims: frozenset[str]
    """Words that claim, such as "is"."""

    @staticmethod
    def of(phrases: Phrases) -> "Language":
        """The rules of a locale."""
        return Language(**{name: frozenset(text.split()) for name, text in phrases.tables["wording_rules"].items()})


def unasked(phrases: Phrases) -> Iterator[str]:
    """Everything that may be spoken unasked."""
    for name, form in phrases.tables["sentences"].items():
        sentence = Sentence(name.removesuffix("_where"))
        expressions = sorted(SPOKEN_EXPRESSIONS) if "{expression}" in form else [""]
        reasons = sorted(TABLES["reasons"]) if "{reason}" in form else [""]
        places = PLACES if name.endswith("_where") else [""]
        counts = range(1, 6) if "{count}" in form else [0]
        for expression, reason, place, people in itertools.product(expressions, reasons, places, counts):
            yield phrases.announcement(sentence, expression=expression, where=place, reason=reason, people=people)
    yield from by_name(phrases)
    yield from (phrases.join([phrases.expression(name)]) for name in sorted(SPOKEN_EXPRESSIONS))
    yield phrases.wrong_line(12)
    for table in ("status", "skills", "skill_failures", "sounds", "faults", "faults_over", "advice"):
        yield from phrases.tables[table].values()
    yield from (phrases.outage(seconds) for seconds in (30, 300))
    yield from (phrases.finding(name, 12) for name in phrases.tables["doctor"])
    yield from (text for name, text in phrases.tables["notice"].items() if name != "title")


def by_name(phrases: Phrases) -> Iterator[str]:
    """Everything that may be said about a friend, one sentence each."""
    for sentence, name, place in itertools.product(Sentence, FRIENDS, ["", *PLACES]):
        names_expression = sentence.names_expression or sentence is Sentence.NO_LONGER
        for expression in sorted(SPOKEN_EXPRESSIONS) if names_expression else [""]:
            yield named(phrases, sentence, name, expression=expression, where=place)
        yield named(phrases, sentence, name, is_certain=False, where=place)
    yield phrases.tables["names"]["stranger"]
    yield from (phrases.capitalize(phrases.tables["names"]["rejected"].format(name=name)) for name in FRIENDS)


def asked(phrases: Phrases) -> Iterator[str]:
    """Everything that may be spoken in answer, one sentence each."""
    yield from phrases.tables["aim"].values()
    looks = [phrases.announcement(Sentence.LOOKS, expression=name) for name in sorted(SPOKEN_EXPRESSIONS)]
    looks += [phrases.answer("maybe", expression=phrases.expression(name)) for name in sorted(SPOKEN_EXPRESSIONS)]
    looks += [phrases.answer("why_not", reason=reason) for reason in phrases.tables["reasons"].values()]
    yield from looks
    for place, look in itertools.product(PLACES, looks):
        yield phrases.capitalize(f"{phrases.place(place)}: {look}")
    filled = ("sureness", "duration")
    for name, *facts in itertools.product(
        sorted(SPOKEN_EXPRESSIONS), *(phrases.tables[table].values() for table in filled)
    ):
        why = phrases.answer("why", expression=phrases.expression(name), **dict(zip(filled, facts, strict=True)))
        yield from sentences(phrases, why)
    yield from (phrases.join([count]) for count in phrases.tables["counts"].values())
    distances, facings = (["", *phrases.tables[table].values()] for table in ("distance", "facing"))
    for first in (phrases.tables["counts"]["1"], phrases.tables["answers"]["nearest"]):
        for place, *rest in itertools.product(PLACES, distances, facings):
            yield from sentences(phrases, phrases.join([first, phrases.place(place), *rest]))


BOXES: tuple[dict[str, GestureCommands], ...] = (
    {},
    *({f"button {number}": row for number, row in enumerate(rows, 1)} for rows in BUTTONS.values()),
    {"play": MEDIA_KEYS["play"]},
    {**MEDIA_KEYS, "keyboard": MEDIA_KEYS["play"]},
)
"""The keys of boxes without any, with one to four buttons, and of headsets with one key and with all."""


def guide_steps(phrases: Phrases) -> Iterator[Step]:
    """Every step that the guide may have."""
    for keys in BOXES:
        for variant in (False, True):  # what is announced now, and whether friends are recognized
            yield from script.guide(
                phrases, keys, is_smiles=variant, has_typing=True, has_skills=True, names_friends=variant
            )
        yield from (*script.offer(phrases, keys), *script.key_help(phrases, keys))


def guide_texts(phrases: Phrases) -> Iterator[str]:
    """Everything that the guide may say, sounds apart."""
    for step in guide_steps(phrases):
        lines = [*step.lines, *step.key_help.values()]
        if practice := step.practice:
            lines += [practice.prompt, practice.wrong, *practice.done, *practice.missed]
        yield from (line.text for line in lines)
    for name in ("declined", "keys_over", "left", "finished"):
        yield from (line.text for line in script.last_words(phrases, name))


def sentences(phrases: Phrases, text: str) -> list[str]:
    """The sentences of a text."""
    parts = text.removesuffix(phrases.stop).split(f"{phrases.stop} ")
    return [part + phrases.stop for part in parts]


def mistakes(phrases: Phrases) -> list[str]:
    """The mistakes of a locale in the wording that it was loaded in."""
    rules = Language.of(phrases)
    spoken = {*unasked(phrases), *asked(phrases)}
    guide = {each for text in guide_texts(phrases) for each in sentences(phrases, text)}
    found = [
        f"{text!r} {wrong}"
        for texts, max_words in ((spoken, MAX_WORDS), (guide, MAX_GUIDE_WORDS))
        for text in texts
        for wrong in (*_form(phrases, text, max_words), *_wording(phrases, text, rules))
    ]
    return sorted((*found, *_placeholders(phrases), *_names_nobody(phrases), *_alike(phrases)))


def _form(phrases: Phrases, text: str, max_words: int) -> Iterator[str]:
    if len(text.split()) > max_words:
        yield f"has more than {max_words} words"
    if not text.endswith((phrases.stop, "?", "!")):
        yield "does not end"
    if text.endswith(phrases.stop * 2):
        yield "ends twice"
    if set("{}") & set(text):
        yield "has a brace left"
    if "  " in text or text != text.strip() or f" {phrases.comma.strip()}" in text:
        yield "has a space too many"
    if not text.isprintable():
        yield "has a character that cannot be seen"
    if text != unicodedata.normalize("NFC", text):
        yield "is not in the composed form (NFC)"
    if any(part[:1].islower() for part in sentences(phrases, text)):
        yield "does not begin with a capital"


def _wording(phrases: Phrases, text: str, language: Language) -> Iterator[str]:
    words = tokens(text)
    yield from (f"says {word!r}" for word in sorted(words & language.never))
    if not words & language.feelings:
        return
    if phrases.wording == "movement":
        yield "names a feeling, not a movement"
    if not words & language.hedges or words & language.claims:
        yield "says what somebody feels, not how somebody looks"


def _names_nobody(phrases: Phrases) -> Iterator[str]:
    """Only the tables of names may name a person: everywhere else people are "one person"."""
    for table, texts in phrases.tables.items():
        for key, form in texts.items() if table not in ("names", "movement_names") else ():
            if "name" in _names(form):
                yield f"{table}.{key} names a person"


def _placeholders(phrases: Phrases) -> Iterator[str]:
    """A sentence must have the placeholders of the English one, in any order."""
    english = load("en").tables
    for table in PLACEHOLDERS:
        for key, form in phrases.tables[table].items():
            if _names(form) != _names(english[table][key]):
                yield f"{table}.{key} has other placeholders than in English"


def _alike(phrases: Phrases) -> Iterator[str]:
    """Sentences and words that must not be mistaken for each other must differ."""
    groups = {
        table: [*phrases.tables[table].values()]
        for table in TABLES
        if table not in ("sentences", "names", "answers", "wording_rules")
    }
    groups["places"] = groups.pop("where") + groups.pop("clock")
    wholes = (
        "aim",
        "status",
        "skills",
        "skill_failures",
        "sounds",
        "guide",
        "key_help",
        "faults",
        "faults_over",
        "doctor",
        "advice",
        "notice",
    )
    groups["whole sentences"] = [
        *itertools.chain.from_iterable(groups[table] for table in wholes),
        *(phrases.announcement(each) for each in Sentence if each.is_presence),
        *(
            phrases.announcement(sentence, expression=each)
            for sentence in (Sentence.LOOKS, Sentence.NO_LONGER)
            for each in sorted(SPOKEN_EXPRESSIONS)
        ),
    ]
    for name, texts in groups.items():
        spoken = [" ".join(sorted(tokens(text))) for text in texts]
        yield from (f"{name}: {text!r} is said twice" for at, text in enumerate(texts) if spoken[at] in spoken[:at])


def tokens(text: str) -> set[str]:
    """The words of a text in lower case, without punctuation and without Arabic vowel marks."""
    bare = unicodedata.normalize("NFC", text.lower()).translate(ARABIC_VOWELS)
    return set("".join(" " if unicodedata.category(char)[0] in "PS" else char for char in bare).split())


def _names(form: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(form) if name is not None}
