"""The long scenes, with which each half (tuning, report) lasts three hours: conversations, people at rest, people who
pass by, and groups. Pure: the state of the random generator decides.

Heads and mouths move as those of people in clips did (`motion`), and faces move from still to still by their landmarks.
They are appended to the scenes of `generate` with random numbers of their own, so that those stay as they were. Most
have frames of 320 x 240, which are rendered in a third of the time.
"""

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from convert.scenarios.script.acting import (
    LAUGHS,
    OUTSIDE_PX,
    acted,
    arriving,
    conversing,
    leaving,
    one_of,
    resting,
    standing_actor,
    talking,
    turns,
)
from convert.scenarios.script.dynamics import (
    GLANCE_DEG,
    GLANCE_S,
    STEP_HEIGHT_PX,
    STEP_HZ,
    SceneMaker,
    draft,
    draw,
)
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

SHRINK = 2
"""How many times smaller most frames are."""
CONVERSATION_S, REST_S, TALK_S, COMPANY_S = 180.0, 180.0, 120.0, 120.0
WALK_S, DUSK_S, BETWEEN_S, TOGETHER_S, BRIEF_S = 60.0, 60.0, 30.0, 20.0, 30.0
"""Lengths of the scenes, seconds."""
PAUSES_S, LONG_PAUSES_S = (2.5, 7.0), (4.0, 16.0)
"""Shortest and longest rest between two expressions, in scenes about short expressions, and in conversations."""
PASS_S = (0.9, 2.2)
"""Seconds in which somebody passes through the frame."""
STEADY = CameraEffects()


def _small(seconds: float, actors: tuple[Actor, ...], effects: CameraEffects = STEADY) -> Scene:
    return replace(draft(seconds, actors, effects), shrink=SHRINK)


def _conversation(sampler: AssetSampler, random: Generator) -> Scene:
    """Three minutes with one person, who talks, smiles, laughs, nods, glances away, and has a hand before the mouth."""
    person, stills = sampler.acting(2, "happy")
    appearances, shown = acted(random, stills, CONVERSATION_S, LONG_PAUSES_S, is_talk=True)
    actor = standing_actor(sampler, person, appearances, CONVERSATION_S)
    actor = conversing(sampler, actor, shown, CONVERSATION_S)
    return replace(draft(CONVERSATION_S, (actor,)), shrink=1 if random.random() < 0.5 else SHRINK)


def _still(sampler: AssetSampler, random: Generator) -> Scene:
    """Three minutes at rest: a person with one expression, whose head moves."""
    expression = "happy" if random.random() < 0.2 else "neutral"
    person, stills = sampler.acting(2, expression)
    appearances = resting(random, stills[expression], expression, REST_S)
    return _small(REST_S, (standing_actor(sampler, person, appearances, REST_S),))


def _talk(sampler: AssetSampler, random: Generator) -> Scene:
    """A neutral person who talks, with pauses, for two minutes."""
    person, stills = sampler.acting(3, "neutral")
    actor = standing_actor(sampler, person, resting(random, stills["neutral"], "neutral", TALK_S), TALK_S)
    speech, at = [], draw(random, (0.5, 2.0))
    while at < TALK_S:
        over = min(TALK_S, at + draw(random, (2.0, 9.0)))
        speech.append((at, over))
        at = over + draw(random, (0.3, 2.5))
    return _small(TALK_S, (talking(sampler, actor, tuple(speech)),))


def _between(sampler: AssetSampler, random: Generator) -> Scene:
    """A person, and others who pass in front, between that person and the wearer, or behind."""
    person, stills = sampler.acting()
    appearances, _ = acted(random, stills, BETWEEN_S, LONG_PAUSES_S)
    actor, others, at = standing_actor(sampler, person, appearances, BETWEEN_S), [], draw(random, (4.0, 7.0))
    while at + 4 < BETWEEN_S:
        expression = one_of(random, ("neutral", "neutral", "happy"))
        passer, still = sampler.another(person, expression)
        width = actor.path[0].width * (draw(random, (1.2, 1.6)) if random.random() < 0.7 else 0.6)
        y, side = draw(random, (0.36, 0.48)) * HEIGHT, random.random() < 0.5
        ends = (-OUTSIDE_PX, WIDTH + OUTSIDE_PX) if side else (WIDTH + OUTSIDE_PX, -OUTSIDE_PX)
        over = at + draw(random, PASS_S)
        path = (PositionKeyframe(at, ends[0], y, width), PositionKeyframe(over, ends[1], y, width))
        others.append(Actor(passer, path, (Appearance(0.0, still, expression),)))
        at = over + draw(random, (4.0, 8.0))
    return _small(BETWEEN_S, (actor, *others))


def _company(sampler: AssetSampler, random: Generator) -> Scene:
    """Two or three people together, who talk in turns and look at each other; one comes later or leaves sooner."""
    places = [(0.3, 0.7), (0.2, 0.5, 0.8)][int(random.integers(2))]
    talks = turns(random, len(places), COMPANY_S)
    actors: list[Actor] = []
    for number, (x, (person, stills)) in enumerate(zip(places, sampler.several(len(places)), strict=True)):
        appearances, shown = acted(random, stills, COMPANY_S, LONG_PAUSES_S, is_talk=True)
        actor = standing_actor(sampler, person, appearances, COMPANY_S, x)
        width = min(actor.path[0].width, 150.0 if len(places) == 2 else 125.0)
        side = 1 if x < 0.5 else -1
        yaw = [(0.0, 0.0)]
        for at in np.arange(draw(random, (4.0, 14.0)), COMPANY_S - 4, draw(random, (11.0, 19.0))):
            back = float(at) + draw(random, GLANCE_S)
            degrees = side * draw(random, GLANCE_DEG)
            yaw += [(float(at), 0.0), (at + 0.3, degrees), (back + 0.3, degrees), (back + 0.6, 0.0)]
        actor = replace(actor, path=tuple(each._replace(width=width) for each in actor.path), yaw_keyframes=tuple(yaw))
        laughs = tuple((start, over) for start, over, word in shown if word == "happy" and random.random() < LAUGHS)
        actors.append(talking(sampler, replace(actor, laughter=laughs), talks[number] or ((0.0, 0.1),)))
    actors[-1] = arriving(random, actors[-1], draw(random, (8.0, 40.0)), COMPANY_S + 1)
    if random.random() < 0.5:
        actors[0] = leaving(random, actors[0], draw(random, (80.0, 110.0)))
    return _small(COMPANY_S, tuple(actors))


def _together(sampler: AssetSampler, random: Generator) -> Scene:
    """Two people who arrive within a second of each other, stay for some seconds, and leave together."""
    at, over = draw(random, (1.5, 4.0)), draw(random, (13.0, 16.0))
    actors = []
    for side, (person, still) in zip((0.28, 0.72), sampler.two("happy", "neutral"), strict=True):
        expression = "happy" if side < 0.5 else "neutral"
        actor = standing_actor(sampler, person, (Appearance(0.0, still, expression),), TOGETHER_S, side)
        actor = arriving(random, actor, at + draw(random, (0.0, 0.8)), TOGETHER_S)
        actors.append(leaving(random, actor, over + draw(random, (0.0, 0.8))))
    return _small(TOGETHER_S, tuple(actors))


def _brief(sampler: AssetSampler, random: Generator) -> Scene:
    """One person whose expressions come and go within seconds."""
    person, stills = sampler.acting()
    appearances, _ = acted(random, stills, BRIEF_S, PAUSES_S)
    return _small(BRIEF_S, (standing_actor(sampler, person, appearances, BRIEF_S, draw(random, (0.4, 0.6))),))


def _walk(sampler: AssetSampler, random: Generator) -> Scene:
    """A person in front of a wearer who walks: the picture goes up and down with the steps, shakes and is blurred."""
    person, stills = sampler.acting()
    appearances, _ = acted(random, stills, WALK_S, LONG_PAUSES_S)
    actor, moments = (
        standing_actor(sampler, person, appearances, WALK_S),
        np.arange(0.0, WALK_S + 1, 1 / (4 * STEP_HZ)),
    )
    unmoved = replace(actor, head=None)
    heights = STEP_HEIGHT_PX * np.sin(2 * np.pi * STEP_HZ * moments + random.uniform(0, 6))
    path = tuple(
        (here := unmoved.position_at(float(at)))._replace(y=here.y + float(up))
        for at, up in zip(moments, heights, strict=True)
    )
    effects = CameraEffects(shake_px=draw(random, (4.0, 9.0)), motion_blur_px=2.5, noise=3.5, pan_px_s=40.0)
    return _small(WALK_S, (replace(actor, path=path),), effects)


def _dusk(sampler: AssetSampler, random: Generator) -> Scene:
    """One person while it gets dark."""
    person, stills = sampler.acting()
    appearances, _ = acted(random, stills, DUSK_S, LONG_PAUSES_S)
    gamma = ((0.0, 1.0), (DUSK_S, draw(random, (2.4, 3.2))))
    actor = standing_actor(sampler, person, appearances, DUSK_S)
    return _small(DUSK_S, (actor,), CameraEffects(gamma_keyframes=gamma, noise=4.0))


MAKERS: dict[str, tuple[int, SceneMaker]] = {
    "conversation": (10, _conversation),
    "still": (6, _still),
    "talk": (8, _talk),
    "company": (6, _company),
    "between": (12, _between),
    "together": (12, _together),
    "brief": (20, _brief),
    "walk": (6, _walk),
    "dusk": (5, _dusk),
}
"""Number of scenes of each kind, and the function that makes one."""
