"""What the people of a scene do: expressions with pauses at rest, talk in turns, arrivals and departures. Pure: the
state of the random generator decides.
"""

from collections.abc import Mapping
from dataclasses import replace

from numpy.random import Generator

from convert.scenarios.script.dynamics import (
    EXPRESSION_S,
    GLANCE_DEG,
    GLANCE_S,
    OFFSET_S,
    ONSET_S,
    draw,
    standing,
    with_nods,
)
from convert.scenarios.script.sampler import AssetSampler
from convert.scenarios.script.scene import WIDTH, Actor, Appearance, Intervals

LONG_SMILE_S, LONG_SMILES = (3.0, 8.0), 0.2
"""Shortest and longest duration, seconds, of the long expressions in a conversation, and the share of long ones."""
SMILES = 0.55
"""Share of smiles among the expressions of a conversation."""
LAUGHS = 0.35
"""Share of the smiles that are laughter."""
RESTING_CHANGE_S = (6.0, 15.0)
"""Seconds after which a neutral face moves to another neutral still of the person."""
WIDTHS_PX = (125.0, 185.0)
"""Smallest and largest face, in pixels of a frame of 640."""
OUTSIDE_PX = 150.0
"""How far beyond the edge of the frame a person waits who is not in it."""

Shown = list[tuple[float, float, str]]
"""(start, end, expression) of each expression, with its onset and offset; seconds."""


def acted(
    random: Generator,
    stills: Mapping[str, tuple[str, ...]],
    end: float,
    pauses: tuple[float, float],
    *,
    is_talk: bool = False,
) -> tuple[tuple[Appearance, ...], Shown]:
    """Appearances from 0 to `end` seconds: expressions with pauses at rest. is_talk: mostly smiles, some long ones."""
    rest = stills["neutral"]
    appearances, shown, at = [Appearance(0.0, one_of(random, rest), "neutral")], Shown(), draw(random, pauses)
    others = sorted(name for name, names in stills.items() if names and name != "neutral")
    while True:
        smiles = is_talk and "happy" in others and random.random() < SMILES
        expression = "happy" if smiles else one_of(random, others)
        lasts = draw(random, LONG_SMILE_S if is_talk and random.random() < LONG_SMILES else EXPRESSION_S)
        onset, offset = draw(random, ONSET_S), draw(random, OFFSET_S)
        over = at + max(lasts, (onset + offset) / 2 + 0.05)  # the end begins once the onset is complete
        if over + offset >= end:
            return tuple(appearances), shown
        appearances.append(Appearance(at, one_of(random, stills[expression]), expression, onset))
        appearances.append(Appearance(over, one_of(random, rest), "neutral", offset))
        shown.append((at - onset / 2, over + offset / 2, expression))
        at = over + offset / 2 + draw(random, pauses)


def one_of(random: Generator, names: list[str] | tuple[str, ...]) -> str:
    return names[int(random.integers(len(names)))]


def resting(random: Generator, names: tuple[str, ...], expression: str, end: float) -> tuple[Appearance, ...]:
    """A face with one expression, which moves from one still of it to another now and then."""
    appearances, at = [Appearance(0.0, one_of(random, names), expression)], draw(random, RESTING_CHANGE_S)
    while at + 1 < end:
        appearances.append(Appearance(at, one_of(random, names), expression, draw(random, OFFSET_S)))
        at += draw(random, RESTING_CHANGE_S)
    return tuple(appearances)


def standing_actor(
    sampler: AssetSampler,
    person: str,
    appearances: tuple[Appearance, ...],
    seconds: float,
    x: float = 0.5,
) -> Actor:
    """A person who stands at a share x of the frame's width and moves as somebody in a clip."""
    path = standing(sampler.random, seconds + 1, x * WIDTH, draw(sampler.random, WIDTHS_PX))
    return Actor(person, path, appearances, morphs=True, head=sampler.motion())


def conversing(sampler: AssetSampler, actor: Actor, shown: Shown, end: float) -> Actor:
    """A person who talks in some of the pauses between expressions (the wearer talks in the others), and who nods,
    glances away or holds a hand before the mouth in some."""
    random = sampler.random
    starts, ends = [0.0, *(each[1] for each in shown)], [*(each[0] for each in shown), end]
    speech, nods, hands, yaw = [], [], [], [(0.0, 0.0)]
    for number, (start, over) in enumerate(zip(starts, ends, strict=True)):
        if random.random() < 0.6:
            speech.append((start, over))
        kind = ("", "nod", "glance", "hand")[number % 4] if over - start > 3 else ""
        at = draw(random, (start + 0.4, max(start + 0.5, over - 2.4)))
        if kind == "nod":
            nods.append(at)
        elif kind == "hand":
            hands.append((at, at + draw(random, (0.8, 2.0))))
        elif kind == "glance":
            degrees = draw(random, GLANCE_DEG) * (1 if random.random() < 0.5 else -1)
            back = at + draw(random, GLANCE_S)
            yaw += [(at, 0.0), (at + 0.3, degrees), (back + 0.3, degrees), (back + 0.6, 0.0)]
    laughs = [(start, over) for start, over, word in shown if word == "happy" and random.random() < LAUGHS]
    actor = replace(actor, path=with_nods(actor.path, nods), yaw_keyframes=tuple(yaw), laughter=tuple(laughs))
    if hands:
        actor = replace(actor, occlusion="hand", occlusion_strength=2, occluded=tuple(hands))
    return talking(sampler, actor, tuple(speech))


def talking(sampler: AssetSampler, actor: Actor, speech: Intervals) -> Actor:
    """A person whose mouth moves as in a clip during `speech`, all the time where that is empty; where no mouth was
    measured, stills alternate."""
    mouth = sampler.motion(of_mouth=True)
    if mouth is not None:
        return replace(actor, mouth=mouth, speech=speech)
    stills = tuple(dict.fromkeys(each.still for each in actor.appearances if each.expression == "neutral"))
    return replace(actor, talking_stills=stills, talking_hz=draw(sampler.random, (3.0, 5.0)), speech=speech)


def turns(random: Generator, people: int, end: float) -> list[Intervals]:
    """When each of the people talks, one after the other."""
    turns: list[list[tuple[float, float]]] = [[] for _ in range(people)]
    at = 1.0
    while at < end:
        over = at + draw(random, (1.5, 8.0))
        turns[int(random.integers(people))].append((at, over))
        at = over + draw(random, (0.2, 1.5))
    return [tuple(each) for each in turns]


def arriving(random: Generator, actor: Actor, at: float, end: float) -> Actor:
    """An actor who comes in from the nearer side at `at` seconds."""
    here = actor.position_at(at + 1.0) if actor.head is None else replace(actor, head=None).position_at(at + 1.0)
    outside = -OUTSIDE_PX if here.x < WIDTH / 2 else WIDTH + OUTSIDE_PX
    come = at + draw(random, (0.8, 1.4))
    stay = [each for each in actor.path if come + 0.2 < each.at <= end]
    return replace(actor, path=(here._replace(at=at, x=outside), here._replace(at=come), *stay))


def leaving(random: Generator, actor: Actor, at: float) -> Actor:
    """An actor who goes out at the nearer side at `at` seconds."""
    here = replace(actor, head=None).position_at(at)
    outside = -OUTSIDE_PX if here.x < WIDTH / 2 else WIDTH + OUTSIDE_PX
    stay = [each for each in actor.path if each.at < at - 0.2]
    return replace(actor, path=(*stay, here, here._replace(at=at + draw(random, (0.8, 1.4)), x=outside)))
