"""The review sheets of the languages: every sentence, when it is said, with values filled in, and a box to tick.

    python docs/hooks/review_sheets.py             docs/locales/CODE.md for all languages, after a change of a locale
    python docs/hooks/review_sheets.py --speak CODE [DIR]     DIR/index.html (default: runs/sheet-CODE) with the sounds

`make sheet` and `make sheet LANG=de` do the same. A native speaker listens to the second and ticks the boxes. When all
are ticked, `reviewed` in the locale becomes true.
"""

import functools
import html
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from assistant import phrases  # noqa: E402
from assistant.config.settings import VoiceSettings  # noqa: E402
from assistant.phrases import Phrases  # noqa: E402
from assistant.sentences import Sentence  # noqa: E402
from assistant.voice.audio.player import to_wav  # noqa: E402
from assistant.voice.voices.espeak import synthesizers  # noqa: E402

FOLDER = ROOT / "docs" / "locales"
UNSPOKEN = ("wording_rules",)
"""Tables of a locale file that hold no sentence."""
NOTICE = "notice"
"""The table that is printed for the people nearby."""
WHEN = {
    "sentences": "Unasked, about the people in view.",
    "names": "About a friend whom the wearer has taught, in place of the sentences about one person.",
    "movement_names": 'The same, with `wording = "movement"`.',
    "answers": "When the wearer asked.",
    "emotion": 'How a face looks: with `wording = "emotion"`, which is set unless it is changed.',
    "emotion_over": "The same, when it is over.",
    "movement": 'What a face does: with `wording = "movement"`.',
    "movement_over": "The same, when it is over.",
    "movement_sentences": 'Unasked, with `wording = "movement"`: somebody comes into view.',
    "where": "Where a person is.",
    "clock": 'The same by the clock, with `verbosity = "full"`; twelve is ahead.',
    "counts": "How many people are in view.",
    "distance": "In an answer: how far away the person is.",
    "facing": "In an answer: which way the person looks.",
    "reasons": "Why an expression cannot be told.",
    "sureness": "When the wearer asked why: how sure it is.",
    "duration": "When the wearer asked why: since when.",
    "aim": "When the wearer asked where to turn: the command `aim`.",
    "settings": "At the start, where a line of the settings file is wrong.",
    "status": "About the assistant itself: at the start and the end, and after a press of a button.",
    "outage": "After a time in which no sound could be played.",
    "skills": "When the wearer asks a skill: what the keys step through, and what is said before and after.",
    "skill_failures": "After a question to a skill (friends, things, describing, reading) that cannot answer.",
    "sounds": "In the tour of the short sounds.",
    "guide": "In the spoken guide, which explains the assistant step by step.",
    "presses": "In the guide: how a button is pressed.",
    "press_now": "In the guide: what to press now.",
    "keys": "In the guide: which button.",
    "key_help": "In the guide: what a press does.",
    "faults": "When something fails, unasked.",
    "faults_over": "When it works again.",
    "doctor": "In the check of all parts that the wearer or the helper starts.",
    "advice": "In that check, where a step has failed: what to do.",
    NOTICE: "Printed, never spoken: for the people nearby.",
}
"""When and to whom the sentences of a table are said; what is not listed is named by its table alone."""
EXAMPLES = {"count": "40", "number": "24", "line": "12", "name": "Anna"}
"""Realistic numbers, and a friend's name."""


SKILL_WHEN = {
    "things.sentences": "When the wearer asked what is in front, or where a thing is.",
    "things.none": "While a thing is looked for that is not seen.",
    "things.things": "When the wearer asked what is in front: the thing, with its place.",
    "description.parts": "When the wearer asked for a description: its parts.",
    "friends.menu": "In the menu of the friends.",
    "friends.refusals": "While a friend is taught: why a view does not do.",
    "friends.friends": "When a friend is forgotten or kept.",
    "friends.teach": "While a friend is taught, to the wearer and to the friend.",
    "reading.reading": "When the wearer asked to have a text read.",
    "reading.sides": "The side at which a text is cut off.",
}
"""The same for the tables of the skills' own words, as SKILL.TABLE."""
SKILL_UNSPOKEN = ("things.kinds",)


class Entry(NamedTuple):
    """A sentence of a locale."""

    table: str
    key: str
    text: str
    """As in the locale file."""
    example: str
    """As it is heard, with values filled in."""


def entries(language: Phrases) -> Iterator[Entry]:
    """Every sentence of a language, in the order of the tables."""
    for table, texts in language.tables.items():
        if table not in UNSPOKEN:
            yield from (Entry(table, key, text, _example(language, table, key, text)) for key, text in texts.items())


def skill_entries(language: Phrases) -> Iterator[Entry]:
    """Every word of the skills in a language, the table as SKILL.TABLE."""
    for folder in sorted((ROOT / "assistant/skills").glob("*/words")):
        tables = tomllib.loads((folder / f"{language.locale}.toml").read_text("utf-8"))
        for table, texts in tables.items():
            name = f"{folder.parent.name}.{table}"
            if name not in SKILL_UNSPOKEN:
                yield from (Entry(name, key, text, _skill_example(language, text)) for key, text in texts.items())


def sheet(code: str) -> str:
    """The Markdown of a language's sheet."""
    language, english = phrases.load(code), phrases.load("en")
    faults = tomllib.loads((ROOT / "docs/messages.toml").read_text("utf-8"))
    state = (
        "A native speaker has heard all of it." if language.reviewed else "**Not reviewed by a native speaker yet.**"
    )
    lines = [
        f"# Review sheet: {code}",
        "",
        "<!-- written by `make sheet` from the locale files; do not edit the words here -->",
        "",
        f"{state} `make sheet LANG={code}` speaks each line, in the voice of espeak-ng, and puts the sounds beside",
        f"these words in `runs/sheet-{code}/index.html`. Tick a line when it is what you would say yourself, to a",
        "person who is blind, while others talk. When all are ticked, set `reviewed = true` in",
        f"`assistant/locales/{code}.toml`.",
        "Words in braces are filled in; what is heard shows how.",
    ]
    table = ""
    originals = {(each.table, each.key): each.text for each in (*entries(english), *skill_entries(english))}
    for entry in (*entries(language), *skill_entries(language)):
        if entry.table != table:
            table = entry.table
            whom = "People nearby" if table == NOTICE else "The wearer"
            when = (WHEN | SKILL_WHEN).get(table, "See the command of this name.")
            lines += ["", f"## {table}", "", f"{when} {whom}.", ""]
            lines += ["| ok | name | text | as heard | in English | when |", "| --- | --- | --- | --- | --- | --- |"]
        means = faults.get(entry.key, {}).get("means", "") if table in ("faults", "faults_over") else ""
        if table == "sentences":
            means = _meaning(entry.key)
        original = originals.get((table, entry.key), "")
        cells = ("☐", f"`{entry.key}`", entry.text, entry.example, "" if code == "en" else original, means)
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def speak(code: str, folder: Path) -> Path:
    """Write the sound of every sentence of a language into a folder, with an index.html to listen and tick; returns
    that. Raises VoiceError."""
    language, rows = phrases.load(code), []
    synthesize = synthesizers(VoiceSettings(), language.voice)[0]
    folder.mkdir(parents=True, exist_ok=True)
    for entry in (*entries(language), *skill_entries(language)):
        name = f"{entry.table}-{entry.key}.wav"
        sound = None if entry.table == NOTICE else synthesize(entry.example, threading.Event())
        if sound is not None:
            (folder / name).write_bytes(to_wav(sound))
        audio = f'<audio controls preload="none" src="{name}"></audio>' if sound is not None else "(printed)"
        rows.append(
            f'<tr><td><input type="checkbox" aria-label="{html.escape(entry.key)}"></td><td>{entry.table}.'
            f"{html.escape(entry.key)}</td><td dir=auto>{html.escape(entry.example)}</td><td>{audio}</td></tr>"
        )
    page = folder / "index.html"
    head = f'<!doctype html><html lang="{code}"><meta charset="utf-8"><title>Review sheet: {code}</title>'
    page.write_text(f"{head}<h1>Review sheet: {code}</h1><table>{''.join(rows)}</table></html>\n", "utf-8")
    return page


def _example(language: Phrases, table: str, key: str, text: str) -> str:
    """A sentence with its values filled in; a part of a sentence stands in one."""
    is_over = table.endswith("_over") or key.startswith("no_longer")
    if table in ("emotion", "movement", "emotion_over", "movement_over"):
        spoken = _in_wording(language.locale, table.removesuffix("_over"))
        return spoken.announcement(Sentence.NO_LONGER if is_over else Sentence.LOOKS, expression=key)
    if table in ("where", "clock"):
        return language.announcement(Sentence.LOOKS, expression="happy", where=key)
    if table == "reasons":
        return language.announcement(Sentence.CANNOT_TELL, reason=key)
    if table in ("counts", "distance", "facing", "presses", "keys"):
        return language.join((text,))
    if table in ("sureness", "duration"):
        other = language.tables["duration"]["seconds"] if table == "sureness" else language.tables["sureness"]["sure"]
        sureness, duration = (text, other) if table == "sureness" else (other, text)
        return language.answer("why", expression=language.expression("happy"), sureness=sureness, duration=duration)
    shown = _in_wording(language.locale, "movement") if table in ("movement_sentences", "movement_names") else language
    values = EXAMPLES | {
        "expression": shown.expression("happy", is_over=is_over),
        "where": language.place("left"),
        "reason": language.tables["reasons"]["dark"],
        "sureness": language.tables["sureness"]["sure"],
        "duration": language.tables["duration"]["seconds"],
        "press": language.join((language.tables["presses"]["long"],)),
    }
    if table == "sentences":
        values["count"] = language.tables["counts"]["2"]
    return language.capitalize(text.format_map(_Values(values)))


def _skill_example(language: Phrases, text: str) -> str:
    """A text of a skill with values filled in, as a sentence."""
    values = {
        "thing": _cup(language.locale),
        "where": language.place("left"),
        "count": language.count(2),
        "names": "Anna",
        "first": "Anna",
        "second": "Ben",
        "expression": language.expression("happy"),
        "text": "…",
    }
    filled = text.format_map(_Values(EXAMPLES | values))
    return filled if filled.endswith((language.stop, "?", "؟", "…")) else language.join((filled,))


@functools.cache
def _cup(locale: str) -> str:
    """The example of a thing."""
    words = ROOT / f"assistant/skills/things/words/{locale}.toml"
    return str(tomllib.loads(words.read_text("utf-8"))["things"]["cup"])


_in_wording = functools.cache(phrases.load)


class _Values(dict[str, str]):
    """Values of placeholders; one that is not known stays in braces."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def _meaning(key: str) -> str:
    """When a sentence of [sentences] is said."""
    told = {
        Sentence.ARRIVED: "The first person comes into view, with an expression.",
        Sentence.LOOKS: "The expression of a person has changed.",
        Sentence.ONE_PERSON: "The first person comes into view; the face cannot be read yet.",
        Sentence.ONE_MORE_PERSON: "Another person joins those in view.",
        Sentence.NO_LONGER: "An expression that was announced has ended.",
        Sentence.CANNOT_TELL: 'With `verbosity = "full"`: why the expression cannot be told.',
        Sentence.PERSON_LEFT: "One of several people has left.",
        Sentence.NOBODY_IN_VIEW: "The last person has left.",
    }
    name = Sentence(key.removesuffix("_where"))
    known = told.get(name, "How many people are in view now.")
    return f"{known} Several people are in view." if key != name else known


def main(arguments: list[str]) -> int:
    """Write the sheets, or speak one."""
    if arguments[:1] == ["--speak"] and len(arguments) in (2, 3):
        code = arguments[1]
        if code not in phrases.known_locales():
            print(f"no language {code!r}; there are: {', '.join(phrases.known_locales())}", file=sys.stderr)
            return 2
        print(f"Open {speak(code, Path(arguments[2]) if arguments[2:] else Path(f'runs/sheet-{code}'))}")
        return 0
    FOLDER.mkdir(exist_ok=True)
    for code in phrases.known_locales():
        (FOLDER / f"{code}.md").write_text(sheet(code), "utf-8")
    print(f"{FOLDER.relative_to(ROOT)}: {len(phrases.known_locales())} sheets")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
