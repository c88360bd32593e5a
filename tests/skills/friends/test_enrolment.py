"""From views to a friend: views of one person, who is nobody's friend yet."""

import numpy as np
import pytest

from assistant.skills.friends.enrolment import Enrolment, EnrolmentError, View, best_views
from assistant.skills.friends.friend import MAX_VIEWS, ConsentWay
from assistant.skills.friends.gallery import Gallery
from assistant.skills.friends.thresholds import NameThresholds
from tests.skills.friends.people import MODEL, direction, friend, leaning

GALLERY = Gallery([friend(0, "Anna")], MODEL, NameThresholds(name=0.5, maybe=0.4))


def views(*embeddings: np.ndarray) -> list[View]:
    return [View(f"{index}.jpg", each, 0.5 + index / 100) for index, each in enumerate(embeddings)]


def of(index: int, count: int) -> list[np.ndarray]:
    """Views of one person, each turned another way."""
    return [leaning(index, 0.8, other=100 + each) for each in range(count)]


def made(enrolment: Enrolment) -> object:
    return enrolment.friend("Carl", MODEL, ConsentWay.BUTTON, "2026-11-30", is_adult=True)


def test_five_views_become_a_friend_who_is_recognized() -> None:
    learned = Enrolment(GALLERY, views(*of(3, 5))).friend("Carl", MODEL, ConsentWay.BUTTON, "2026-11-30", is_adult=None)
    match = Gallery([learned], MODEL, GALLERY.thresholds).match(direction(3))
    assert match.friend is learned
    assert (learned.name, learned.consent, learned.consent_on, learned.is_adult) == (
        "Carl",
        ConsentWay.BUTTON,
        "2026-11-30",
        None,
    )
    assert len(learned.views) == 5


def test_two_views_are_not_enough() -> None:
    with pytest.raises(EnrolmentError, match="2 good views; 3 are needed"):
        made(Enrolment(GALLERY, views(*of(3, 2))))


def test_another_person_among_the_views_is_named_by_the_picture() -> None:
    with pytest.raises(EnrolmentError, match=r"4\.jpg differs from the others"):
        made(Enrolment(GALLERY, views(*of(3, 4), direction(7))))


def test_two_people_in_equal_parts() -> None:
    with pytest.raises(EnrolmentError, match="do not show one person"):
        made(Enrolment(GALLERY, views(direction(3), direction(3), direction(7), direction(7), direction(8))))


def test_somebody_who_is_a_friend_already() -> None:
    with pytest.raises(EnrolmentError, match="a friend already, by the name Anna"):
        made(Enrolment(GALLERY, views(*of(0, 3))))


def test_the_best_views_are_the_best_one_and_those_unlike_it() -> None:
    near = [leaning(3, 0.999, other=50 + each) for each in range(6)]
    chosen = best_views([View("best", direction(3), 1.0), *views(*near), View("turned", leaning(3, 0.7), 0.4)])
    assert len(chosen) == MAX_VIEWS
    assert [view.name for view in chosen][:2] == ["best", "turned"]


def test_a_view_that_is_the_same_again_teaches_nothing() -> None:
    enrolment = Enrolment(GALLERY, views(direction(3)))
    assert not enrolment.is_new(leaning(3, 0.99))
    assert enrolment.is_new(leaning(3, 0.8))
