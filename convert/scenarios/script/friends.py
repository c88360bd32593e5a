"""Scenes of people some of whom are friends: who comes, one after the other or two at once. Pure: the state of the
random generator decides.

They count for the names alone. Ten friends are known in each scene, those who come among them; a stranger is anybody
else. A scene is so short that the minute's announcements suffice for the names.
"""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from convert.scenarios.script.sampler import AssetSampler
from convert.scenarios.script.scene import HEIGHT, WIDTH, Actor, Appearance, PositionKeyframe, Scene

KIND = "friends"
SCENES = 60
FPS = 10.0
KNOWN = 10
"""Friends who are known in each scene."""
STAY_S, PAUSE_S = (4.5, 6.5), (3.0, 4.0)
"""How long a visitor stays, and how long nobody is there between two."""
WIDTHS_PX = (50.0, 180.0)
"""Widths of the faces: at 62 degrees of a frame of 640 pixels, 0.5 to 1.9 metres away."""
OUTSIDE_X = -140.0


def make(sampler: AssetSampler, random: Generator, number: int) -> Scene:
    """The scene `number`, from 0: two visitors one after the other, or (every third) at once; half of them friends."""
    able = sorted(sampler.assets.portraits)
    first, second = (bool(random.random() < 0.5) for _ in range(2))
    people = [_person(random, sampler, able, is_friend=first, others=())]
    people.append(_person(random, sampler, able, is_friend=second, others=people))
    friends = [person for person, is_friend in zip(people, (first, second), strict=True) if is_friend]
    rest = [each for each in able if each not in people]
    friends += [str(each) for each in random.permutation(rest)[: KNOWN - len(friends)]]
    if number % 3 == 2:
        sides = (0.27 * WIDTH, 0.73 * WIDTH) if random.random() < 0.5 else (0.73 * WIDTH, 0.27 * WIDTH)
        stays = [(0.5, 9.0), (float(random.uniform(1.5, 3.0)), 9.5)]
        actors = [_actor(random, sampler, *each) for each in zip(people, stays, sides, strict=True)]
        seconds = 11.0
    else:
        ends = 1.0 + random.uniform(*STAY_S)
        begins = ends + 2.5 + random.uniform(*PAUSE_S)
        stays = [(1.0, float(ends)), (float(begins), float(begins + random.uniform(*STAY_S)))]
        places = [float(random.uniform(0.35, 0.65) * WIDTH) for _ in people]
        actors = [_actor(random, sampler, *each) for each in zip(people, stays, places, strict=True)]
        seconds = round(stays[1][1] + 3.0, 1)
    return Scene("", "", FPS, seconds, 0, "", tuple(actors), friends=tuple(friends))


def _person(
    random: Generator, sampler: AssetSampler, able: Sequence[str], *, is_friend: bool, others: Sequence[str]
) -> str:
    near = sampler.assets.near
    known = [each for each in (able if is_friend else sorted(near)) if each in near and each not in others]
    return str(random.choice(known))


def _actor(random: Generator, sampler: AssetSampler, person: str, stay: tuple[float, float], x: float) -> Actor:
    """Somebody who comes in from one side, stands, and leaves at the other."""
    stills = sampler.assets.near[person]
    expression = str(random.choice(sorted(stills)))
    width = float(np.exp(random.uniform(*np.log(WIDTHS_PX))))
    y = random.uniform(0.36, 0.46) * HEIGHT
    moments = np.linspace(*stay, max(2, round((stay[1] - stay[0]) / 2.0) + 1))
    stand = [PositionKeyframe(float(at), float(x + random.normal(0, 0.06 * width)), float(y), width) for at in moments]
    outside = OUTSIDE_X if x < WIDTH / 2 else WIDTH - OUTSIDE_X
    entrance = PositionKeyframe(stand[0].at - float(random.uniform(0.8, 1.4)), outside, float(y), width)
    leave = PositionKeyframe(stand[-1].at + float(random.uniform(0.8, 1.4)), outside, float(y), width)
    appearances = (Appearance(0.0, str(random.choice(stills[expression])), expression),)
    return Actor(person, (entrance, *stand, leave), appearances, head=sampler.motion())
