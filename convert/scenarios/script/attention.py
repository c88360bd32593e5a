"""Scenes of people who turn to the wearer and away, and of others who only move their heads. Pure: the state of the
random generator decides.

They count for the cues of attention alone. A head that is turned away stays so for seconds, or for a glance; one that
faces the wearer is never quite still.
"""

from numpy.random import Generator

from convert.scenarios.script.sampler import AssetSampler
from convert.scenarios.script.scene import WIDTH, Actor, Appearance, PositionKeyframe, Scene

KIND = "attention"
SCENES = 36
SECONDS, FPS = 24.0, 10.0
TURN_S, TURN_DEG = (0.3, 0.8), (38.0, 65.0)
"""How long a head takes to turn, and how far it turns away."""
HOLD_S, GLANCE_S = (2.5, 5.5), (0.3, 0.7)
"""How long a head stays where it has turned to; and for a glance away."""
GLANCE_SHARE, PARTIAL_SHARE, PARTIAL_DEG = 0.25, 0.2, 18.0
"""Share of the turns that are but a glance, share of those that only go to PARTIAL_DEG."""
RESTLESS_DEG, RESTLESS_S = 7.0, 1.3
"""The yaw, either way, and the interval of the small movements of a head that faces the wearer."""
NEAR_WIDTHS_PX = (70.0, 180.0)

Yaw = tuple[tuple[float, float], ...]


def make(sampler: AssetSampler, random: Generator, number: int) -> Scene:
    """The scene `number`, from 0: one person who turns, two of them, or one who talks and does not turn."""
    if number % 3 == 2:
        people = [sampler.single("neutral")]
        people.append(sampler.another(people[0][0], "neutral"))
        sides = (0.27 * WIDTH, 0.73 * WIDTH)
        actors = tuple(_actor(random, *each, side, _turns(random)) for each, side in zip(people, sides, strict=True))
        return _scene(actors)
    if number % 6 == 0:
        person, stills = sampler.talking()
        actor = _actor(random, person, stills[0], WIDTH / 2, _restless(random, 0.0, SECONDS, 1.6 * RESTLESS_DEG))
        talking = Actor(actor.name, actor.path, actor.appearances, actor.yaw_keyframes, stills, random.uniform(2, 5))
        return _scene((talking,))
    person, still = sampler.single(("neutral", "happy")[number % 2])
    return _scene((_actor(random, person, still, random.uniform(0.3, 0.7) * WIDTH, _turns(random)),))


def _scene(actors: tuple[Actor, ...]) -> Scene:
    """A scene without name, kind, seed and room, which `generate` sets."""
    return Scene("", "", FPS, SECONDS, 0, "", actors)


def _actor(random: Generator, person: str, still: str, x: float, yaw: Yaw) -> Actor:
    """A person who stands and sways."""
    width, y = float(random.uniform(*NEAR_WIDTHS_PX)), random.uniform(0.36, 0.46) * 480
    moments = [2.5 * step for step in range(round(SECONDS / 2.5) + 2)]
    path = tuple(
        PositionKeyframe(
            at, float(x + random.normal(0, 0.05 * width)), float(y + random.normal(0, 0.03 * width)), width
        )
        for at in moments
    )
    return Actor(person, path, (Appearance(0.0, still, "neutral"),), yaw)


def _turns(random: Generator) -> Yaw:
    """Yaw keyframes of a head that turns away and back until the scene ends; it may begin turned away."""
    keyframes: list[tuple[float, float]] = []
    at, is_away = 0.0, bool(random.random() < 0.5)
    while at < SECONDS:
        if not is_away:
            end = at + float(random.uniform(*HOLD_S))
            keyframes += _restless(random, at, end, RESTLESS_DEG)
        else:
            is_glance, is_partial = random.random() < GLANCE_SHARE, random.random() < PARTIAL_SHARE
            degrees = PARTIAL_DEG if is_partial else float(random.uniform(*TURN_DEG))
            degrees *= 1 if random.random() < 0.5 else -1
            end = at + float(random.uniform(*(GLANCE_S if is_glance else HOLD_S)))
            keyframes += [(at, degrees), (end, degrees)]
        at, is_away = end + float(random.uniform(*TURN_S)), not is_away
    return tuple(keyframes)


def _restless(random: Generator, start: float, end: float, degrees: float) -> Yaw:
    """Yaw keyframes of a head that faces the wearer and moves a little."""
    count = max(2, round((end - start) / RESTLESS_S) + 1)
    step = (end - start) / (count - 1)
    return tuple((start + step * each, float(random.uniform(-degrees, degrees))) for each in range(count))
