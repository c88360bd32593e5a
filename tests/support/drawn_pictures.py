"""Small drawn pictures with annotated faces, in memory and as a folder with a boxes.csv, for the face detector."""

import csv
from pathlib import Path

import cv2
import numpy as np

from convert.data.boxes import LANDMARK_COLUMNS
from convert.face_detector.pictures import Picture
from tests.support import drawn_faces

SIDE = 120
"""Width and height of the pictures in memory, in pixels."""
LANDMARKS = [(17, 20), (31, 20), (24, 28), (19, 36), (29, 36)]
"""Landmarks of a face of `drawn_faces`: eyes, nose, mouth corners."""
TINY_DETECTOR_RECIPE = """\
seed = 3

[network]
kind = "face_detector"
stem = 4
widths = [8, 8, 8, 8]
blocks = [0, 1, 0, 0]

[data]
origin_weights = { aa = 1.0 }
negative_origins = "no"
teacher = false

[schedule]
epochs = 2
frames_per_epoch = 16
batch_size = 4
ema_decay = 0.5
sizes = [[0.0, 96, 64], [0.5, 128, 96]]
"""


def with_face(name: str = "aa_1") -> Picture:
    """A grey picture with one white rectangle as a face, whose eyes are black squares."""
    grey = np.full((SIDE, SIDE), 90, np.uint8)
    grey[30:90, 40:90] = 255
    matte = np.where(grey > 200, 255, 0).astype(np.uint8)
    grey[44:50, 50:56] = grey[44:50, 74:80] = 0
    landmarks = np.array([[[53, 47], [77, 47], [65, 60], [55, 75], [75, 75]]], np.float32)
    boxes = np.array([[40, 30, 50, 60]], np.float32)
    return Picture(name, grey, boxes, landmarks, np.empty((0, 4), np.float32), matte)


def without_face(name: str = "bb_1", grey: int = 30) -> Picture:
    """A uniformly grey picture without faces."""
    none = np.empty((0, 4), np.float32)
    return Picture(name, np.full((SIDE, SIDE), grey, np.uint8), none, np.empty((0, 5, 2), np.float32), none)


def write_folder(folder: Path, count: int = 24) -> Path:
    """Write `count` pictures with a drawn face, four without, and their boxes.csv; returns the folder."""
    (folder / "images").mkdir(parents=True)
    with open(folder / "boxes.csv", "w", newline="") as table:
        rows = csv.writer(table)
        columns = [f"{point}_{axis}" for point in LANDMARK_COLUMNS for axis in "xy"]
        rows.writerow(["image", "x", "y", "w", "h", "source", *columns])
        for index in range(count):
            random = np.random.default_rng(index)
            grey = random.integers(60, 110, (120, 160), dtype=np.uint8)
            left, top = int(random.integers(0, 60)), int(random.integers(0, 20))
            grey[top : top + 96, left : left + 96] = cv2.resize(drawn_faces.picture(index % 7, index), (96, 96))
            name = f"images/aa_{index}.png"
            cv2.imwrite(str(folder / name), grey)
            landmarks = [value for x, y in LANDMARKS for value in (left + 2 * x, top + 2 * y)]
            rows.writerow([name, left + 16, top + 10, 64, 80, "drawn", *landmarks])
        for index in range(4):
            name = f"images/no_{index}.png"
            cv2.imwrite(str(folder / name), np.full((120, 160), 40 * index, np.uint8))
            rows.writerow([name, "", "", "", "", "negative"])
    return folder
