"""Degradations that keep a face from being read, each reason at three strengths. Pure."""

from collections.abc import Callable
from dataclasses import replace

from numpy.random import Generator

from convert.scenarios.script.scene import Actor, CameraEffects
from convert.synthesis.occlusions import KINDS as OCCLUSION_KINDS

STRENGTHS = (1, 2, 3)
DARK_GAINS, BRIGHT_GAINS = (0.13, 0.1, 0.08), (2.6, 3.2, 4.0)
"""By strength: factors on all grey levels."""
FAR_WIDTHS_PX, SIDE_ON_DEG = (36.0, 32.0, 28.0), (45.0, 55.0, 65.0)
"""By strength: widths of a far face; degrees by which a face is turned."""
BLURRED_WIDTH_PX = 130.0
"""Width of blurred faces, the same for all, so that one blur is as strong for each person of a scene."""
BLUR_SHARES, MOTION_BLUR_SHARES = {1: 0.055, 3: 0.1}, {2: 0.3}
"""By strength, in widths of the face: standard deviation of a defocus blur, length of a motion blur."""
PATCH = "patch"
"""An occlusion by a part of the room's picture, besides those that `convert.synthesis.occlusions` draws: the occlusion
classifier was trained on those drawings, and has seen no patch."""

Degradation = Callable[[Generator, Actor, int], tuple[Actor, CameraEffects]]


def _dark(_random: Generator, actor: Actor, strength: int) -> tuple[Actor, CameraEffects]:
    return actor, CameraEffects(gain=DARK_GAINS[strength - 1], noise=3.0)


def _bright(_random: Generator, actor: Actor, strength: int) -> tuple[Actor, CameraEffects]:
    return actor, CameraEffects(gain=BRIGHT_GAINS[strength - 1])


def _far(_random: Generator, actor: Actor, strength: int) -> tuple[Actor, CameraEffects]:
    return _resized(actor, FAR_WIDTHS_PX[strength - 1]), CameraEffects()


def _side_on(random: Generator, actor: Actor, strength: int) -> tuple[Actor, CameraEffects]:
    side = 1 if random.random() < 0.5 else -1
    return replace(actor, yaw_keyframes=((0.0, side * SIDE_ON_DEG[strength - 1]),)), CameraEffects()


def _blurred(_random: Generator, actor: Actor, strength: int) -> tuple[Actor, CameraEffects]:
    width = BLURRED_WIDTH_PX
    return _resized(actor, width), CameraEffects(
        blur_px=BLUR_SHARES.get(strength, 0.0) * width, motion_blur_px=MOTION_BLUR_SHARES.get(strength, 0.0) * width
    )


def _occluded(random: Generator, actor: Actor, strength: int) -> tuple[Actor, CameraEffects]:
    # "brow" has no first strength, and at the third no face is left to be found
    kinds = [kind for kind in (*OCCLUSION_KINDS, PATCH) if strength == 2 or kind != "brow"]
    return replace(actor, occlusion=str(random.choice(kinds)), occlusion_strength=strength), CameraEffects()


def _resized(actor: Actor, width: float) -> Actor:
    return replace(actor, path=tuple(keyframe._replace(width=width) for keyframe in actor.path))


DEGRADATIONS: dict[str, Degradation] = {
    "dark": _dark, "bright": _bright, "far": _far, "side_on": _side_on, "blurred": _blurred, "occluded": _occluded,
}  # fmt: skip
"""By the reason: a function of random generator, actor and strength that gives the actor who cannot be read, and the
camera effects of the scene."""
