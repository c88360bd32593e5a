"""The figures of the friends, on embeddings whose answers are known; and the command, on a few real pictures."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.errors import AssistantError
from assistant.skills.friends.thresholds import NameThresholds
from convert.skills import friends
from convert.skills.face_embeddings import AS_IT_IS, LOOKS, SMALL, embed_pictures
from convert.skills.friends import Faces, friends_among_strangers, pair_accuracy, read_pairs, tracks
from tests.skills.friends.people import direction, leaning

PEOPLE = {f"person {index}": [f"person {index} {number}" for number in range(8)] for index in range(12)}
STRANGERS = {f"stranger {index}": [f"stranger {index} 0"] for index in range(12, 40)}


@pytest.fixture
def faces() -> Faces:
    """Everybody looks like nobody else, and each picture a little different."""

    def views(index: int, number: int) -> tuple[NDArray[np.float32], bool]:
        return leaning(index, 0.9, other=100 + number), True

    made: Faces = {}
    for people in (PEOPLE, STRANGERS):
        for index, names in enumerate(people.values(), 0 if people is PEOPLE else 12):
            for number, name in enumerate(names):
                for variant in (AS_IT_IS, SMALL, *LOOKS):
                    made[name, variant] = views(index, number)
    return made


def test_friends_are_told_from_strangers(faces: Faces) -> None:
    figures = friends_among_strangers({**PEOPLE, **STRANGERS}, faces, AS_IT_IS, 0.5)
    assert (figures["right"], figures["wrong"], figures["strangers"]) == (1.0, 0.0, 0.0)
    assert figures["looks"] == friends.ROUNDS * friends.FRIENDS * 3
    everybody = friends_among_strangers({**PEOPLE, **STRANGERS}, faces, AS_IT_IS, -1.0)
    assert everybody["strangers"] == 1.0


def test_tracks_are_counted(faces: Faces) -> None:
    names = [names[0] for names in STRANGERS.values()]
    found = tracks(PEOPLE, names, faces, NameThresholds(0.5, 0.4))
    assert found["strangers"]["tracks"] == len(names)
    assert found["strangers"].get("named", 0) == 0
    assert found["strangers_named_at_most"] == pytest.approx(1 - 0.05 ** (1 / len(names)))
    assert found["friends"]["named"] == found["friends"]["tracks"] == 30
    assert found["friends"]["named wrong"] == 0
    faces.update({(name, look): (direction(0), True) for name in names for look in (AS_IT_IS, *LOOKS)})
    assert tracks(PEOPLE, names, faces, NameThresholds(0.5, 0.4))["strangers"]["named"] > 0


def test_pairs(tmp_path: Path, faces: Faces) -> None:
    rows = ["first,second,same,fold"]
    for fold in range(10):
        rows += [f"person {fold} 0,person {fold} 1,1,{fold}", f"person {fold} 0,person {fold + 1} 1,0,{fold}"]
    (tmp_path / "pairs.csv").write_text("\n".join(rows), "utf-8")
    figures = pair_accuracy(read_pairs(tmp_path / "pairs.csv"), faces)
    assert (figures["pairs"], figures["accuracy"], figures["true_accepts"]) == (20, 1.0, 1.0)
    with pytest.raises(AssistantError, match="not the pairs of faces"):
        read_pairs(tmp_path / "none.csv")


@pytest.mark.data
def test_real_pictures_are_embedded_once(
    data: Path, sface: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    images = data / "muxspace/images"
    wanted = [("Tony_Blair_0001.jpg", AS_IT_IS), ("Tony_Blair_0001.jpg", SMALL), ("Tony_Blair_0001.jpg", LOOKS[0])]
    first = embed_pictures(images, sface, wanted, processes=1)
    assert first.found.all()
    assert first.vectors[0] @ first.vectors[2] > 0.6
    assert first.vectors[0] @ first.vectors[1] > 0.4
    again = embed_pictures(tmp_path / "no pictures", sface, wanted, processes=1)  # they are not opened again
    assert np.array_equal(again.vectors, first.vectors)
