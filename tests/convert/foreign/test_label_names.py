"""Labels of foreign classifiers by the names that people give them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import ModelError
from assistant.records import EXPRESSIONS
from convert.data.fer2013_labels import FERPLUS_LABELS, LABELS
from convert.foreign import label_names

FOLDERS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("fer2013", LABELS),
        ("Folders", FOLDERS),
        ("ferplus", FERPLUS_LABELS),
        ("0,1,2,3,4,5,6", LABELS),
        ("Angry, Disgusted,Fearful,HAPPINESS , sadness,Surprised,neutral", LABELS),
        ("AN,DI,FE,HA,SA,SU,NE", LABELS),
        ("anger;disgust;fear;joy;sadness;surprise;neutrality", LABELS),
        ("2: fear, 0: angry, 1: happy", ("angry", "happy", "fear")),
        ("0_angry,1_happy", ("angry", "happy")),
        ("contempt,happy", ("contempt", "happy")),
    ],
)
def test_the_usual_names_are_known(text: str, labels: tuple[str, ...]) -> None:
    assert label_names.parse(text) == labels


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("happpy,sad", "'happpy' is no expression; did you mean happy?"),
        ("ferplu", "did you mean ferplus?"),
        ("happy,joy", "'joy' is happy, which is named twice"),
        ("4,sad", "'sad' is sad, which is named twice"),
        ("7,1", "'7' is no expression"),
        ("happy,bored", "'bored' is no expression; allowed, in the order of its outputs: angry"),
        ("fer2013,contempt", "fer2013 is the name of a whole order; give it alone"),
        ("happy", "names no classes"),
        (",", "names no classes"),
        ("nowhere.txt", "nowhere.txt: the labels cannot be read: No such file"),
    ],
)
def test_other_names_are_one_line(text: str, said: str) -> None:
    with pytest.raises(ModelError) as caught:
        label_names.parse(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("labels.txt", "angry\nhappy\n\nsad\n"),
        ("labels.txt", "0 angry\n1 happy\n2 sad"),
        ("labels.csv", "angry,happy,sad"),
        ("a.json", '["angry", "happy", "sad"]'),
        ("a.json", '{"sad": 2, "happy": 1, "angry": 0}'),
        ("a.json", '{"0": "angry", "2": "sad", "1": "happy"}'),
    ],
)
def test_labels_may_stand_in_a_file(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    assert label_names.parse(str(tmp_path / name)) == ("angry", "happy", "sad")


@pytest.mark.parametrize("content", ["3", '{"angry": "first"}', "[1, 2]", "[" * 100_000, "{", "\udcff"])
def test_a_file_of_anything_else_is_one_line(tmp_path: Path, content: str) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ModelError) as caught:
        label_names.parse(str(file))
    assert "\n" not in str(caught.value)


@given(st.permutations(EXPRESSIONS), st.integers(2, 8))
def test_any_order_of_expressions_is_read_as_it_is(order: list[str], count: int) -> None:
    assert label_names.parse(",".join(order[:count])) == tuple(order[:count])


@given(st.text(max_size=40))
def test_whatever_is_typed_names_expressions_or_is_refused(text: str) -> None:
    try:
        made = label_names.parse(text)
    except ModelError:
        return
    assert len(set(made)) == len(made) >= 2
    assert set(made) <= set(EXPRESSIONS)
