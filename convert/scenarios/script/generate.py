"""Generation of the scenes of a half: kinds, numbers, stills. Pure: the same seed gives the same scenes.

Scenes are short, because the assistant makes at most four announcements a minute: a scene with more events would
measure that limit instead of the recognition. The scenes of a kind differ in people, room, size, position, speed and
light.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.random import Generator

from assistant.ipc.commands import Command
from convert.scenarios.script import attention, degradations, dynamics, friends, hours
from convert.scenarios.script.sampler import AssetSampler
from convert.scenarios.script.scene import (
    HEIGHT,
    WIDTH,
    Actor,
    Appearance,
    AssetIndex,
    CameraEffects,
    PositionKeyframe,
    Scene,
)

FPS_CHOICES = (10.0, 10.0, 10.0, 15.0, 15.0, 30.0)
"""Frame rates that scenes are drawn from; 10 is the rate that the assistant asks a camera for."""
LONG_SCENE_FPS = 10.0
"""Frame rate of long scenes."""
TALKING_SCENES = 6
"""Number of scenes of 100 seconds in which a person talks."""
NEAR_WIDTHS_PX, FAR_WIDTHS_PX = (110.0, 190.0), (58.0, 72.0)
"""Smallest and largest width of near and of far faces. Far ones are enlarged from FER-2013's 48 pixels, and would be
too coarse at larger widths."""
OUTSIDE_X = -140.0
"""x in pixels of a person outside of the frame, at its left; at its right: WIDTH - OUTSIDE_X."""
KINDS = (
    "change", "enter", "pair", "cross", "near", "turn", "light", "shake", "far", "still", "talk", "empty", "degraded",
    *dynamics.MAKERS, *(kind for kind in hours.MAKERS if kind in ("company", "between")), attention.KIND,
    friends.KIND,
)  # fmt: skip
"""Kinds of scene."""


def generate(assets: AssetIndex, seed: int = 1) -> tuple[Scene, ...]:
    """All scenes of one half, three hours. Raises DatasetError where there are no pictures for a scene.

    Scenes are only ever appended, each lot with random numbers of its own: those before stay bit for bit the same, and
    so figures of different versions can be compared.
    """
    scenes: list[Scene] = []
    _short_scenes(AssetSampler(np.random.default_rng(seed), assets), scenes)
    sampler = AssetSampler(np.random.default_rng((seed, 1)), assets)
    for kind, (count, make) in hours.MAKERS.items():
        for _ in range(count):
            _add(scenes, sampler, kind, make(sampler, sampler.random))
    sampler = AssetSampler(np.random.default_rng((seed, 2)), assets)
    for number in range(friends.SCENES if assets.portraits else 0):
        _add(scenes, sampler, friends.KIND, friends.make(sampler, sampler.random, number))
    return tuple(scenes)


def _add(scenes: list[Scene], sampler: AssetSampler, kind: str, scene: Scene) -> None:
    number = sum(other.kind == kind for other in scenes) + 1
    draw = int(sampler.random.integers(2**31))
    fps = scene.fps or float(sampler.random.choice(FPS_CHOICES))
    scenes.append(replace(scene, name=f"{kind}-{number:02}", kind=kind, seed=draw, fps=fps, room=sampler.room()))


def _short_scenes(sampler: AssetSampler, scenes: list[Scene]) -> None:
    """Append 80 minutes of scenes, most of them short."""
    random = sampler.random

    def add(kind: str, scene: Scene) -> None:
        _add(scenes, sampler, kind, scene)

    for kind, maker, counts in (
        ("change", _change, {"happy": 14, "surprise": 10, "angry": 6, "sad": 4}),
        ("pair", _pair, {"happy": 6, "surprise": 4, "angry": 1, "sad": 1}),
        *((kind, maker, {"happy": 3, "surprise": 2, "neutral": 1}) for kind, maker in SCENE_MAKERS.items()),
        ("still", _still, {"happy": 1, "neutral": 2, "surprise": 1, "sad": 1, "angry": 1}),
    ):
        for expression in _shuffled(random, counts):
            add(kind, maker(sampler, random, expression))
    for expressions in _pairs(_shuffled(random, {"happy": 8, "surprise": 20, "angry": 22, "sad": 28})):
        add("enter", _enter(sampler, random, expressions))
    far = _pairs(_shuffled(random, {"happy": 6, "surprise": 10, "angry": 12, "sad": 12, "neutral": 2}))
    rare = [[word, "neutral"] for word in ("fear", "fear", "disgust") if sampler.has_far(word)]
    for expressions in (*far, *rare):
        add("far", _enter(sampler, random, expressions, far=True))
    for _ in range(TALKING_SCENES):
        add("talk", _talk(sampler, random))
    for _ in range(3):
        add("empty", _draft(30.0, effects=CameraEffects(pan_px_s=float(random.uniform(20, 60)))))
    for reason in degradations.DEGRADATIONS:
        for strength in degradations.STRENGTHS:
            add("degraded", _degraded(sampler, random, reason, strength))
    for kind, (count, make) in dynamics.MAKERS.items():
        for _ in range(count):
            add(kind, make(sampler, random))
    for number in range(attention.SCENES):
        add(attention.KIND, attention.make(sampler, random, number))


def _draft(seconds: float, actors: tuple[Actor, ...] = (), *, fps: float = 0.0, **fields: Any) -> Scene:
    """A scene without name, kind, seed and room, which `generate` sets, as it does the frame rate if `fps` is 0."""
    return Scene("", "", fps, seconds, 0, "", actors, **fields)


def _shuffled(random: Generator, counts: dict[str, int]) -> list[str]:
    """Each expression as often as `counts` says, in random order."""
    expressions = [expression for expression, count in counts.items() for _ in range(count)]
    return [expressions[index] for index in random.permutation(len(expressions))]


def _pairs(expressions: Sequence[str]) -> list[list[str]]:
    return [list(pair) for pair in zip(expressions[::2], expressions[1::2], strict=True)]


def _stand(
    random: Generator, start: float, end: float, x: float | None = None, far: bool = False
) -> tuple[PositionKeyframe, ...]:
    """The path of a standing, swaying person from start to end (seconds). x: position, random if None."""
    width = float(np.exp(random.uniform(*np.log(FAR_WIDTHS_PX if far else NEAR_WIDTHS_PX))))
    middle = x if x is not None else random.uniform(0.35, 0.65) * WIDTH
    y = random.uniform(0.36, 0.46) * HEIGHT
    moments = np.linspace(start, end, max(2, round((end - start) / 2.5) + 1))
    sway = random.normal(0, 0.06 * width, (len(moments), 2))
    sizes = width * np.exp(random.normal(0, 0.02, len(moments)))
    if far:
        sizes = np.minimum(sizes, FAR_WIDTHS_PX[1])
    return tuple(
        PositionKeyframe(float(at), float(middle + dx), float(y + dy / 2), float(size))
        for at, (dx, dy), size in zip(moments, sway, sizes, strict=True)
    )


def _with_entrance_and_exit(random: Generator, path: tuple[PositionKeyframe, ...]) -> tuple[PositionKeyframe, ...]:
    """A path extended by an entrance from one side and an exit to the other, of about a second each."""
    first, last = path[0], path[-1]
    outside = OUTSIDE_X if random.random() < 0.5 else WIDTH - OUTSIDE_X
    entrance = PositionKeyframe(first.at - random.uniform(0.8, 1.4), outside, first.y, first.width)
    return (entrance, *path, PositionKeyframe(last.at + random.uniform(0.8, 1.4), WIDTH - outside, last.y, last.width))


def _fade_s(random: Generator) -> float:
    return float(random.uniform(0.2, 0.4))


def _change(sampler: AssetSampler, random: Generator, expression: str) -> Scene:
    """One person: neutral, then the expression, then neutral again."""
    person, neutral, other = sampler.with_neutral(expression)
    change, back = random.uniform(4.5, 6.0), random.uniform(10.0, 12.0)
    appearances = (
        Appearance(0.0, neutral, "neutral"),
        Appearance(float(change), other, expression, _fade_s(random)),
        Appearance(float(back), neutral, "neutral", _fade_s(random)),
    )
    return _draft(16.0, (Actor(person, _stand(random, 0, 17), appearances),))


def _enter(sampler: AssetSampler, random: Generator, expressions: Sequence[str], far: bool = False) -> Scene:
    """People who enter one after the other, stay for some seconds with one expression each, and leave."""
    actors, at = [], 1.2
    for expression in expressions:
        person, still = sampler.single(expression, far)
        end = at + random.uniform(4.0, 5.5)
        path = _with_entrance_and_exit(random, _stand(random, at, end, far=far))
        actors.append(Actor(person, path, (Appearance(0.0, still, expression),)))
        at = path[-1].at + random.uniform(2.5, 3.5)
    return _draft(round(at, 1), tuple(actors))


def _pair(sampler: AssetSampler, random: Generator, expression: str) -> Scene:
    """A second person joins the first, whose expression changes later."""
    person, neutral, other = sampler.with_neutral(expression)
    shown = "neutral" if expression == "happy" else "happy"
    second, still = sampler.another(person, shown)
    sides = [0.25 * WIDTH, 0.75 * WIDTH] if random.random() < 0.5 else [0.75 * WIDTH, 0.25 * WIDTH]
    appearances = (
        Appearance(0.0, neutral, "neutral"),
        Appearance(float(random.uniform(8.5, 10)), other, expression, _fade_s(random)),
    )
    stand = _stand(random, random.uniform(4.0, 5.0), 17, sides[1])
    outside = OUTSIDE_X if sides[1] < sides[0] else WIDTH - OUTSIDE_X
    path = (PositionKeyframe(stand[0].at - random.uniform(0.8, 1.4), outside, stand[0].y, stand[0].width), *stand)
    one = Actor(person, _stand(random, 0, 17, sides[0]), appearances)
    return _draft(16.0, (one, Actor(second, path, (Appearance(0.0, still, shown),))))


def _cross(sampler: AssetSampler, random: Generator, expression: str) -> Scene:
    """A standing person whom another passes, in front or behind, within two seconds."""
    person, still = sampler.single(expression)
    one = Actor(person, _stand(random, 0, 17), (Appearance(0.0, still, expression),))
    shown = "neutral" if expression == "happy" else "happy"
    passer, other = sampler.another(person, shown)
    start, nearer = random.uniform(6, 9), random.random() < 0.5
    width, y = one.path[0].width * (1.35 if nearer else 0.6), one.path[0].y + random.uniform(-20, 20)
    ends = (OUTSIDE_X, WIDTH - OUTSIDE_X) if random.random() < 0.5 else (WIDTH - OUTSIDE_X, OUTSIDE_X)
    path = (
        PositionKeyframe(start, ends[0], y, width),
        PositionKeyframe(start + random.uniform(1.5, 2.0), ends[1], y, width),
    )
    return _draft(16.0, (one, Actor(passer, path, (Appearance(0.0, other, shown),))))


def _near(sampler: AssetSampler, random: Generator, expression: str) -> Scene:
    """A person who approaches, from too far away to be read."""
    person, still = sampler.single(expression)
    x, y, width = random.uniform(0.3, 0.7) * WIDTH, 0.4 * HEIGHT, random.uniform(130, 230)
    path = (
        PositionKeyframe(0, x, y, 26),
        PositionKeyframe(random.uniform(4, 6), WIDTH / 2, y, width),
        PositionKeyframe(13, WIDTH / 2 + 15, y, width),
    )
    return _draft(12.0, (Actor(person, path, (Appearance(0.0, still, expression),)),))


def _turn(sampler: AssetSampler, random: Generator, expression: str) -> Scene:
    """A person who turns away for some seconds, and back."""
    person, still = sampler.single(expression)
    away, side = random.uniform(5, 6), 1 if random.random() < 0.5 else -1
    back = away + random.uniform(3, 4)
    degrees = side * random.uniform(50, 65)
    yaw = ((away, 0.0), (away + 0.6, degrees), (back, degrees), (back + 0.6, 0.0))
    return _draft(16.0, (Actor(person, _stand(random, 0, 17), (Appearance(0.0, still, expression),), yaw),))


def _light(sampler: AssetSampler, random: Generator, expression: str) -> Scene:
    """A change of expression while the light changes or flickers."""
    scene = _change(sampler, random, expression if expression != "neutral" else "happy")
    low, high = random.uniform(0.6, 0.75), random.uniform(1.4, 1.8)
    gamma = ((0.0, 1.0), (3.0, low), (6.0, high), (8.0, high), (12.0, low), (15.0, 1.0))
    return replace(
        scene, effects=CameraEffects(gamma_keyframes=gamma, flicker=float(random.choice([0.0, 0.08])), noise=4.0)
    )


def _shake(sampler: AssetSampler, random: Generator, expression: str) -> Scene:
    """A change of expression in front of a shaking camera with motion blur."""
    scene = _change(sampler, random, expression if expression != "neutral" else "happy")
    return replace(
        scene,
        effects=CameraEffects(shake_px=float(random.uniform(6, 14)), motion_blur_px=3.0, noise=4.0, pan_px_s=40.0),
    )


def _still(sampler: AssetSampler, random: Generator, expression: str) -> Scene:
    """One person with one expression for a minute: after the arrival there is nothing to announce."""
    person, still = sampler.single(expression)
    actor = Actor(person, _stand(random, 0, 61), (Appearance(0.0, still, expression),))
    return _draft(60.0, (actor,), fps=LONG_SCENE_FPS)


def _talk(sampler: AssetSampler, random: Generator) -> Scene:
    """A neutral person who talks for 100 seconds."""
    person, stills = sampler.talking()
    actor = Actor(person, _stand(random, 0, 101), (Appearance(0.0, stills[0], "neutral"),), talking_stills=stills,
                  talking_hz=float(random.uniform(2, 6)))  # fmt: skip
    return _draft(100.0, (actor,), fps=LONG_SCENE_FPS)


def _degraded(sampler: AssetSampler, random: Generator, reason: str, strength: int) -> Scene:
    """Four people, one after the other, whose expressions cannot be read for one reason; the wearer asks about each of
    them after some seconds."""
    actors, questions, at, effects = [], [], 0.5, CameraEffects()
    for expression in ("happy", "neutral", "surprise", "happy"):
        person, still = sampler.single(expression)
        actor = Actor(person, _stand(random, at, at + 4.5), (Appearance(0.0, still, expression),))
        actor, effects = degradations.DEGRADATIONS[reason](random, actor, strength)
        actors.append(actor)
        questions.append((round(at + 3.8, 2), Command.ASK))
        at += 6.5
    return _draft(
        round(at, 1), tuple(actors), fps=LONG_SCENE_FPS, effects=effects, reason=reason, questions=tuple(questions)
    )


SCENE_MAKERS = {"cross": _cross, "near": _near, "turn": _turn, "light": _light, "shake": _shake}
