"""Our dataclasses behave as those of the standard library do, which compile more."""

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from assistant import dataclass as ours


def make(decorate: Callable[..., Any]) -> Any:
    """A frozen class, a class that extends it, and one that may be changed, as `decorate` makes them."""

    @decorate(frozen=True)
    class Point:
        """A place."""

        x: int
        y: int = 2
        names: list[str] = dataclasses.field(default_factory=list)
        note: str = dataclasses.field(default="", compare=False, repr=False)

        def __post_init__(self) -> None:
            if self.x < 0:
                raise ValueError("x")

    @decorate(frozen=True)
    class Point3(Point):
        """A place in space."""

        z: int = 0

    @decorate
    class Counter:
        """Counts."""

        count: int = 0
        left: int = dataclasses.field(init=False)

        def __post_init__(self) -> None:
            self.left = 10 - self.count

    return Point, Point3, Counter


CLASSES = [make(dataclasses.dataclass), make(ours.dataclass)]


def outcome(act: Callable[[], Any]) -> str:
    """What an action gives, or raises, without the place of the class."""
    try:
        made = repr(act())
    except Exception as err:  # any: it is compared
        made = f"{type(err).__name__}: {err}"
    return made.replace("make.<locals>.", "")


@pytest.mark.parametrize(
    "act",
    [
        lambda point, point3, counter: point(1),
        lambda point, point3, counter: point(1, y=3, names=["a"]),
        lambda point, point3, counter: point(),
        lambda point, point3, counter: point(1, 2, [], "", 5),
        lambda point, point3, counter: point(1, x=1),
        lambda point, point3, counter: point(1, w=1),
        lambda point, point3, counter: point(-1),
        lambda point, point3, counter: point3(1, 2, [], "", 5),
        lambda point, point3, counter: point3(1) == point(1),
        lambda point, point3, counter: point(1, note="a") == point(1, note="b"),
        lambda point, point3, counter: point(1) == point(2),
        lambda point, point3, counter: point(1) == 1,
        lambda point, point3, counter: hash(point(1)),
        lambda point, point3, counter: hash(point(1, names=())) == hash(point(1, names=())),
        lambda point, point3, counter: hash(counter()),
        lambda point, point3, counter: setattr(point(1), "x", 2),
        lambda point, point3, counter: setattr(point3(1), "new", 2),
        lambda point, point3, counter: delattr(point(1), "x"),
        lambda point, point3, counter: setattr(counter(), "count", 2),
        lambda point, point3, counter: (counter(3), counter(3) == counter(3), counter(3) == counter(4)),
        lambda point, point3, counter: dataclasses.replace(point3(1), z=4),
        lambda point, point3, counter: dataclasses.asdict(point(1, names=["a"])),
        lambda point, point3, counter: copy.deepcopy(point(1, names=["a"])),
        lambda point, point3, counter: (point.__match_args__, point3.__match_args__, counter.__match_args__),
        lambda point, point3, counter: point(1).names is point(1).names,
    ],
)  # fmt: skip
def test_a_class_behaves_as_one_of_the_standard_library(act: Callable[..., Any]) -> None:
    for _ in range(2):  # the first object is made in another way than those after it
        theirs, own = (outcome(lambda classes=classes: act(*classes)) for classes in CLASSES)
        assert own == theirs


def test_an_object_that_contains_itself_is_shown() -> None:
    (_, _, counter) = make(ours.dataclass)
    item = counter()
    item.count = item
    assert "count=..." in repr(item)


def test_records_can_be_sent_to_another_process() -> None:
    from assistant.records import Box, Face

    face = Face(Box(1, 2, 3, 4), 0.5)
    assert pickle.loads(pickle.dumps(face)) == face


def test_nothing_is_compiled_before_there_is_an_object(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    monkeypatch.setattr(ours, "_compiled_init", lambda cls, frozen: compiled.append("__init__") or (lambda self: None))
    _, _, counter = make(ours.dataclass)
    assert compiled == []
    counter()
    assert compiled == ["__init__"]


def test_a_frozen_class_with_an_equality_of_its_own_can_be_hashed() -> None:
    @ours.dataclass(frozen=True)
    class Word:  # noqa: PLW1641 - the decorator gives it its hash
        text: str

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Word) and self.text.lower() == other.text.lower()

    assert Word("A") == Word("a")
    assert hash(Word("a")) == hash(("a",))
