"""Fills in the steps of the guide: the words of a language, and the keys that this box has."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from assistant.ipc.commands import Command
from assistant.records import FaultName
from assistant.sentences import Sentence
from assistant.voice.controls.button_map import GestureCommands
from assistant.voice.controls.gestures import Gesture
from assistant.voice.guide.machine import Line, Practice, PressName, Step
from assistant.voice.guide.steps import (
    ADVANCED,
    KEYS,
    MORE_KEYS,
    NO_KEYS,
    OFFER,
    REPEATS,
    SKILLS,
    SMILES,
    SOUNDS,
    TOPICS,
    USUAL,
    Topic,
)
from assistant.voice.speech.earcons import tour_stops

Keys = Mapping[str, GestureCommands]
"""The keys that there are, by name, with what they do; those that are to be named come first."""
NOBODY_KNOWN, FRIENDS_KNOWN = "nobody_known", "friends_known"
"""Which of [guide] is said depends on whether friends are recognized."""
PRESSES_TO_ANSWER = (Gesture.SHORT, Gesture.DOUBLE, Gesture.LONG)
"""Each of these, of any key, answers the question at the first start."""


class GuidePhrases(Protocol):
    """The part of Phrases that the guide needs."""

    def text(self, table: str, name: str) -> str: ...

    def announcement(self, sentence: Sentence, *, expression: str = "") -> str: ...

    def answer(self, sentence: str, **values: str) -> str: ...

    def expression(self, name: str) -> str: ...

    def place(self, name: str) -> str: ...

    def fault(self, name: FaultName) -> str: ...

    def join(self, parts: Sequence[str]) -> str: ...


def guide(
    phrases: GuidePhrases,
    keys: Keys,
    *,
    is_smiles: bool = False,
    has_typing: bool = False,
    has_skills: bool = False,
    names_friends: bool = False,
) -> tuple[Step, ...]:
    """All steps of the guide. is_smiles: smiles alone are announced now. has_typing: typed digits stand for presses.
    has_skills: a skill is on. names_friends: friends are recognized."""
    script = _Script(phrases, keys, names_friends=names_friends)
    return tuple(script.steps(is_smiles=is_smiles, has_typing=has_typing, has_skills=has_skills))


def key_help(phrases: GuidePhrases, keys: Keys) -> tuple[Step, ...]:
    """The explanation of the keys alone."""
    return (_Script(phrases, keys).key_step(("keys", "keys_end")),)


def offer(phrases: GuidePhrases, keys: Keys) -> tuple[Step, ...]:
    """The question at the first start whether the guide is wanted."""
    prompt = Line(phrases.text("guide", OFFER))
    presses = frozenset((key, gesture) for key in keys for gesture in PRESSES_TO_ANSWER)
    declined = (Line(phrases.text("guide", "declined")),)
    practice = Practice(prompt, presses, prompt, done=(), missed=declined, requests=1)
    return (Step(OFFER, (), practice),)


def last_words(phrases: GuidePhrases, name: str) -> tuple[Line, ...]:
    """The sentence of [guide] with which the guide ends; none for an empty name."""
    return (Line(phrases.text("guide", name)),) if name else ()


class _Script:
    def __init__(self, phrases: GuidePhrases, keys: Keys, *, names_friends: bool = False) -> None:
        self._phrases, self._keys, self._names_friends = phrases, keys, names_friends

    def steps(self, *, is_smiles: bool, has_typing: bool, has_skills: bool) -> Iterator[Step]:
        is_anything_missing = not all(self._presses((command,)) for command in ADVANCED)
        left_out = {
            NO_KEYS: bool(self._keys),
            MORE_KEYS: not self._keys or not is_anything_missing,
            SKILLS: not has_skills or not self._presses((Command.SKILLS,)),
            SMILES: is_smiles,
            USUAL: not is_smiles,
            KEYS: not self._keys,
        }
        for topic in TOPICS:
            if left_out.get(topic.name) or (self._keys and topic.commands and not self._presses(topic.commands)):
                continue
            yield self._step(topic)
            if topic.name == "welcome" and has_typing:
                yield self._typing_step()

    def key_step(self, texts: tuple[str, ...]) -> Step:
        """The step in which each press says what it does."""
        if not self._keys:
            return Step(KEYS, self._lines((NO_KEYS,), None))
        helps = {
            (key, gesture): Line(f"{self._name((key, gesture))} {self._help(command)}")
            for key, commands in self._keys.items()
            for gesture, command in commands.items()
        }
        return Step(KEYS, self._lines(texts, None), key_help=helps)

    def _help(self, command: Command) -> str:
        return self._phrases.text("key_help", Command.REPEAT if command in REPEATS else command)

    def _step(self, topic: Topic) -> Step:
        presses = self._presses(topic.commands)
        press = next(iter(presses), None)
        lines = self._lines(topic.texts, press)
        if topic.name == KEYS:
            return self.key_step(topic.texts)
        if topic.name == SOUNDS:
            return Step(topic.name, lines + self._sounds())
        if topic.name in (SMILES, USUAL) and self._keys:
            return Step(topic.name, lines, self._choice(topic.name))
        if topic.practises and press:
            return Step(topic.name, lines, self._practice(presses, press, topic.done))
        return Step(topic.name, lines)

    def _practice(self, presses: Sequence[PressName], press: PressName, done: tuple[str, ...]) -> Practice:
        return Practice(
            Line(self._request(press)),
            frozenset(presses),
            wrong=Line(self._say("not_that")),
            done=(Line(self._say("good")), *self._lines(done, press)),
            missed=(Line(self._say("go_on")),),
        )

    def _choice(self, name: str) -> Practice:
        """A short press of any key chooses."""
        prompt, unchanged = Line(self._say(f"{name}_prompt")), Line(self._say("unchanged"))
        presses = frozenset((key, Gesture.SHORT) for key in self._keys)
        chosen = (Line(self._say(f"{name}_chosen")),)
        return Practice(prompt, presses, Line(self._say("not_that")), chosen, (unchanged,), is_choice=True)

    def _presses(self, commands: tuple[Command, ...]) -> list[PressName]:
        """The presses that have one of the commands, the one that is to be named first."""
        return [
            (key, gesture) for key, row in self._keys.items() for gesture, command in row.items() if command in commands
        ]

    def _request(self, press: PressName) -> str:
        """ "Press short now.", with the key where there are several."""
        return self._phrases.join((*self._key(press), self._phrases.text("press_now", _key_of(press[1]))))

    def _name(self, press: PressName) -> str:
        """ "Second button, long press."."""
        return self._phrases.join((*self._key(press), self._phrases.text("presses", _key_of(press[1]))))

    def _key(self, press: PressName) -> tuple[str, ...]:
        return (self._phrases.text("keys", _key_of(press[0])),) if len(self._keys) > 1 else ()

    def _lines(self, texts: tuple[str, ...], press: PressName | None) -> tuple[Line, ...]:
        """The texts as lines. One that names a press is left out where there is none; one that is an example follows
        the text before it at once."""
        examples, lines = self._examples(), []
        for text in texts:
            if text == NOBODY_KNOWN and self._names_friends:
                text = FRIENDS_KNOWN
            if text in examples:
                lines.append(Line(examples[text]))
            elif (sentence := self._phrases.text("guide", text)) and ("{press}" not in sentence or press):
                lines.append(Line(sentence.format(press=self._name(press)) if press else sentence))
        return tuple(lines)

    def _say(self, name: str) -> str:
        return self._phrases.text("guide", name)

    def _typing_step(self) -> Step:
        """The digits in their order."""
        names = (self._phrases.join((str(number), self._phrases.text("presses", _key_of(gesture))))
                 for number, gesture in enumerate(Gesture, 1))  # fmt: skip
        return Step("typing", (Line(self._say("typing")), Line(" ".join(names))))

    def _sounds(self) -> tuple[Line, ...]:
        stops = tour_stops(self._phrases)
        pairs = ((Line(text), Line(text, name)) if name else (Line(text),) for text, name in stops)
        return tuple(line for pair in pairs for line in pair)

    def _examples(self) -> dict[str, str]:
        """What the assistant really says."""
        phrases, look = self._phrases, self._phrases.expression("happy")
        said = {
            "example_arrived": phrases.announcement(Sentence.ARRIVED, expression="happy"),
            "example_maybe": phrases.answer("maybe", expression=look),
            "example_ask": " ".join((
                phrases.announcement(Sentence.LOOKS, expression="happy"),
                phrases.join((phrases.place("ahead"), phrases.text("distance", "near"), phrases.text("facing", "you"))),
            )),
            "example_why": phrases.answer("why", expression=look, sureness=phrases.text("sureness", "sure"),
                                          duration=phrases.text("duration", "seconds")),
            "example_aim": phrases.text("aim", "left"),
            "example_fault": phrases.fault(FaultName.CAMERA_LOST),
        }  # fmt: skip
        return {name: f"{self._say('example')} {text}" for name, text in said.items()}


def _key_of(name: str) -> str:
    """The key of a name in the locale files."""
    return name.replace(" ", "_")
