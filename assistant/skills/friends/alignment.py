"""A detected face as the face recognizer takes it: turned and scaled so that its landmarks lie where those of the
pictures did that the recognizer was trained on. Pure."""

import numpy as np
from numpy.typing import NDArray

from assistant.records import Face
from assistant.vision.faces import preprocess

SIDE = 112
"""Pixels along a side of an aligned face."""
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float64
)
"""Positions of right eye, left eye, nose, right and left mouth corner, x and y in pixels, in pictures of SIDE x SIDE on
which face recognizers are commonly trained (Deng et al. 2019, ArcFace; `FaceRecognizerSF.alignCrop` uses the same)."""


def align(image: NDArray[np.uint8], face: Face) -> NDArray[np.uint8] | None:
    """The face uint8 [112, 112, 3] BGR of a picture uint8 [H, W, 3] BGR or [H, W]; None where it has no plausible
    landmarks."""
    if face.landmarks is None:
        return None
    points = np.array(face.landmarks, np.float64)
    if not preprocess.is_plausible(points):
        return None
    aligned = preprocess.align(image, points, TEMPLATE, SIDE)
    return aligned if aligned.ndim == 3 else np.repeat(aligned[:, :, np.newaxis], 3, axis=2)
