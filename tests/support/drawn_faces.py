"""Small synthetic data sets in the forms of FER-2013: drawn faces whose mouth and brows depend on the class."""

import csv
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data.fer2013 import Faces
from convert.data.fer2013_labels import FERPLUS_LABELS, LABELS, SPLITS
from convert.data.fer2013_table import VOTE_NAMES

TINY_RECIPE = """\
seed = 3

[network]
kind = "cnn"
stem = 8
widths = [8, 16]
blocks = [1, 1]

[augment]
rotation_deg = 5
erase_probability = 0.1

[schedule]
epochs = 2
batch_size = 8
learning_rate = 0.05
ema_decay = 0.5
sizes = [[0.0, 32], [0.5, 48]]
precision = "float32"
"""


def picture(label: int, seed: int) -> NDArray[np.uint8]:
    """A drawn face uint8 [48, 48] on noise; the shape of mouth and brows depends on the class."""
    rng = np.random.default_rng(1000 * label + seed)
    image = rng.integers(60, 110, (48, 48), dtype=np.uint8)
    skin, ink = int(rng.integers(150, 220)), int(rng.integers(0, 50))
    cv2.ellipse(image, (24, 25), (16, 20), 0, 0, 360, skin, -1)
    for side in (-1, 1):
        cv2.circle(image, (24 + 7 * side, 20), 2, ink, -1)
        cv2.line(image, (24 + 4 * side, 15), (24 + 10 * side, 15 - label + 3), ink, 1)
    cv2.ellipse(image, (24, 36), (7, 1 + label), 0, 0, 180 if label % 2 else 360, ink, 1 + label // 3)
    return image


def dataset(training: int = 12, tests: int = 4) -> Faces:
    """A data set with votes: `training` pictures of each class in Training, `tests` in PublicTest and in PrivateTest.

    The first PrivateTest picture of each class is a copy of a Training one.
    """
    images, labels, split, votes = [], [], [], []
    for part, count in enumerate((training, tests, tests)):
        for label in range(len(LABELS)):
            for index in range(count):
                seed = 0 if part == 2 and index == 0 else 100 * part + index
                images.append(picture(label, seed))
                labels.append(label)
                split.append(part)
                vote = [0] * 10
                vote[FERPLUS_LABELS.index(LABELS[label])] = 8
                vote[7] = 2
                votes.append(vote)
    return Faces(np.stack(images), np.array(labels), np.array(split), np.array(votes, np.float32))


def write_npz(faces: Faces, folder: Path) -> Path:
    """Write the NPZ form; returns the file."""
    path = folder / "fer2013.npz"
    np.savez(
        path,
        images=faces.images,
        labels=faces.labels.astype(np.uint8),
        usage=faces.split.astype(np.uint8),
        votes=faces.votes.astype(np.uint8),
    )
    return path


def write_csv(faces: Faces, folder: Path) -> Path:
    """Write the Kaggle table with the FER+ table beside it; returns the file."""
    with open(folder / "fer2013.csv", "w", newline="") as table:
        out = csv.writer(table)
        out.writerow(("emotion", "pixels", "Usage"))
        for image, label, split in zip(faces.images, faces.labels, faces.split, strict=True):
            out.writerow((label, " ".join(map(str, image.ravel())), SPLITS[split]))
    with open(folder / "fer2013new.csv", "w", newline="") as table:
        out = csv.writer(table)
        out.writerow(("Usage", "Image name", *VOTE_NAMES))
        for row, (split, votes) in enumerate(zip(faces.split, faces.votes, strict=True)):
            out.writerow((SPLITS[split], f"fer{row:07d}.png", *map(int, votes)))
    return folder / "fer2013.csv"


def write_folder(faces: Faces, folder: Path) -> Path:
    """Write the folder form; returns the folder."""
    for row, (image, label, split) in enumerate(zip(faces.images, faces.labels, faces.split, strict=True)):
        place = folder / ("test" if split else "train") / LABELS[label]
        place.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place / f"{SPLITS[split]}_{row}.png"), image)
    return folder


def write_class_folders(folder: Path, count: int, names: tuple[str, ...] = LABELS, side: int = 64) -> Path:
    """Write `count` pictures in colour of each class, sorted into class folders; returns the folder.

    names: of the class folders, in the order of LABELS. side: of the pictures, which are a little higher than wide.
    """
    for label, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        for seed in range(count):
            grey = cv2.resize(picture(label, seed), (side, side + 4), interpolation=cv2.INTER_LINEAR)
            colour = np.dstack([grey, grey // 2, grey])
            cv2.imwrite(str(folder / name / f"{seed:05d}.jpg"), colour)
    return folder
