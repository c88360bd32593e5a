"""Degradations for which an expression cannot be read, one per reason, each at three strengths. Pure."""

from collections.abc import Callable
from dataclasses import replace

from numpy.random import Generator

from convert.scenarios.script.scene import Actor, CameraEffects
from convert.synthesis.occlusions import KINDS as OCCLUSION_KINDS

STRENGTHS = (1, 2, 3)
DARK_GAINS, BRIGHT_GAINS = (0.13, 0.1, 0.08), (2.6, 3.2, 4.0)
"""Factors on all grey levels, by strength."""
FAR_WIDTHS_PX, SIDE_ON_DEG = (36.0, 32.0, 28.0), (45.0, 55.0, 65.0)
"""Widths of a far face, and yaw of a side-on one, by strength."""
BLURRED_WIDTH_PX = 130.0
"""Width of all blurred faces, so that the blur is equally strong for each person of a scene."""
BLUR_SHARES, MOTION_BLUR_SHARES = {1: 0.055, 3: 0.1}, {2: 0.3}
"""Standard deviation of a defocus blur, and length of a motion blur, in widths of the face, by strength."""
PATCH = "patch"
"""An occlusion by a patch of the room's picture. Unlike those of `convert.synthesis.occlusions`, on which the occlusion
classifier was trained, it is not in its training data."""

Degradation = Callable[[Generator, Actor, int], tuple[Actor, CameraEffects]]
"""Random generator, actor and strength to the degraded actor and the camera effects of the scene."""


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
    # "brow" has no first strength, and with the third no face can be detected
    kinds = [kind for kind in (*OCCLUSION_KINDS, PATCH) if strength == 2 or kind != "brow"]
    return replace(actor, occlusion=str(random.choice(kinds)), occlusion_strength=strength), CameraEffects()


def _resized(actor: Actor, width: float) -> Actor:
    return replace(actor, path=tuple(keyframe._replace(width=width) for keyframe in actor.path))


DEGRADATIONS: dict[str, Degradation] = {
    "dark": _dark, "bright": _bright, "far": _far, "side_on": _side_on, "blurred": _blurred, "occluded": _occluded,
}  # fmt: skip
"""The degradation for each reason."""
