"""Every sentence that a wearer can hear, from the words of a locale file. Pure but for reading that file once.

A locale is complete or it is refused: no wearer meets a gap in the middle of a sentence.
"""

import string
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from assistant.errors import AssistantError
from assistant.records import FaultName

MOST_WORDS = 8
"""Of a sentence: what is heard while somebody else talks must be short."""

SPOKEN = {"angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"}
"""The expressions that have words; contempt has none."""

TABLES: dict[str, set[str]] = {
    "sentences": {
        "arrived", "arrived_where", "looks", "looks_where", "somebody", "somebody_where", "another",
        "another_where", "no_longer", "no_longer_where",
        "cannot_tell", "cannot_tell_where", "somebody_left", "nobody",
    },
    "answers": {"maybe", "nearest", "why", "why_not"},
    "emotion": SPOKEN,
    "emotion_over": SPOKEN,
    "movement": SPOKEN,
    "movement_over": SPOKEN,
    "where": {"left", "ahead", "right"},
    "clock": {"10", "11", "1", "2"},
    "counts": {"1", "2", "3", "4", "more"},
    "distance": {"near", "far"},
    "facing": {"you", "left", "right"},
    "reasons": {"unclear", "side_on", "dark", "bright", "far", "blurred", "occluded"},
    "sureness": {"sure", "fair", "unsure"},
    "duration": {"moment", "seconds", "half_minute", "minute", "minutes"},
    "aim": {"left", "right", "up", "down", "ahead"},
    "settings": {"line"},
    "status": {
        "ready", "stopping", "sound_check", "running", "muted", "unmuted", "louder", "loudest", "quieter", "quietest",
        "faster", "fastest", "slower", "slowest", "noted", "nothing_said", "nothing_named", "no_answer", "no_picture",
        "lens_covered", "lens_uncovered", "shutdown_ask", "shutdown_kept", "shutdown", "shutdown_failed",
        "many", "volume", "interrupted",
    },
    "silence": {"seconds", "minutes"},
    "sounds": {"tour", "still_here", "alarm"},
    "faults": set(FaultName),
    "faults_over": set(FaultName),
    "doctor": {
        "began", "healthy", "failed", "voice", "voice_second", "voice_none", "sound", "sound_silent", "sound_none",
        "settings", "settings_wrong", "imports", "imports_broken", "camera", "camera_held", "camera_none",
        "bright_enough", "dim", "glare", "face", "face_none", "detector", "occlusion", "model", "model_slow", "buttons",
        "buttons_none", "camera_led", "camera_led_none", "temperature", "temperature_hot", "temperature_none",
        "voltage", "voltage_was", "voltage_none", "memory", "memory_little", "memory_unlimited", "units", "units_none",
        "units_stopped", "units_disabled", "units_restarts", "units_silent", "refused", "late",
    },
    "advice": {
        "voice", "sound", "settings", "install", "camera", "lens", "focus", "smaller", "pins", "cool", "power",
        "memory", "limit", "start", "enable", "journal", "restart", "ask",
    },
    "notice": {"title", "who", "what", "keeps", "cover"},
    "tact": {"never", "feelings", "hedges", "claims"},
}  # fmt: skip
"""The tables of a locale file and the keys that each must have, no more and no less. What stands in [tact] is not said:
it is what the tests must know of a language to tell that no sentence of it hurts."""

TEXTS = ("voice", "comma", "stop")
"""What stands before the tables, besides `reviewed`."""

SLOTS = {
    "sentences": {"expression", "where", "reason"},
    "answers": {"expression", "sureness", "duration", "reason"},
    "settings": {"line"},
    "silence": {"count"},
    "doctor": {"number"},
}
"""What may stand in braces in the sentences of a table; in all others nothing may."""


class LocaleError(AssistantError):
    """A locale file that is missing or not complete."""


@dataclass(frozen=True)
class Phrases:
    """The words of one language. voice: the name of its espeak-ng voice. wording: "emotion" or "movement"; reviewed: a
    native speaker has read it; comma and stop: what stands between the parts of a sentence and at its end."""

    locale: str
    voice: str
    tables: dict[str, dict[str, str]]
    wording: str = "emotion"
    reviewed: bool = False
    comma: str = ", "
    stop: str = "."

    def remark(self, sentence: str, *, expression: str = "", where: str = "", reason: str = "") -> str:
        """The sentence `sentence` of [sentences] (its `_where` form if a place is given) with its words filled in."""
        known = self.tables["sentences"]
        form = known[f"{sentence}_where"] if where and f"{sentence}_where" in known else known[sentence]
        text = form.format(
            expression=self.expression(expression, is_over=sentence == "no_longer") if expression else "",
            where=self.where(where) if where else "",
            reason=self.tables["reasons"].get(reason, ""),
        )
        return self.capital(text)

    @staticmethod
    def capital(text: str) -> str:
        """The text as a sentence begins."""
        return text[:1].upper() + text[1:]

    def expression(self, name: str, *, is_over: bool = False) -> str:
        """What is said of an expression, e.g. "looks happy" or "smiling"."""
        return self.tables[f"{self.wording}_over" if is_over else self.wording][name]

    def where(self, place: str) -> str:
        """A place: "left", "ahead", "right", or the hour of a clock, whose twelve is ahead."""
        return (
            self.tables["where"]["ahead"]
            if place == "12"
            else self.tables["clock" if place.isdigit() else "where"][place]
        )

    def facts(self, parts: Sequence[str]) -> str:
        """Parts of a sentence as one, e.g. "One person, ahead, close.". What is too long for it begins another one:
        in some languages a place alone takes three words."""
        sentences: list[str] = []
        for part in filter(None, parts):
            longer = f"{sentences[-1]}{self.comma}{part}" if sentences else part
            if sentences and len(longer.split()) <= MOST_WORDS:
                sentences[-1] = longer
            else:
                sentences.append(part)
        return " ".join(self.capital(sentence) + self.stop for sentence in sentences)

    def answer(self, sentence: str, **slots: str) -> str:
        """A sentence of [answers], filled in."""
        return self.capital(self.tables["answers"][sentence].format(**slots))

    def said(self, table: str, name: str) -> str:
        """A word or sentence of another table; empty for an empty name."""
        return self.tables[table][name] if name else ""

    def found(self, name: str, number: int = 0) -> str:
        """What the doctor found: a sentence of [doctor], its number filled in."""
        return self.tables["doctor"][name].format(number=number)

    def status(self, name: str) -> str:
        """A sentence about the assistant itself."""
        return self.tables["status"][name]

    def wrong_line(self, number: int) -> str:
        """Which line of the settings file is wrong."""
        return self.capital(self.tables["settings"]["line"].format(line=number))

    def silence(self, seconds: float) -> str:
        """How long no sound could be played: in seconds below a minute and a half, else in minutes."""
        unit, count = ("seconds", seconds) if seconds < 90 else ("minutes", seconds / 60)
        return self.tables["silence"][unit].format(count=max(1, round(count)))

    def fault(self, name: FaultName, *, is_over: bool = False) -> str:
        """What is wrong, or that it no longer is."""
        return self.tables["faults_over" if is_over else "faults"][name]


def known_locales() -> tuple[str, ...]:
    """The languages there are words for."""
    files = resources.files("assistant.locales").iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


def load(locale: str, wording: str = "emotion") -> Phrases:
    """The words of a language. Raises LocaleError where there are none, or not all."""
    if locale not in known_locales():
        raise LocaleError(f"no words for the language {locale!r}; there are: {', '.join(known_locales())}")
    text = resources.files("assistant.locales").joinpath(f"{locale}.toml").read_text("utf-8")
    return parse(text, locale, wording)


def parse(text: str, locale: str, wording: str = "emotion") -> Phrases:
    """The words in a locale file's text. Raises LocaleError with everything that is missing, unknown or malformed."""
    try:
        content: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise LocaleError(f"locale {locale}: not valid TOML: {err}") from err
    mistakes = [f"{name} is missing" for name in TEXTS if not isinstance(content.get(name), str)] + (
        ["reviewed must be true or false"] if not isinstance(content.get("reviewed"), bool) else []
    )
    mistakes += [f"{name} is unknown" for name in content if name not in TABLES and name not in (*TEXTS, "reviewed")]
    for table, keys in TABLES.items():
        held = content.get(table, {})
        if not isinstance(held, dict):
            mistakes.append(f"{table} is no table")
            continue
        mistakes += [f"{table}.{key} is missing" for key in sorted(keys - held.keys())]
        mistakes += [f"{table}.{key} is unknown" for key in sorted(held.keys() - keys)]
        mistakes += [f"{table}.{key} {wrong}" for key, phrase in held.items() if (wrong := _mistake(table, phrase))]
    if mistakes:
        raise LocaleError(f"locale {locale}: " + "; ".join(mistakes))
    tables = {table: dict(content[table]) for table in TABLES}
    return Phrases(
        locale, content["voice"], tables, wording, content["reviewed"], content["comma"], content["stop"]
    )  # fmt: skip


def _mistake(table: str, phrase: object) -> str:
    if not isinstance(phrase, str) or not phrase.strip():
        return "is no text"
    try:
        slots = {name for _, name, _, _ in string.Formatter().parse(phrase) if name is not None}
    except ValueError:
        return "has a brace too many"
    return "" if slots <= SLOTS.get(table, set()) else "has an unknown placeholder"
