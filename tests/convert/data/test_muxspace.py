"""muxspace as training data: its legend is read; the people of the scenes and of the report half are never learned."""

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.data import fer2013, muxspace
from convert.data.fer2013 import Faces
from convert.data.fer2013_labels import LABELS, SPLITS, DatasetError
from convert.training.provenance import data_sha256

MODELS = Path(__file__).parents[3] / "models"


def write_muxspace(folder: Path, rows: dict[str, str], end: str = "\n") -> Path:
    """Write a muxspace of these file names and emotions; returns the folder."""
    (folder / "data").mkdir()
    (folder / "images").mkdir()
    for number, name in enumerate(rows):
        assert cv2.imwrite(str(folder / "images" / name), np.full((80, 70), number, np.uint8))
    lines = ["user.id,image,emotion", *(f"628,{name},{emotion}" for name, emotion in rows.items())]
    (folder / "data" / "legend.csv").write_bytes(end.join([*lines, ""]).encode())
    return folder


PEOPLE = {f"Person_{chr(97 + number)}{chr(97 + other)}_0001.jpg": "HAPPINESS" if other else "neutral"
          for number in range(20) for other in range(8)}  # fmt: skip


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_legend_is_read_and_no_person_of_the_report_half_is_learned(tmp_path: Path, end: str) -> None:
    folder = write_muxspace(tmp_path, PEOPLE, end)
    faces = fer2013.load(folder)
    assert len(faces) == 160
    assert np.bincount(faces.labels, minlength=7)[[LABELS.index("happy"), LABELS.index("neutral")]].tolist() == [
        140,
        20,
    ]
    names = list(PEOPLE)
    for number, split in zip(faces.images[:, 0, 0], faces.split, strict=True):
        if muxspace.half_of(names[number]) == "report":
            assert SPLITS[split] == "PrivateTest"
    assert {SPLITS[split] for split in faces.split} == set(SPLITS)
    by_file = fer2013.load(folder / "data" / "legend.csv")
    np.testing.assert_array_equal(by_file.split, faces.split)


def test_a_person_of_a_scene_is_not_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_muxspace(tmp_path, PEOPLE)
    learned = next(name for name, split in zip(PEOPLE, fer2013.load(folder).split, strict=True) if split == 0)
    digest = hashlib.sha256((folder / "images" / learned).read_bytes()).hexdigest()[:16]
    (tmp_path / "list.txt").write_text(f"{digest} happy 46.1 48.8 87.0 53.9 63.1 75.4 43.5 91.2 77.9 95.6\n")
    monkeypatch.setattr(muxspace, "STILL_LIST", tmp_path / "list.txt")
    assert fer2013.load(folder).split[list(PEOPLE).index(learned)] == SPLITS.index("PrivateTest")


@pytest.mark.parametrize(("legend", "told"), [
    ("user.id,image,emotion\n1,a.jpg,hapy\n", "line 2, emotion: 'hapy' is no expression; did you mean happy"),
    ("user.id,image\n1,a.jpg\n", "legend.csv: not muxspace's legend, with the columns image and emotion: 'emotion'"),
    ("user.id,image,emotion\n", "legend.csv: names no picture"),
    ("user.id,image,emotion\n1,b.jpg,anger\n", "1 of 1 pictures cannot be read: images/b.jpg: cannot be read"),
])  # fmt: skip
def test_mistakes_in_the_legend_are_named(tmp_path: Path, legend: str, told: str) -> None:
    write_muxspace(tmp_path, {"a.jpg": "anger"})
    (tmp_path / "data" / "legend.csv").write_text(legend)
    with pytest.raises(DatasetError, match=told):
        fer2013.load(tmp_path)


@pytest.mark.data
def test_no_model_learns_from_the_people_of_the_scenes_and_of_the_report_half(data: Path) -> None:
    listing = muxspace.list_files(data / "muxspace")
    files = [listing.names.path(row) for row in range(len(listing.names))]
    digests = [hashlib.sha256(file.read_bytes()).digest()[:8] for file in files]
    split = muxspace.splits(listing.names, np.array([int.from_bytes(digest, "big") for digest in digests], np.uint64))
    stills = {name for name, _, _ in muxspace.scene_stills()}
    in_scenes = {
        muxspace.person_of(file.name) for file, digest in zip(files, digests, strict=True) if digest.hex() in stills
    }
    assert len(in_scenes) > 200
    learned = {file.name for file, part in zip(files, split, strict=True) if SPLITS[part] != "PrivateTest"}
    assert len(learned) > 4000
    assert not {muxspace.person_of(name) for name in learned} & in_scenes
    assert {muxspace.half_of(name) for name in learned} == {"tuning"}
    private = {digest for digest, part in zip(digests, split, strict=True) if SPLITS[part] == "PrivateTest"}
    assert not private & {digest for digest, part in zip(digests, split, strict=True) if SPLITS[part] != "PrivateTest"}
    people = np.array([muxspace.person_of(file.name) for file in files])
    assert not set(people[split == 0]) & set(people[split == 1])


@pytest.fixture(scope="module")
def challenge(data: Path) -> Faces:
    return fer2013.load(data)


@pytest.mark.data
@pytest.mark.parametrize("card", sorted(MODELS.glob("**/emotion-*-int8.json")), ids=lambda card: card.stem)
def test_shipped_models_learned_from_fer2013_alone(challenge: Faces, card: Path) -> None:
    about = json.loads(card.read_text("utf-8"))
    assert about["training"]["data_sha256"] == data_sha256(challenge)
