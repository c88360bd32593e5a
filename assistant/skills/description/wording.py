"""The two sentences of a description: who is there, then what, and how light it is. Pure.

What is more useful comes first. What does not fit into eight words is left out, a thing before the light: that it is
dim tells why there may be more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field

from assistant.dataclass import dataclass
from assistant.people import PersonView
from assistant.phrases import MAX_WORDS, SPOKEN_EXPRESSIONS, Phrases
from assistant.skills.description import vocabulary
from assistant.skills.things.detection import Thing
from assistant.skills.things.labels import PERSON
from assistant.skills.things.looking import Group, groups, people_in
from assistant.skills.things.vocabulary import load as load_things
from assistant.skills.things.what import MAX_COUNTED
from assistant.skills.words import Words

MAX_NAMES = 2
MAX_THINGS = 3


@dataclass(frozen=True)
class Scene:
    """What is known of one moment."""

    people: Sequence[PersonView] = ()
    """Whose faces are seen, the nearest first."""
    names: Mapping[int, str] = field(default_factory=dict)
    """Of those who were recognized, by track_id."""
    things: Sequence[Thing] = ()
    """What two looks agree on, people too."""
    width: int = 640
    """Of the picture in which the things are, pixels."""
    light: str = ""
    """ "dim", or "dark", "bright" or "blurred", as in [reasons] of the locale files; empty: there is light enough."""


def compose(phrases: Phrases, scene: Scene) -> list[str]:
    """One or two sentences of at most eight words."""
    language = vocabulary.load(phrases.locale)
    who = _people(phrases, language, scene)
    light = _light(phrases, language, scene.light)
    told = [part for _, part in spoken_things(phrases, scene)]
    if who:
        parts = [who, _with_light(phrases, told, light)]
    else:  # two sentences of things
        first = _with_light(phrases, told, "")
        parts = [first, _with_light(phrases, told[len(first) :], light)]
    return [_sentence(phrases, _fitting(phrases, each)) for each in parts if any(each)] or [
        language.tables["parts"]["nothing"]
    ]


def spoken_things(phrases: Phrases, scene: Scene) -> list[tuple[Group, str]]:
    """The things to tell, people apart, the largest first, each with its part of a sentence, e.g. "cup on the left"."""
    language, names = vocabulary.load(phrases.locale), load_things(phrases.locale)
    found = [group for group in groups(list(scene.things), scene.width) if group.label != PERSON]
    return [
        (
            group,
            language.tables["parts"]["thing"].format(
                thing=names.tables["things"][group.label], where=phrases.place(group.where)
            ),
        )
        for group in found[:MAX_THINGS]
    ]


def _people(phrases: Phrases, language: Words, scene: Scene) -> list[str]:
    """The parts of the sentence about people, the most useful first; none where nobody is seen."""
    seen, faces = people_in(list(scene.things)), scene.people
    if not faces and not seen:
        return []
    if not faces:
        group = next(each for each in groups(list(scene.things), scene.width) if each.label == PERSON)
        is_one_place = len(group.boxes) == seen
        return [_count(phrases, language, seen, is_sure=seen == 1), phrases.place(group.where) if is_one_place else ""]
    known = [scene.names[each.track_id] for each in faces if each.track_id in scene.names][:MAX_NAMES]
    nearest = faces[0]
    looks = phrases.expression(nearest.state) if nearest.state in SPOKEN_EXPRESSIONS else ""
    where = phrases.place(nearest.where) if len({each.where for each in faces}) == 1 else ""
    if len(faces) == 1 and seen <= 1:
        who = known[0] if known else phrases.count(1)
        return [who, where, looks, phrases.text("facing", nearest.facing)]
    count = _count(phrases, language, max(seen, len(faces)), is_sure=seen <= len(faces))
    if known:
        return [_among(language, count, known), where]
    return [count, where, language.tables["parts"]["nearest"].format(expression=looks) if looks else ""]


def _among(language: Words, count: str, known: Sequence[str]) -> str:
    """ "three people, among them Anna and Ben"; fewer names, or none, where that is too long."""
    parts = language.tables["parts"]
    for names in ([parts["and"].format(first=known[0], second=known[1])] if len(known) > 1 else []) + [known[0]]:
        text = parts["among"].format(count=count, names=names)
        if len(text.split()) <= MAX_WORDS:
            return text
    return count


def _count(phrases: Phrases, language: Words, count: int, *, is_sure: bool) -> str:
    """ "two people", or "at least two people": a detector merges people who stand close together."""
    text = phrases.count(count)
    return text if is_sure or count > MAX_COUNTED else language.tables["parts"]["at_least"].format(count=text)


def _light(phrases: Phrases, language: Words, light: str) -> str:
    return language.tables["parts"]["dim"] if light == "dim" else phrases.text("reasons", light)


def _with_light(phrases: Phrases, told: Sequence[str], light: str) -> list[str]:
    """As many of the first things as fit, with the light after them."""
    kept: list[str] = []
    for part in told:
        if kept and _length(phrases, [*kept, part, light]) > MAX_WORDS:
            break
        kept.append(part)
    return [*kept, light] if light else kept


def _fitting(phrases: Phrases, parts: Sequence[str]) -> list[str]:
    """As many of the parts as fit into a sentence; the first one always."""
    kept: list[str] = []
    for part in filter(None, parts):
        if not kept or _length(phrases, [*kept, part]) <= MAX_WORDS:
            kept.append(part)
    return kept


def _sentence(phrases: Phrases, parts: Sequence[str]) -> str:
    return phrases.capitalize(phrases.comma.join(parts)) + phrases.stop


def _length(phrases: Phrases, parts: Sequence[str]) -> int:
    return len(phrases.comma.join(filter(None, parts)).split())
