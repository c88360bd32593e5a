"""The HTML: whatever a file or a model is called stays text, and nothing is left out."""

import re
from html.parser import HTMLParser

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.records import CANNOT_TELL, EXPRESSIONS, NOBODY, Box
from convert.playground import markup, picture_view, timeline_view
from convert.playground.clip import ClipResult, Said, Stretch, View
from convert.playground.picture import FaceFound, PictureResult
from convert.scenarios.script.ground_truth import BoxKeyframe, GroundTruth, Interval, PersonTimeline

GREY = np.full((48, 64), 128, np.uint8)
FACE = FaceFound(Box(10, 10, 20, 20), "Looks happy.", {"happy": 0.9, "neutral": 0.1})
RESULT = PictureResult(GREY, (FACE,), "Looks happy. Ahead.", ("One person looks happy.",), "en")
VOID = {"br"}


class Tags(HTMLParser):
    """Collects the tags, and checks that each is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    tags.close()
    assert tags.open == []
    return tags


@settings(max_examples=15)
@given(st.text(min_size=1, max_size=30).map(lambda text: f'{text}<script>&"'))
def test_names_and_words_stay_text(text: str) -> None:
    face = FaceFound(FACE.box, text, {text: 1.0})
    result = PictureResult(GREY, (face,), text, (text,), "en")
    said = Said(1.0, 1.2, text, text, View(GREY, (face,)), "correct")
    truth = GroundTruth("x", "x", 2.0, (PersonTimeline(text, (BoxKeyframe(0, 1, 1, 9, 9),), ()),))
    clip = ClipResult(2.0, 20, 1, (said,), {}, "en", truth)
    for html in (picture_view.as_html({text: result, "b": text}), timeline_view.as_html(clip), markup.problem(text)):
        assert "script" not in parsed(html).names


def test_a_picture_has_its_words_sound_and_bars() -> None:
    html = picture_view.as_html({"emotion-cnn-int8": RESULT})
    text = parsed(html).text
    for words in ("emotion-cnn-int8", "Looks happy. Ahead.", "Face 1: Looks happy.", "90%", "One person looks happy."):
        assert words in text
    assert 'src="/said.wav?text=Looks+happy.+Ahead.&amp;language=en"' in html
    assert 'aria-label="The picture; 1 face is in a box"' in html


def test_two_models_stand_side_by_side_and_one_that_cannot_be_used_says_why() -> None:
    html = picture_view.as_html({"a": RESULT, "b": "b.tflite: does not match its card"})
    assert html.count("<section") == 2
    assert "alone" not in html
    assert '<p class="problem" role="alert">b.tflite: does not match its card</p>' in html


def test_a_picture_without_a_face_says_so() -> None:
    empty = PictureResult(GREY, (), "Nobody in view.", (), "en")
    assert "No face was found in this picture." in parsed(picture_view.as_html({"a": empty})).text


def test_a_face_that_is_not_read_has_no_bars() -> None:
    assert "not read" in markup.bars(None)


def test_the_timeline_has_lanes_and_a_row_for_each_sentence() -> None:
    said = (
        Said(1.0, 1.2, "One person looks happy.", "person 1 is new: looks happy", None, "correct"),
        Said(6.0, None, "Looks neutral.", "person 1: looks happy, then looks neutral; not said", None, ""),
    )
    states = {1: (Stretch(0.5, 1.0, NOBODY), Stretch(1.0, 6.0, "happy")), 2: (Stretch(3.0, 3.2, NOBODY),)}
    truth = GroundTruth(
        "x", "x", 8.0, (PersonTimeline("Anna", (BoxKeyframe(0, 1, 1, 9, 9),), (Interval(0.0, 8.0, "happy"),)),)
    )
    html = timeline_view.as_html(ClipResult(8.0, 80, 1, said, states, "en", truth))
    tags = parsed(html)
    assert "true: Anna" in tags.text
    assert "seen: person 1" in tags.text
    assert "person 2" not in tags.text  # a detection of a moment
    assert tags.names.count("audio") == 1
    assert "not said" in tags.text
    assert re.search(r">true<", html)
    assert "left:12.50%;width:62.50%" in html


def test_a_clip_of_which_nothing_is_said() -> None:
    assert "Nothing is said of this clip." in timeline_view.as_html(ClipResult(0.0, 1, 0, (), {}, "en"))


def test_every_state_has_a_colour() -> None:
    assert {*EXPRESSIONS, CANNOT_TELL, NOBODY} == set(timeline_view.COLOURS)
