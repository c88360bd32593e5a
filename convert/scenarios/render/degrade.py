"""What keeps a face from being told, each reason at three strengths. Pure."""

from collections.abc import Callable
from dataclasses import replace

from numpy.random import Generator

from convert.scenarios.script.scene import Actor, Effects
from convert.synthesis.occlusions import KINDS as COVERS

STRENGTHS = (1, 2, 3)
DARK_GAIN, BRIGHT_GAIN = (0.13, 0.1, 0.08), (2.6, 3.2, 4.0)
"""Factors on all grey levels."""
FAR_PX, SIDE_DEG = (36.0, 32.0, 28.0), (45.0, 55.0, 65.0)
BLURRED_PX = 130.0
"""Blurred people have all about the same width, so that one blur is as strong for each of a scene."""
BLUR, STREAK = {1: 0.055, 3: 0.1}, {2: 0.3}
"""By strength, of the face's width: standard deviation of a blur, length of a streak by motion."""
PATCH = "patch"
"""Something of the room before the face, besides what `convert.synthesis.occlusions` draws:
the judge of covered faces was fitted to
those drawings, and has seen none of these."""


def _dark(_random: Generator, actor: Actor, strength: int) -> tuple[Actor, Effects]:
    return actor, Effects(gain=DARK_GAIN[strength - 1], noise=3.0)


def _bright(_random: Generator, actor: Actor, strength: int) -> tuple[Actor, Effects]:
    return actor, Effects(gain=BRIGHT_GAIN[strength - 1])


def _far(_random: Generator, actor: Actor, strength: int) -> tuple[Actor, Effects]:
    return _sized(actor, FAR_PX[strength - 1]), Effects()


def _side_on(random: Generator, actor: Actor, strength: int) -> tuple[Actor, Effects]:
    side = 1 if random.random() < 0.5 else -1
    return replace(actor, turns=((0.0, side * SIDE_DEG[strength - 1]),)), Effects()


def _blurred(_random: Generator, actor: Actor, strength: int) -> tuple[Actor, Effects]:
    width = BLURRED_PX
    return _sized(actor, width), Effects(
        blur_px=BLUR.get(strength, 0.0) * width, streak_px=STREAK.get(strength, 0.0) * width
    )


def _covered(random: Generator, actor: Actor, strength: int) -> tuple[Actor, Effects]:
    kinds = [kind for kind in (*COVERS, PATCH) if strength == 2 or kind != "brow"]  # beyond that no face is left
    return replace(actor, cover=str(random.choice(kinds)), strength=strength), Effects()


def _sized(actor: Actor, width: float) -> Actor:
    return replace(actor, way=tuple(way._replace(width=width) for way in actor.way))


MAKERS: dict[str, Callable[[Generator, Actor, int], tuple[Actor, Effects]]] = {
    "dark": _dark, "bright": _bright, "far": _far, "side_on": _side_on, "blurred": _blurred, "occluded": _covered,
}  # fmt: skip
"""By the reason: somebody, and how they become somebody who cannot be told."""
