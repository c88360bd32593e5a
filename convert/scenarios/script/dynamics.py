"""Scenes with the dynamics of real faces: expressions that last for seconds, a conversation, people who arrive
together, a wearer who walks, dusk. Pure: the state of the random generator decides.

Spontaneous expressions last for 0.5 to 4 s; their onset takes 0.25 to 0.8 s, their end longer. A nod has about 2 Hz, a
glance away lasts for about a second.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.random import Generator

from convert.scenarios.script.sampler import AssetSampler
from convert.scenarios.script.scene import (
    HEIGHT,
    WIDTH,
    Actor,
    Appearance,
    CameraEffects,
    PositionKeyframe,
    Scene,
)

EXPRESSION_S, ONSET_S, OFFSET_S = (0.5, 4.0), (0.25, 0.8), (0.5, 1.2)
"""Shortest and longest expression, onset and end, seconds."""
PAUSE_S = (3.0, 6.0)
"""Seconds at rest between two expressions."""
NOD_HZ, NOD_HEIGHT, NODS_S = 2.0, 0.06, 1.0
"""How often and by how much of the face's width a head nods, and for how long."""
STEP_HZ, STEP_HEIGHT_PX = 1.9, 11.0
"""Steps a second of a walking wearer, and how far the picture goes up and down with them, pixels."""
GLANCE_DEG, GLANCE_S = (35.0, 55.0), (0.7, 1.6)
"""Smallest and largest yaw of a glance away, degrees, and shortest and longest glance, seconds."""
CONVERSATION_S, DUSK_S = 180.0, 30.0
"""Length of these scenes, seconds."""
FPS = 10.0
STEADY = CameraEffects()
"""A camera that does not move, in good light."""

SceneMaker = Callable[[AssetSampler, Generator], Scene]


def draw(random: Generator, bounds: tuple[float, float]) -> float:
    """A number between two others."""
    return float(random.uniform(*bounds))


def draft(seconds: float, actors: tuple[Actor, ...], effects: CameraEffects = STEADY) -> Scene:
    """A scene without name, kind, seed and room, which `generate` sets."""
    return Scene("", "", FPS, seconds, 0, "", actors, effects)


def standing(random: Generator, end: float, x: float, width: float) -> tuple[PositionKeyframe, ...]:
    """The path of a person who stands and sways, from 0 to `end` seconds."""
    y, moments = random.uniform(0.36, 0.46) * HEIGHT, np.arange(0.0, end + 2.5, 2.5)
    sway = random.normal(0, 0.05 * width, (len(moments), 2))
    return tuple(
        PositionKeyframe(float(at), float(x + dx), float(y + dy / 2), width)
        for at, (dx, dy) in zip(moments, sway, strict=True)
    )


def _expressions(
    random: Generator, neutral: str, others: dict[str, str], end: float
) -> tuple[tuple[Appearance, ...], list[tuple[float, float, str]]]:
    """Appearances from 0 to `end` seconds, at rest between the expressions; and (from, to, expression) of these with
    their onsets and ends."""
    appearances, shown, at = [Appearance(0.0, neutral, "neutral")], [], draw(random, PAUSE_S)
    names = sorted(others)
    while at + EXPRESSION_S[1] + OFFSET_S[1] < end:
        expression = names[int(random.integers(len(names)))]
        onset, offset, lasts = draw(random, ONSET_S), draw(random, OFFSET_S), draw(random, EXPRESSION_S)
        over = at + max(lasts, (onset + offset) / 2 + 0.05)  # the end begins once the onset is complete
        appearances.append(Appearance(at, others[expression], expression, onset))
        appearances.append(Appearance(over, neutral, "neutral", offset))
        shown.append((at - onset / 2, over + offset / 2, expression))
        at = over + offset / 2 + draw(random, PAUSE_S)
    return tuple(appearances), shown


def _brief(sampler: AssetSampler, random: Generator) -> Scene:
    """One person whose expressions come and go within seconds."""
    person, neutral, others = sampler.expressive()
    appearances, _ = _expressions(random, neutral, others, 20.0)
    path = standing(random, 21.0, draw(random, (0.4, 0.6)) * WIDTH, draw(random, (110.0, 180.0)))
    return draft(20.0, (Actor(person, path, appearances, morphs=True),))


def _conversation(sampler: AssetSampler, random: Generator) -> Scene:
    """Three minutes with one person, who talks, smiles, laughs, nods, glances away, and has a hand before the mouth."""
    person, stills, others = sampler.conversing()
    appearances, shown = _expressions(random, stills[0], others, CONVERSATION_S)
    rests = [(before[1], after[0]) for before, after in pairwise(shown)]
    laughter = tuple(
        (start, end) for start, end, expression in shown if expression == "happy" and random.random() < 0.3
    )
    speech: list[tuple[float, float]] = []
    nods: list[float] = []
    hands: list[tuple[float, float]] = []
    yaw: list[tuple[float, float]] = [(0.0, 0.0)]
    for start, end in rests:
        kind = random.choice(["talk", "talk", "nod", "glance", "hand", "listen"])
        if kind == "talk":
            speech.append((start, end))
        elif kind == "nod":
            nods.append(start + 0.5)
        elif kind == "hand":
            hands.append((start + 0.3, end - 0.3))
        elif kind == "glance":
            away, back = start + 0.3, start + 0.3 + draw(random, GLANCE_S)
            degrees = draw(random, GLANCE_DEG) * (1 if random.random() < 0.5 else -1)
            yaw += [(away, 0.0), (away + 0.3, degrees), (back + 0.3, degrees), (back + 0.6, 0.0)]
    path = standing(random, CONVERSATION_S + 1, 0.5 * WIDTH, draw(random, (130.0, 180.0)))
    actor = Actor(
        person,
        with_nods(path, nods),
        appearances,
        tuple(yaw),
        talking_stills=stills,
        talking_hz=draw(random, (3.0, 5.0)),
        speech=tuple(speech) or ((0.0, 0.1),),
        laughter=laughter,
        morphs=True,
    )
    if hands:
        actor = replace(actor, occlusion="hand", occlusion_strength=2, occluded=tuple(hands))
    return draft(CONVERSATION_S, (actor,))


def with_nods(path: tuple[PositionKeyframe, ...], nods: list[float]) -> tuple[PositionKeyframe, ...]:
    """A path on which the head nods for NODS_S from each of these times on."""
    actor = Actor("", path, ())
    bobs: list[PositionKeyframe] = []
    for start in nods:
        for step in range(round(4 * NOD_HZ * NODS_S) + 1):
            at = start + step / (4 * NOD_HZ)
            here = actor.position_at(at)
            drop = NOD_HEIGHT * here.width * (step % 4 == 1) - NOD_HEIGHT / 2 * here.width * (step % 4 == 3)
            bobs.append(here._replace(y=here.y + drop))
    outside = [each for each in path if not _is_within_nods(each.at, nods)]
    return tuple(sorted([*outside, *bobs]))


def _is_within_nods(at: float, nods: list[float]) -> bool:
    return any(start <= at <= start + NODS_S for start in nods)


def _together(sampler: AssetSampler, random: Generator) -> Scene:
    """Two people arrive within a second of each other, and stay."""
    actors = []
    for side, (person, still) in zip((0.28, 0.72), sampler.two("happy", "neutral"), strict=True):
        expression = "happy" if side < 0.5 else "neutral"
        x, at, width = side * WIDTH, 2.0 + draw(random, (0.0, 0.8)), draw(random, (110.0, 150.0))
        outside = -140.0 if side < 0.5 else WIDTH + 140.0
        stand = [each._replace(at=each.at + at + 1.0) for each in standing(random, 12.0, x, width)]
        path = (PositionKeyframe(at, outside, stand[0].y, width), *stand)
        actors.append(Actor(person, path, (Appearance(0.0, still, expression),)))
    return draft(14.0, tuple(actors))


def _walk(sampler: AssetSampler, random: Generator) -> Scene:
    """A person in front of a wearer who walks: the picture goes up and down with the steps, shakes and is blurred."""
    person, neutral, others = sampler.expressive()
    appearances, _ = _expressions(random, neutral, others, 20.0)
    sway = standing(random, 21.0, 0.5 * WIDTH, draw(random, (110.0, 160.0)))
    actor, moments = Actor(person, sway, appearances, morphs=True), np.arange(0.0, 21.0, 1 / (4 * STEP_HZ))
    heights = STEP_HEIGHT_PX * np.sin(2 * np.pi * STEP_HZ * moments + random.uniform(0, 6))
    path = tuple(
        (here := actor.position_at(float(at)))._replace(y=here.y + float(up))
        for at, up in zip(moments, heights, strict=True)
    )
    effects = CameraEffects(shake_px=draw(random, (4.0, 9.0)), motion_blur_px=2.5, noise=3.5, pan_px_s=40.0)
    return draft(20.0, (replace(actor, path=path),), effects)


def _dusk(sampler: AssetSampler, random: Generator) -> Scene:
    """One person while it gets dark."""
    person, neutral, others = sampler.expressive()
    appearances, _ = _expressions(random, neutral, others, DUSK_S)
    path = standing(random, DUSK_S + 1, 0.5 * WIDTH, draw(random, (120.0, 180.0)))
    gamma = ((0.0, 1.0), (DUSK_S, draw(random, (2.4, 3.2))))
    effects = CameraEffects(gamma_keyframes=gamma, noise=4.0)
    return draft(DUSK_S, (Actor(person, path, appearances, morphs=True),), effects)


MAKERS: dict[str, tuple[int, SceneMaker]] = {
    "brief": (10, _brief),
    "conversation": (2, _conversation),
    "together": (6, _together),
    "walk": (6, _walk),
    "dusk": (3, _dusk),
}
"""Number of scenes of each kind, and the function that makes one."""
