"""The functions that a frame or a face takes most of its time in, each by itself.

Times of one machine: `--benchmark-save=NAME` keeps them, `--benchmark-compare` shows them beside those of another
commit.
"""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.config.settings import Settings
from assistant.records import Box, Face, Frame
from assistant.vision import factory
from assistant.vision.cameras.image_health import assess_image
from assistant.vision.detectors import open_detector, shrink
from assistant.vision.detectors.tflite import contrast_table
from assistant.vision.faces import light, preprocess, quality
from assistant.vision.faces.downscale import Downscaler
from assistant.vision.inference.expression import ExpressionClassifier
from assistant.vision.inference.model_file import find_model
from assistant.vision.inference.occlusion import OcclusionClassifier

pytest.importorskip("pytest_benchmark", reason="pytest-benchmark is not installed: make benchmark installs it")

LANDMARKS = ((280.0, 200.0), (360.0, 200.0), (320.0, 245.0), (288.0, 290.0), (352.0, 290.0))
FACE = Face(Box(240.0, 140.0, 160.0, 200.0), 0.9, LANDMARKS)

Benchmark = Callable[..., object]


@pytest.fixture(scope="module")
def colour() -> NDArray[np.uint8]:
    """A frame with shapes and grain."""
    rows, columns = np.mgrid[:480, :640]
    waves = 120 + 60 * np.sin(rows / 17) * np.cos(columns / 23)
    grain = np.random.default_rng(0).normal(0, 6, (480, 640))
    return np.repeat(np.clip(waves + grain, 0, 255).astype(np.uint8)[..., np.newaxis], 3, axis=2)


@pytest.fixture(scope="module")
def grey(colour: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return preprocess.to_grey(colour)


@pytest.fixture(scope="module")
def crop(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return preprocess.face_crop(grey, FACE)


def test_grey(benchmark: Benchmark, colour: NDArray[np.uint8]) -> None:
    benchmark(preprocess.to_grey, colour, np.empty(colour.shape[:2], np.uint8))


def test_shrink(benchmark: Benchmark, grey: NDArray[np.uint8]) -> None:
    benchmark(shrink, grey, 320, Downscaler())


def test_brightness(benchmark: Benchmark, grey: NDArray[np.uint8]) -> None:
    benchmark(quality.frame_brightness, grey, Downscaler())


def test_health(benchmark: Benchmark, grey: NDArray[np.uint8]) -> None:
    benchmark(assess_image, grey, Downscaler())


def test_contrast_table(benchmark: Benchmark, grey: NDArray[np.uint8]) -> None:
    benchmark(contrast_table, shrink(grey, 320)[0])


def test_detector(benchmark: Benchmark, grey: NDArray[np.uint8]) -> None:
    benchmark(open_detector(Settings().detector).find, grey, grey)


def test_face_crop(benchmark: Benchmark, grey: NDArray[np.uint8]) -> None:
    benchmark(preprocess.face_crop, grey, FACE)


def test_raise_contrast(benchmark: Benchmark, crop: NDArray[np.uint8]) -> None:
    benchmark(light.raise_contrast, (crop // 4).astype(np.uint8))


def test_sharpness(benchmark: Benchmark, crop: NDArray[np.uint8]) -> None:
    benchmark(quality.sharpness, crop)


def test_quality_of_a_face(benchmark: Benchmark, grey: NDArray[np.uint8]) -> None:
    benchmark(quality.assess_face, grey, FACE, 0.0, None)


def test_occlusion(benchmark: Benchmark, crop: NDArray[np.uint8]) -> None:
    benchmark(OcclusionClassifier(), crop)


@pytest.mark.parametrize("name", ["emotion-cnn-int8", "emotion-small-int8", "emotion-mobilenetv2-int8"])
def test_expression(benchmark: Benchmark, crop: NDArray[np.uint8], name: str) -> None:
    benchmark(ExpressionClassifier(find_model(name), 1).probabilities, crop)


def test_step_without_a_face(benchmark: Benchmark, colour: NDArray[np.uint8]) -> None:
    pipeline, number = factory.make_pipeline(Settings()), iter(range(10**9))

    def step() -> object:
        at = next(number)
        return pipeline.step(Frame(colour, at / 10, at))

    benchmark(step)
