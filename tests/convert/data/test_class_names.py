"""Names of classes as people write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convert.data import class_names
from convert.data.fer2013_labels import LABELS


@pytest.mark.parametrize(("name", "label"), [
    ("happy", "happy"), (" Happy ", "happy"), ("HAPPINESS", "happy"), ("smiling", "happy"), ("3_happy", "happy"),
    ("0-Angry", "angry"), ("1. disgusted", "disgust"), ("afraid", "fear"), ("Surprised", "surprise"),
    ("calm", "neutral"),
])  # fmt: skip
def test_usual_names_are_known(name: str, label: str) -> None:
    assert class_names.class_of(name) == LABELS.index(label)


@pytest.mark.parametrize(("name", "hint"), [
    ("hapy", "; did you mean happy?"), ("suprise", "; did you mean surprise?"), ("Neutrall", "; did you mean neutral?"),
    ("7", "; numbers stand for other expressions in other data sets: rename them"), ("bicycle", ""), ("", ""),
])  # fmt: skip
def test_other_names_get_a_hint(name: str, hint: str) -> None:
    assert class_names.class_of(name) is None
    assert class_names.hint(name) == hint


@settings(max_examples=30)
@given(st.text(max_size=12))
def test_any_text_is_a_class_or_none(name: str) -> None:
    assert class_names.class_of(name) in (None, *range(len(LABELS)))
    assert "\n" not in class_names.hint(name)
