"""Every sentence that the assistant can speak, from a locale file. Pure but for reading that file once.

A locale is complete or it is refused, so that no sentence can have a gap.
"""

import string
import tomllib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.dataclass import dataclass
from assistant.errors import AssistantError
from assistant.records import FaultName
from assistant.sentences import WITHOUT_PLACE, Sentence

MAX_WORDS = 8
"""Most words in a sentence: the wearer hears it while other people talk."""
MAX_GUIDE_WORDS = 12
"""Most words in a sentence of the guide, which is heard with full attention."""

SPOKEN_EXPRESSIONS = {"angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"}
"""The expressions that have words; contempt has none."""

ABOUT_ANYBODY = tuple(each for each in Sentence if each is not Sentence.NAMED)

TABLES: dict[str, set[str]] = {
    "sentences": {*ABOUT_ANYBODY, *(f"{each}_where" for each in ABOUT_ANYBODY if each not in WITHOUT_PLACE)},
    "names": {
        "named", "named_where", "maybe", "maybe_where", "looks", "looks_where", "no_longer", "left", "stranger",
        "rejected", "friend",
    },
    "answers": {"maybe", "nearest", "rejected", "why", "why_not"},
    "emotion": SPOKEN_EXPRESSIONS,
    "emotion_over": SPOKEN_EXPRESSIONS,
    "movement": SPOKEN_EXPRESSIONS,
    "movement_over": SPOKEN_EXPRESSIONS,
    "movement_sentences": {Sentence.ARRIVED, f"{Sentence.ARRIVED}_where"},
    "movement_names": {"looks", "looks_where"},
    "where": {"left", "ahead", "right"},
    "clock": {"10", "11", "1", "2"},
    "counts": {"1", "2", "3", "4", "more"},
    "distance": {"near", "far"},
    "facing": {"you", "left", "right"},
    "reasons": {"unclear", "side_on", "dark", "bright", "far", "blurred", "occluded"},
    "sureness": {"sure", "fair", "unsure"},
    "duration": {"moment", "seconds", "half_minute", "minute", "minutes"},
    "aim": {"left", "right", "up", "down", "ahead", "centred"},
    "settings": {"line"},
    "status": {
        "ready", "stopping", "sound_check", "running", "muted", "unmuted", "louder", "loudest", "quieter", "quietest",
        "faster", "fastest", "slower", "slowest", "rejected", "nothing_to_repeat", "nothing_to_reject", "no_answer",
        "no_picture", "lens_covered", "lens_uncovered", "shutdown_confirm", "shutdown_cancelled", "shutdown",
        "shutdown_failed", "many_faces", "volume_raised", "power_cut",
    },
    "outage": {"seconds", "minutes"},
    "skills": {
        "one_moment", "ended", "entered", "over", "paused", "finding", "what", "describe", "read", "teach_friend",
    },
    "skill_failures": {
        "failed", "late", "memory", "no_picture", "missing_friends", "missing_things", "missing_describe",
        "missing_read", "off_friends", "off_things", "off_describe", "off_read",
    },
    "sounds": {
        "tour", "came", "over", "aim", "search", "still_here", "alarm", "vibrations", "attention", "fault",
    },
    "guide": {
        "offer", "declined", "welcome", "typing", "no_keys", "leave", "skip", "sees", "looks", "example", "finished",
        "nobody_known", "friends_known", "not_feeling", "unsure", "not_for", "ask", "more", "ask_more", "repeat", "why",
        "wrong", "aim", "more_keys", "skills", "skills_step", "skills_choose", "skills_leave", "seldom", "levels",
        "smiles_offer", "smiles_prompt", "smiles_chosen", "left",
        "usual_offer", "usual_prompt", "usual_chosen", "unchanged", "mute", "mute_again", "lens", "lens_wish", "sounds",
        "faults", "silence", "shutdown", "shutdown_later", "keys", "keys_end", "keys_over", "good", "not_that", "go_on",
    },
    "presses": {"short", "double", "long", "very_long"},
    "press_now": {"short", "double", "long", "very_long"},
    "keys": {
        "button_1", "button_2", "button_3", "button_4", "play", "next", "previous", "mute", "forward", "rewind",
        "keyboard",
    },
    "key_help": {
        "ask", "more", "repeat", "toggle_mute", "shutdown", "why", "aim", "wrong", "louder", "quieter", "faster",
        "slower", "skills",
    },
    "faults": set(FaultName), "faults_over": set(FaultName),
    "doctor": {
        "began", "healthy", "failed", "voice", "voice_second", "voice_none", "sound", "sound_silent", "sound_none",
        "sound_heard", "sound_chosen", "sound_unanswered", "sound_stereo", "sound_mono", "settings", "settings_wrong",
        "imports", "imports_broken", "camera", "camera_held", "camera_none", "bright_enough", "dim", "glare", "face",
        "face_none", "detector", "detector_turns", "occlusion", "model", "model_one", "model_slow", "buttons",
        "buttons_none", "camera_led", "camera_led_none", "microphone", "microphone_none", "microphone_silent",
        "haptics", "haptics_none", "haptics_felt", "haptics_unfelt", "temperature", "temperature_hot",
        "temperature_none", "voltage", "voltage_was", "voltage_none", "memory", "memory_little", "memory_unlimited",
        "profile", "profile_other", "profile_none", "units",
        "units_none", "units_stopped", "units_disabled", "units_restarts", "units_restarts_one",
        "units_silent", "guide", "refused", "late", "closed", "friends", "things", "describe", "read", "skills_none",
    },
    "advice": {
        "voice", "sound", "settings", "install", "camera", "lens",
        "focus", "detector", "smaller", "pins", "profile", "cool",
        "power", "microphone", "memory", "limit", "start", "enable", "journal", "restart", "ask", "own_files",
        "skills",
    },
    "notice": {"title", "who", "what", "keeps", "recognizes", "keeps_friends", "listens", "cover"},
    "wording_rules": {"never", "feelings", "hedges", "claims"},
}  # fmt: skip
"""The tables of a locale file and the keys that each must have, no more and no less. [wording_rules] is never
spoken: it lists, for the tests, the words that no sentence of the language may contain."""

LOCALES = Path(__file__).with_name("locales")
"""The folder of the locale files; not by importlib.resources, which loads zipfile, tempfile and the compressions."""
HEADER_KEYS = ("voice", "comma", "stop")
"""The texts before the tables of a locale file; before them also stands `reviewed`."""

PLACEHOLDERS = {
    "sentences": {"expression", "where", "reason", "count"},
    "movement_sentences": {"expression", "where"},
    "names": {"name", "expression", "where", "number"},
    "movement_names": {"name", "expression", "where"},
    "answers": {"expression", "sureness", "duration", "reason"},
    "settings": {"line"},
    "outage": {"count"},
    "guide": {"press"},
    "doctor": {"number"},
}
"""The placeholders that the sentences of a table may have; the other tables have none."""


class LocaleError(AssistantError):
    """A locale file that is missing or not complete."""


@dataclass(frozen=True)
class Phrases:
    """The sentences of one language."""

    locale: str
    """Code of the language, e.g. "en"."""
    voice: str
    """Name of its espeak-ng voice."""
    tables: dict[str, dict[str, str]]
    """The tables of the locale file."""
    wording: str = "emotion"
    """The table of expressions that is used: "emotion" ("looks happy") or "movement" ("smiling")."""
    reviewed: bool = False
    """Whether a native speaker has read the sentences aloud."""
    comma: str = ", "
    """What stands between the parts of a sentence."""
    stop: str = "."
    """What stands at the end of a sentence."""

    def announcement(
        self, sentence: Sentence, *, expression: str = "", where: str = "", reason: str = "", people: int = 0
    ) -> str:
        """A sentence of [sentences], or of [movement_sentences] with that wording: its form with a place if one is
        given, its placeholders filled in."""
        known = self.tables["sentences"]
        if self.wording == "movement":
            known = known | self.tables["movement_sentences"]
        form = known[f"{sentence}_where"] if where and f"{sentence}_where" in known else known[sentence]
        text = form.format(
            expression=self.expression(expression, is_over=sentence == Sentence.NO_LONGER) if expression else "",
            where=self.place(where) if where else "",
            reason=self.tables["reasons"].get(reason, ""),
            count=self.count(people) if people else "",
        )
        return self.capitalize(text)

    @staticmethod
    def capitalize(text: str) -> str:
        """The text with a capital letter at its beginning."""
        return text[:1].upper() + text[1:]

    def expression(self, name: str, *, is_over: bool = False) -> str:
        """The text for an expression, e.g. "looks happy" or "smiling". is_over: after "no longer": "looking happy"."""
        return self.tables[f"{self.wording}_over" if is_over else self.wording][name]

    def place(self, name: str) -> str:
        """The text for a place: "left", "ahead", "right", or the hour of a clock whose twelve lies ahead."""
        if name == "12":
            return self.tables["where"]["ahead"]
        return self.tables["clock" if name.isdigit() else "where"][name]

    def count(self, people: int) -> str:
        """The text for a number of people, at least 1: "two people", "more than four people"."""
        return self.tables["counts"].get(str(people), self.tables["counts"]["more"])

    def join(self, parts: Sequence[str]) -> str:
        """A sentence made of parts, e.g. "One person, ahead, close.". A part with which it would have more than
        MAX_WORDS words begins another sentence: in some languages a place alone takes three words."""
        sentences: list[str] = []
        for part in filter(None, parts):
            longer = f"{sentences[-1]}{self.comma}{part}" if sentences else part
            if sentences and len(longer.split()) <= MAX_WORDS:
                sentences[-1] = longer
            else:
                sentences.append(part)
        return " ".join(self.capitalize(sentence) + self.stop for sentence in sentences)

    def answer(self, sentence: str, **values: str) -> str:
        """A sentence of [answers], its placeholders filled in."""
        return self.capitalize(self.tables["answers"][sentence].format(**values))

    def text(self, table: str, name: str) -> str:
        """The text `name` of any table; empty for an empty name."""
        return self.tables[table][name] if name else ""

    def finding(self, name: str, number: int = 0) -> str:
        """A sentence of [doctor], its number filled in; for the number 1 the form NAME_one, where there is one."""
        known = self.tables["doctor"]
        single = known.get(f"{name}_one") if number == 1 else None
        return single or known[name].format(number=number)

    def status(self, name: str) -> str:
        """A sentence about the assistant itself."""
        return self.tables["status"][name]

    def skill_failure(self, reason: str, skill: str) -> str:
        """Why a skill cannot answer. reason: SkillError.reason; skill: a SkillName."""
        known = self.tables["skill_failures"]
        return known.get(f"{reason}_{skill}") or known.get(reason) or known["failed"]

    def wrong_line(self, number: int) -> str:
        """The sentence that a line of the settings file is wrong."""
        return self.capitalize(self.tables["settings"]["line"].format(line=number))

    def outage(self, seconds: float) -> str:
        """For how long no sound could be played: in seconds below a minute and a half, else in minutes."""
        unit, count = ("seconds", seconds) if seconds < 90 else ("minutes", seconds / 60)
        return self.tables["outage"][unit].format(count=max(1, round(count)))

    def fault(self, name: FaultName, *, is_over: bool = False) -> str:
        """The sentence for a fault, or for its end."""
        return self.tables["faults_over" if is_over else "faults"][name]


def known_locales() -> tuple[str, ...]:
    """The codes of the languages that have a locale file."""
    files = LOCALES.iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


def load(locale: str, wording: str = "emotion") -> Phrases:
    """The phrases of a language. Raises LocaleError if its file is missing or not complete."""
    if locale not in known_locales():
        raise LocaleError(f"no words for the language {locale!r}; there are: {', '.join(known_locales())}")
    text = (LOCALES / f"{locale}.toml").read_text("utf-8")
    return parse(text, locale, wording)


def parse(text: str, locale: str, wording: str = "emotion") -> Phrases:
    """The phrases in the text of a locale file. Raises LocaleError with all that is missing, unknown or malformed."""
    try:
        content: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise LocaleError(f"locale {locale}: not valid TOML: {err}") from err
    mistakes = [f"{name} is missing" for name in HEADER_KEYS if not isinstance(content.get(name), str)] + (
        ["reviewed must be true or false"] if not isinstance(content.get("reviewed"), bool) else []
    )
    mistakes += [
        f"{name} is unknown" for name in content if name not in TABLES and name not in (*HEADER_KEYS, "reviewed")
    ]
    mistakes += mistakes_in(content, TABLES, PLACEHOLDERS)
    if mistakes:
        raise LocaleError(f"locale {locale}: " + "; ".join(mistakes))
    tables = {table: dict(content[table]) for table in TABLES}
    return Phrases(
        locale, content["voice"], tables, wording, content["reviewed"], content["comma"], content["stop"]
    )  # fmt: skip


def mistakes_in(
    content: Mapping[str, Any], tables: Mapping[str, Collection[str]], placeholders: Mapping[str, set[str]]
) -> list[str]:
    """What is missing, unknown or malformed in the tables of a locale file.

    tables: the keys that each table must have. placeholders: those that the texts of a table may have.
    """
    mistakes: list[str] = []
    for table, keys in tables.items():
        held = content.get(table, {})
        if not isinstance(held, dict):
            mistakes.append(f"{table} is no table")
            continue
        allowed = placeholders.get(table, set())
        mistakes += [f"{table}.{key} is missing" for key in sorted(set(keys) - held.keys())]
        mistakes += [f"{table}.{key} is unknown" for key in sorted(held.keys() - set(keys))]
        mistakes += [f"{table}.{key} {wrong}" for key, phrase in held.items() if (wrong := _mistake(phrase, allowed))]
    return mistakes


def _mistake(phrase: object, allowed: set[str]) -> str:
    if not isinstance(phrase, str) or not phrase.strip():
        return "is no text"
    try:
        placeholders = {name for _, name, _, _ in string.Formatter().parse(phrase) if name is not None}
    except ValueError:
        return "has a brace too many"
    return "" if placeholders <= allowed else "has an unknown placeholder"
