"""The faces and rooms that scenes are made of: whose label is beyond doubt, and whom no model learned to read or find.

Near faces are stills of muxspace, chosen by eye: those whose label nobody would dispute. `faces.txt` holds the choice,
one still a line: the first 16 digits of its file's SHA-256, its expression, and its five landmarks (x and y, pixels).
Left out are people of whom other pictures are among the detector's training pictures; the judge of covered faces did
see people of the tuning half, so what is chosen there takes it for better than it is. Far faces are FER-2013 pictures
that 8 of the 10 FER+ voters call the same, without those that Training or the other half's split holds as well. Rooms
are pictures that the detector's training holds out. A half of the people, pictures and rooms serves for tuning, the
other for the report.
"""

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.data import fer2013, muxspace, picture_files
from convert.data.boxes import is_held_out
from convert.data.fer2013 import FERPLUS_LABELS, DatasetError

LIST = Path(__file__).with_name("faces.txt")
HALVES = muxspace.HALVES
SPLIT_OF = {"tuning": "PublicTest", "report": "PrivateTest"}
LEAST_VOTES = 8
FER_MARKS = ((15.0, 19.0), (33.0, 19.0), (24.0, 28.7), (16.4, 35.9), (31.6, 35.9))
"""Where eyes, nose and mouth corners lie in a FER-2013 picture, which are all cut alike: the medians that
`assistant.vision.faces.preprocess.LANDMARK_TEMPLATE` was made of."""


@dataclass(frozen=True)
class Still:
    """One picture of a face: grey uint8 [H, W], landmarks float64 [5, 2] (right eye, left eye, nose, right and left
    mouth corner). name and person are digests: nobody is named."""

    name: str
    person: str
    expression: str
    grey: NDArray[np.uint8]
    marks: NDArray[np.float64]


@dataclass(frozen=True)
class Roster:
    """Who may play, by name alone: person → expression → names of stills. near: muxspace, far: FER-2013; rooms: names
    of the backgrounds."""

    near: dict[str, dict[str, tuple[str, ...]]]
    far: dict[str, dict[str, tuple[str, ...]]]
    rooms: tuple[str, ...]


@dataclass(frozen=True)
class Cast:
    """The pictures behind a roster."""

    stills: dict[str, Still]
    rooms: dict[str, NDArray[np.uint8]]
    far: frozenset[str] = field(default_factory=frozenset)

    def roster(self) -> Roster:
        """The names."""
        near: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        far: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for name, still in sorted(self.stills.items()):
            (far if name in self.far else near)[still.person][still.expression].append(name)
        return Roster(_frozen(near), _frozen(far), tuple(sorted(self.rooms)))


def load(data: Path, half: str) -> Cast:
    """Everything that scenes of one half are made of. data: the folder of fer2013, muxspace and faces.

    Raises DatasetError where a picture of the list is missing; `missing` says which.
    """
    images = _images(data)
    stills: dict[str, Still] = {}
    for name, expression, marks in _chosen():
        if name not in images:
            raise DatasetError(
                f"{data / 'muxspace'}: lacks a picture that scenes are made of ({name}); "
                "emotion-convert scenarios --missing lists them all"
            )
        file = images[name]
        if muxspace.half_of(file.name) == half:
            grey = picture_files.grey(file)
            stills[name] = Still(name, _digest(muxspace.person(file.name)), expression, grey, marks)
    far = _far(data, half)
    return Cast(stills | far, _rooms(data, half), frozenset(far))


def missing(data: Path) -> list[str]:
    """The digests of the list's pictures that are not in muxspace's folder."""
    images = _images(data)
    return [name for name, _, _ in _chosen() if name not in images]


def _chosen() -> list[tuple[str, str, NDArray[np.float64]]]:
    made = []
    for line in LIST.read_text("ascii").splitlines():
        name, expression, *numbers = line.split()
        made.append((name, expression, np.array(numbers, np.float64).reshape(5, 2)))
    return made


def _images(data: Path) -> dict[str, Path]:
    """muxspace's files by the first 16 digits of their SHA-256."""
    folder = data / "muxspace" / "images"
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder; scenes are made of muxspace's pictures")
    return {hashlib.sha256(file.read_bytes()).hexdigest()[:16]: file for file in sorted(folder.iterdir())}


def _far(data: Path, half: str) -> dict[str, Still]:
    faces = fer2013.load(data)
    ours, others = faces.of(SPLIT_OF[half]), faces.where(faces.split != fer2013.SPLITS.index(SPLIT_OF[half]))
    top = ours.votes.argmax(axis=1)
    is_clear = (
        (ours.votes.max(axis=1) >= LEAST_VOTES)
        & (top < len(FERPLUS_LABELS))
        & (top != FERPLUS_LABELS.index("contempt"))
    )
    is_clear &= ~fer2013.is_twin(ours.images, others.images)
    stills = {}
    for index in np.flatnonzero(is_clear):
        name = f"{SPLIT_OF[half]}-{index}"
        stills[name] = Still(name, name, FERPLUS_LABELS[top[index]], ours.images[index], np.array(FER_MARKS))
    if not stills:
        raise DatasetError(f"{data}: FER-2013 without FER+ votes; far faces are chosen by these")
    return stills


def _rooms(data: Path, half: str) -> dict[str, NDArray[np.uint8]]:
    """Held-out rooms; all pictures of one house are in the same half."""
    folder = data / "faces" / "train" / "images"
    files = [file for file in sorted(folder.glob("ho_*.jpg")) if is_held_out(file.name)]
    rooms = {}
    for file in files:
        house = re.sub(r"_[a-z]+$", "", file.stem)
        if hashlib.sha256(house.encode()).digest()[0] % 2 == HALVES.index(half):
            rooms[file.stem] = picture_files.grey(file)
    if not rooms:
        raise DatasetError(f"{folder}: no pictures of rooms (ho_*.jpg) to put people before")
    return rooms


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _frozen(people: dict[str, dict[str, list[str]]]) -> dict[str, dict[str, tuple[str, ...]]]:
    return {person: {label: tuple(names) for label, names in each.items()} for person, each in people.items()}
