"""Pictures of USB cameras in YUYV, the uncompressed format that nearly all of them have: two bytes a pixel, of which
the first is its luma, so that the grey picture needs no conversion from colours.
"""

from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.records import Frame

FOURCC = cv2.VideoWriter.fourcc(*"YUYV")
BLACK_LUMA, WHITE_LUMA = 16, 235
"""Luma of black and of white in video (ITU-R BT.601); in the colours that OpenCV converts them to, 0 and 255."""
GREY_OF_LUMA = np.rint(
    np.clip((np.arange(256) - BLACK_LUMA) * (255 / (WHITE_LUMA - BLACK_LUMA)), 0, 255)
).astype(np.uint8)  # fmt: skip
"""The grey level of each luma: what `preprocess.to_grey` gives for the same picture in colours, up to a level or so."""


def frame(raw: NDArray[np.uint8], at: float, seq: int) -> Frame:
    """The frame of a picture uint8 [H, W, 2] in YUYV: grey, and in colours where they are asked for."""
    grey = cv2.LUT(cv2.extractChannel(raw, 0), GREY_OF_LUMA)
    return Frame(np.asarray(grey, np.uint8), at, seq, partial(_colour, raw))


def ask_for(capture: cv2.VideoCapture) -> bool:
    """Make a capture deliver pictures as they come from the camera, where that is YUYV; returns whether it does. Where
    the driver does not do so after all, pictures stay in colours."""
    if int(capture.get(cv2.CAP_PROP_FOURCC)) != FOURCC or not capture.set(cv2.CAP_PROP_CONVERT_RGB, 0):
        return False
    is_there, raw = capture.read()
    if is_there and raw is not None and raw.dtype == np.uint8 and raw.ndim == 3 and raw.shape[2] == 2:
        return True
    capture.set(cv2.CAP_PROP_CONVERT_RGB, 1)
    return False


def _colour(raw: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(raw, cv2.COLOR_YUV2BGR_YUYV), np.uint8)
