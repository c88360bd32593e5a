"""Writes the scenes of a half: which kinds, how many, and who plays what. Pure; the same seed, the same scenes.

Scenes are short, because the assistant says at most four things a minute unasked: a scene with more true events would
measure that limit, not what the assistant sees. A kind's scenes differ in people, room, size, place, speed and light.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.random import Generator

from assistant.ipc.commands import Command
from convert.data.fer2013 import DatasetError
from convert.scenarios.render import degrade
from convert.scenarios.render.faces import Roster
from convert.scenarios.script.scene import HEIGHT, WIDTH, Actor, Effects, Look, Scene, Way

FPS = (10.0, 10.0, 10.0, 15.0, 15.0, 30.0)
"""Drawn from these: 10 is what the assistant asks a camera for."""
SLOW_FPS = 10.0
TALKERS = 6
"""Scenes of 100 seconds."""
NEAR_PX, FAR_PX = (110.0, 190.0), (58.0, 72.0)
"""Widths of near and of far faces, in pixels. Far ones are FER-2013's 48 pixels: nearer they would be too coarse."""
ACROSS = -140.0
"""How far outside the frame somebody waits, in pixels."""
KINDS = (
    "change", "enter", "pair", "cross", "near", "turn", "light", "shake", "far", "still", "talk", "empty", "degraded",
)  # fmt: skip


class _Deck:
    """Deals people so that everybody plays before anybody plays again."""

    def __init__(self, random: Generator, roster: Roster) -> None:
        self.random, self.roster = random, roster
        self._hands: dict[Any, list[Any]] = {}

    def single(self, expression: str, far: bool = False) -> tuple[str, str]:
        """A person with this expression, and a still of it."""
        people = self.roster.far if far else self.roster.near
        known = [(who, name) for who, shown in sorted(people.items()) for name in shown.get(expression, ())]
        return self._deal((expression, far), known)

    def somebody_else(self, than: str, expression: str) -> tuple[str, str]:
        """Another near person with this expression, and a still of it."""
        if not any(expression in shown for who, shown in self.roster.near.items() if who != than):
            raise DatasetError(f"no pictures for scenes with a second person who looks {expression}")
        dealt = self.single(expression)
        return dealt if dealt[0] != than else self.somebody_else(than, expression)

    def both(self, expression: str) -> tuple[str, str, str]:
        """A person who has a neutral still and one of this expression: person, neutral, other."""
        known = [
            (who, neutral, other)
            for who, shown in sorted(self.roster.near.items())
            for other in shown.get(expression, ())
            for neutral in shown.get("neutral", ())[:1]
        ]
        return self._deal(("both", expression), known)

    def talker(self) -> tuple[str, tuple[str, ...]]:
        """A person with three or more neutral stills."""
        known = [(who, shown["neutral"]) for who, shown in sorted(self.roster.near.items())
                 if len(shown.get("neutral", ())) >= 3]  # fmt: skip
        return self._deal("talk", known)

    def has_far(self, expression: str) -> bool:
        """Whether anybody far shows this expression."""
        return any(expression in shown for shown in self.roster.far.values())

    def room(self) -> str:
        """A background."""
        return str(self._deal("room", list(self.roster.rooms)))

    def _deal(self, key: Any, known: Sequence[Any]) -> Any:
        if not known:
            raise DatasetError(f"no pictures for scenes with {key}")
        hand = self._hands.setdefault(key, [])
        if not hand:
            hand.extend(known[index] for index in self.random.permutation(len(known)))
        return hand.pop()


def write(roster: Roster, seed: int = 1) -> tuple[Scene, ...]:
    """All scenes of one half. Raises DatasetError where the roster lacks somebody."""
    random = np.random.default_rng(seed)
    deck = _Deck(random, roster)
    made: list[Scene] = []

    def add(kind: str, scene: Scene) -> None:
        number = sum(other.kind == kind for other in made) + 1
        draw = int(random.integers(2**31))
        fps = scene.fps or float(random.choice(FPS))
        made.append(replace(scene, name=f"{kind}-{number:02}", kind=kind, seed=draw, fps=fps, room=deck.room()))

    for kind, maker, counts in (
        ("change", _change, {"happy": 14, "surprise": 10, "angry": 6, "sad": 4}),
        ("pair", _pair, {"happy": 6, "surprise": 4, "angry": 1, "sad": 1}),
        *((kind, maker, {"happy": 3, "surprise": 2, "neutral": 1}) for kind, maker in MAKERS.items()),
        ("still", _still, {"happy": 1, "neutral": 2, "surprise": 1, "sad": 1, "angry": 1}),
    ):
        for expression in _mix(random, counts):
            add(kind, maker(deck, random, expression))
    for expressions in _two_by_two(_mix(random, {"happy": 8, "surprise": 20, "angry": 22, "sad": 28})):
        add("enter", _enter(deck, random, expressions))
    far = _two_by_two(_mix(random, {"happy": 6, "surprise": 10, "angry": 12, "sad": 12, "neutral": 2}))
    rare = [[word, "neutral"] for word in ("fear", "fear", "disgust") if deck.has_far(word)]
    for expressions in (*far, *rare):
        add("far", _enter(deck, random, expressions, far=True))
    for _ in range(TALKERS):
        add("talk", _talk(deck, random))
    for _ in range(3):
        add("empty", Scene("", "", 0.0, 30.0, 0, "", (), Effects(pan_px_s=float(random.uniform(20, 60)))))
    for reason in degrade.MAKERS:
        for strength in degrade.STRENGTHS:
            add("degraded", _degraded(deck, random, reason, strength))
    return tuple(made)


def _mix(random: Generator, counts: dict[str, int]) -> list[str]:
    """Each word so many times, in a drawn order."""
    words = [word for word, count in counts.items() for _ in range(count)]
    return [words[index] for index in random.permutation(len(words))]


def _two_by_two(words: Sequence[str]) -> list[list[str]]:
    return [list(pair) for pair in zip(words[::2], words[1::2], strict=True)]


def _stand(random: Generator, start: float, end: float, x: float | None = None, far: bool = False) -> tuple[Way, ...]:
    """Somebody who stands there and sways, from start to end (seconds)."""
    width = float(np.exp(random.uniform(*np.log(FAR_PX if far else NEAR_PX))))
    middle = x if x is not None else random.uniform(0.35, 0.65) * WIDTH
    y = random.uniform(0.36, 0.46) * HEIGHT
    moments = np.linspace(start, end, max(2, round((end - start) / 2.5) + 1))
    sway = random.normal(0, 0.06 * width, (len(moments), 2))
    sizes = width * np.exp(random.normal(0, 0.02, len(moments)))
    if far:
        sizes = np.minimum(sizes, FAR_PX[1])
    return tuple(
        Way(float(at), float(middle + dx), float(y + dy / 2), float(size))
        for at, (dx, dy), size in zip(moments, sway, sizes, strict=True)
    )


def _walk_in(random: Generator, way: tuple[Way, ...]) -> tuple[Way, ...]:
    """The same with an entrance from one side before it, and an exit after it, of a second or so each."""
    first, last = way[0], way[-1]
    outside = ACROSS if random.random() < 0.5 else WIDTH - ACROSS
    entrance = Way(first.at - random.uniform(0.8, 1.4), outside, first.y, first.width)
    return (entrance, *way, Way(last.at + random.uniform(0.8, 1.4), WIDTH - outside, last.y, last.width))


def _fade(random: Generator) -> float:
    return float(random.uniform(0.2, 0.4))


def _change(deck: _Deck, random: Generator, expression: str) -> Scene:
    """One person: neutral, something else, neutral again."""
    who, neutral, other = deck.both(expression)
    there, back = random.uniform(4.5, 6.0), random.uniform(10.0, 12.0)
    looks = (
        Look(0.0, neutral, "neutral"),
        Look(float(there), other, expression, _fade(random)),
        Look(float(back), neutral, "neutral", _fade(random)),
    )
    return Scene("", "", 0.0, 16.0, 0, "", (Actor(who, _stand(random, 0, 17), looks),))


def _enter(deck: _Deck, random: Generator, expressions: Sequence[str], far: bool = False) -> Scene:
    """One person after the other comes, stays for some seconds with one expression, and goes."""
    actors, at = [], 1.2
    for expression in expressions:
        who, still = deck.single(expression, far)
        end = at + random.uniform(4.0, 5.5)
        way = _walk_in(random, _stand(random, at, end, far=far))
        actors.append(Actor(who, way, (Look(0.0, still, expression),)))
        at = way[-1].at + random.uniform(2.5, 3.5)
    return Scene("", "", 0.0, round(at, 1), 0, "", tuple(actors))


def _pair(deck: _Deck, random: Generator, expression: str) -> Scene:
    """Somebody joins somebody else, whose expression changes later: two side by side."""
    who, neutral, other = deck.both(expression)
    shown = "neutral" if expression == "happy" else "happy"
    second, still = deck.somebody_else(who, shown)
    sides = [0.25 * WIDTH, 0.75 * WIDTH] if random.random() < 0.5 else [0.75 * WIDTH, 0.25 * WIDTH]
    looks = (Look(0.0, neutral, "neutral"), Look(float(random.uniform(8.5, 10)), other, expression, _fade(random)))
    stand = _stand(random, random.uniform(4.0, 5.0), 17, sides[1])
    outside = ACROSS if sides[1] < sides[0] else WIDTH - ACROSS
    way = (Way(stand[0].at - random.uniform(0.8, 1.4), outside, stand[0].y, stand[0].width), *stand)
    one = Actor(who, _stand(random, 0, 17, sides[0]), looks)
    return Scene("", "", 0.0, 16.0, 0, "", (one, Actor(second, way, (Look(0.0, still, shown),))))


def _cross(deck: _Deck, random: Generator, expression: str) -> Scene:
    """Somebody stands there while somebody else passes, in front or behind, within two seconds."""
    who, still = deck.single(expression)
    one = Actor(who, _stand(random, 0, 17), (Look(0.0, still, expression),))
    shown = "neutral" if expression == "happy" else "happy"
    passer, other = deck.somebody_else(who, shown)
    start, nearer = random.uniform(6, 9), random.random() < 0.5
    width, y = one.way[0].width * (1.35 if nearer else 0.6), one.way[0].y + random.uniform(-20, 20)
    ends = (ACROSS, WIDTH - ACROSS) if random.random() < 0.5 else (WIDTH - ACROSS, ACROSS)
    way = (Way(start, ends[0], y, width), Way(start + random.uniform(1.5, 2.0), ends[1], y, width))
    return Scene("", "", 0.0, 16.0, 0, "", (one, Actor(passer, way, (Look(0.0, other, shown),))))


def _near(deck: _Deck, random: Generator, expression: str) -> Scene:
    """Somebody comes near, from too far away to be told."""
    who, still = deck.single(expression)
    x, y, width = random.uniform(0.3, 0.7) * WIDTH, 0.4 * HEIGHT, random.uniform(130, 230)
    way = (Way(0, x, y, 26), Way(random.uniform(4, 6), WIDTH / 2, y, width), Way(13, WIDTH / 2 + 15, y, width))
    return Scene("", "", 0.0, 12.0, 0, "", (Actor(who, way, (Look(0.0, still, expression),)),))


def _turn(deck: _Deck, random: Generator, expression: str) -> Scene:
    """Somebody turns away for some seconds, and back."""
    who, still = deck.single(expression)
    away, side = random.uniform(5, 6), 1 if random.random() < 0.5 else -1
    back = away + random.uniform(3, 4)
    degrees = side * random.uniform(50, 65)
    turns = ((away, 0.0), (away + 0.6, degrees), (back, degrees), (back + 0.6, 0.0))
    return Scene("", "", 0.0, 16.0, 0, "", (Actor(who, _stand(random, 0, 17), (Look(0.0, still, expression),), turns),))


def _light(deck: _Deck, random: Generator, expression: str) -> Scene:
    """A change of expression while the light changes, or trembles."""
    scene = _change(deck, random, expression if expression != "neutral" else "happy")
    low, high = random.uniform(0.6, 0.75), random.uniform(1.4, 1.8)
    gammas = ((0.0, 1.0), (3.0, low), (6.0, high), (8.0, high), (12.0, low), (15.0, 1.0))
    return replace(scene, effects=Effects(gammas=gammas, flicker=float(random.choice([0.0, 0.08])), noise=4.0))


def _shake(deck: _Deck, random: Generator, expression: str) -> Scene:
    """A change of expression before a camera that shakes and blurs with it."""
    scene = _change(deck, random, expression if expression != "neutral" else "happy")
    return replace(
        scene, effects=Effects(shake_px=float(random.uniform(6, 14)), streak_px=3.0, noise=4.0, pan_px_s=40.0)
    )


def _still(deck: _Deck, random: Generator, expression: str) -> Scene:
    """One person, one expression, a minute: beyond the arrival there is nothing to say."""
    who, still = deck.single(expression)
    return Scene("", "", SLOW_FPS, 60.0, 0, "", (Actor(who, _stand(random, 0, 61), (Look(0.0, still, expression),)),))


def _talk(deck: _Deck, random: Generator) -> Scene:
    """One neutral person who talks, for 100 seconds."""
    who, stills = deck.talker()
    actor = Actor(who, _stand(random, 0, 101), (Look(0.0, stills[0], "neutral"),), talk=stills,
                  talk_hz=float(random.uniform(2, 6)))  # fmt: skip
    return Scene("", "", SLOW_FPS, 100.0, 0, "", (actor,))


def _degraded(deck: _Deck, random: Generator, reason: str, strength: int) -> Scene:
    """Four people, one after the other, all of whom cannot be told for the same reason; after some seconds each the
    wearer asks."""
    actors, asks, at, effects = [], [], 0.5, Effects()
    for expression in ("happy", "neutral", "surprise", "happy"):
        who, still = deck.single(expression)
        actor = Actor(who, _stand(random, at, at + 4.5), (Look(0.0, still, expression),))
        actor, effects = degrade.MAKERS[reason](random, actor, strength)
        actors.append(actor)
        asks.append((round(at + 3.8, 2), Command.ASK))
        at += 6.5
    return Scene("", "", SLOW_FPS, round(at, 1), 0, "", tuple(actors), effects, reason, tuple(asks))


MAKERS = {"cross": _cross, "near": _near, "turn": _turn, "light": _light, "shake": _shake}
