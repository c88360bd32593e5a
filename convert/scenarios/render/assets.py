"""The faces and rooms from which scenes are rendered: unambiguous labels, and pictures that no model was trained on.

Near faces are stills of muxspace with unambiguous labels, selected by eye. `muxspace.STILL_LIST`
lists them. People of whom other
pictures are among the detector's training pictures are excluded. The occlusion classifier was trained on people of the
tuning half, so its errors there are underestimated. Far faces are FER-2013 pictures with the same label by at least 8
of the 10 FER+ annotators, without those that have a copy in Training or in the other half's split. Rooms are from the
held-out pictures of the detector's training. One half of the people, pictures and rooms is for tuning, the other for
the report. Heads and mouths move as they did in clips (`motion_tracks`), with other people's motion in each half.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.data import fer2013, fer2013_labels, muxspace, picture_files
from convert.data.boxes import ROOM_PREFIX, is_held_out
from convert.data.fer2013_labels import FERPLUS_LABELS, DatasetError
from convert.scenarios.render import motion_tracks
from convert.scenarios.script.motion import MotionTrack
from convert.scenarios.script.scene import AssetIndex

HALVES = muxspace.HALVES
MIN_PORTRAITS, MAX_PORTRAITS = 6, 12
"""Pictures of a friend that no scene shows: so many are needed for five good ones, and no more are looked at."""
FER2013_SPLITS = {"tuning": "PublicTest", "report": "PrivateTest"}
"""Split of the far faces of each half."""
MIN_VOTES = 8
"""Smallest number of the 10 FER+ votes for the label of a far face."""
FER2013_LANDMARKS = ((15.0, 19.0), (33.0, 19.0), (24.0, 28.7), (16.4, 35.9), (31.6, 35.9))
"""Landmarks of every FER-2013 picture, which are all cropped alike: the medians from which
`assistant.vision.faces.preprocess.LANDMARK_TEMPLATE` was made."""


@dataclass(frozen=True)
class Still:
    """One picture of a face."""

    name: str
    """Digest of the picture file, or split and index in FER-2013."""
    person: str
    """Digest of the person's name, so that no name is stored."""
    expression: str
    grey: NDArray[np.uint8]
    """[H, W]."""
    landmarks: NDArray[np.float64]
    """[5, 2] in pixels: right eye, left eye, nose, right and left mouth corner."""


@dataclass(frozen=True)
class Assets:
    """The pictures for the scenes of one half."""

    stills: dict[str, Still]
    """Stills by name."""
    rooms: dict[str, NDArray[np.uint8]]
    """Backgrounds uint8 [H, W] by name."""
    far: frozenset[str] = field(default_factory=frozenset)
    """Names of the stills for far faces."""
    motion: tuple[MotionTrack, ...] = ()
    """How heads and mouths move."""
    portraits: dict[str, tuple[Path, ...]] = field(default_factory=dict)
    """Of each person of whom there are MIN_PORTRAITS pictures or more that no scene shows: these, to learn a friend."""

    def index(self) -> AssetIndex:
        """The names of all pictures, for the generation of scenes."""
        near: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        far: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for name, still in sorted(self.stills.items()):
            (far if name in self.far else near)[still.person][still.expression].append(name)
        rooms, able = tuple(sorted(self.rooms)), tuple(sorted(self.portraits))
        return AssetIndex(_frozen(near), _frozen(far), rooms, self.motion, able)


def load(data: Path, half: str) -> Assets:
    """The pictures for the scenes of one half.

    data: the folder with fer2013, muxspace and faces. half: one of HALVES. Raises DatasetError where a picture of the
    list is missing (`missing` lists these).
    """
    images = _images(data)
    stills: dict[str, Still] = {}
    for name, expression, landmarks in muxspace.scene_stills():
        if name not in images:
            raise DatasetError(
                f"{data / 'muxspace'}: lacks a picture that scenes are made of ({name}); "
                "emotion-convert scenarios --missing lists them all"
            )
        file = images[name]
        if muxspace.half_of(file.name) == half:
            grey = picture_files.grey(file)
            stills[name] = Still(name, _digest(muxspace.person_of(file.name)), expression, grey, landmarks)
    far = _far_stills(data, half)
    portraits = _portraits(images, {still.person for still in stills.values()})
    return Assets(stills | far, _rooms(data, half), frozenset(far), motion_tracks.load(half), portraits)


def _portraits(images: Mapping[str, Path], people: Collection[str]) -> dict[str, tuple[Path, ...]]:
    """The pictures of these people that are not in the list."""
    listed = {name for name, _, _ in muxspace.scene_stills()}
    found: dict[str, list[Path]] = defaultdict(list)
    for name, file in images.items():
        if name not in listed and (person := _digest(muxspace.person_of(file.name))) in people:
            found[person].append(file)
    return {
        person: tuple(sorted(files)[:MAX_PORTRAITS]) for person, files in found.items() if len(files) >= MIN_PORTRAITS
    }


def missing(data: Path) -> list[str]:
    """Digests of the listed pictures that are not in muxspace's folder."""
    images = _images(data)
    return [name for name, _, _ in muxspace.scene_stills() if name not in images]


def _images(data: Path) -> dict[str, Path]:
    """muxspace's files by the first 16 digits of their SHA-256."""
    folder = data / "muxspace" / "images"
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder; scenes are made of muxspace's pictures")
    return {hashlib.sha256(file.read_bytes()).hexdigest()[:16]: file for file in sorted(folder.iterdir())}


def _far_stills(data: Path, half: str) -> dict[str, Still]:
    faces = fer2013.load(data)
    chosen, others = (
        faces.of(FER2013_SPLITS[half]),
        faces.where(faces.split != fer2013_labels.SPLITS.index(FER2013_SPLITS[half])),
    )
    top = chosen.votes.argmax(axis=1)
    is_clear = (
        (chosen.votes.max(axis=1) >= MIN_VOTES)
        & (top < len(FERPLUS_LABELS))
        & (top != FERPLUS_LABELS.index("contempt"))
    )
    is_clear &= ~fer2013.is_twin(chosen.images, others.images)
    stills = {}
    for index in np.flatnonzero(is_clear):
        name = f"{FER2013_SPLITS[half]}-{index}"
        stills[name] = Still(name, name, FERPLUS_LABELS[top[index]], chosen.images[index], np.array(FER2013_LANDMARKS))
    if not stills:
        raise DatasetError(f"{data}: FER-2013 without FER+ votes; far faces are chosen by these")
    return stills


def _rooms(data: Path, half: str) -> dict[str, NDArray[np.uint8]]:
    """Held-out rooms; all pictures of one house are in the same half."""
    folder = data / "faces" / "train" / "images"
    files = [file for file in sorted(folder.glob(f"{ROOM_PREFIX}*.jpg")) if is_held_out(file.name)]
    rooms = {}
    for file in files:
        house = re.sub(r"_[a-z]+$", "", file.stem)
        if hashlib.sha256(house.encode()).digest()[0] % 2 == HALVES.index(half):
            rooms[file.stem] = picture_files.grey(file)
    if not rooms:
        raise DatasetError(f"{folder}: no pictures of rooms ({ROOM_PREFIX}*.jpg) to put people before")
    return rooms


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _frozen(people: dict[str, dict[str, list[str]]]) -> dict[str, dict[str, tuple[str, ...]]]:
    return {person: {label: tuple(names) for label, names in each.items()} for person, each in people.items()}
