"""What the page answers: results, and one clear message for every mistake."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.errors import AssistantError, VoiceError
from assistant.vision.inference.model_file import find_model
from convert.playground import responses as module
from convert.playground.choices import Choice
from convert.playground.responses import DEMO, PHOTOGRAPH, Responses, status
from tests.convert.playground.shown import write_clip

PLAIN = Choice()


@pytest.fixture
def responses(tmp_path: Path) -> Responses:
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    return Responses(uploads)


def problem(html: str) -> str:
    assert html.startswith('<p class="problem" role="alert">')
    assert html.count("<p") == 1
    return status(html)


def test_a_picture_that_was_uploaded(responses: Responses, tmp_path: Path, astronaut: NDArray[np.uint8]) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), astronaut)
    html = responses.picture(str(tmp_path / "a.png"), PLAIN)
    assert status(html) == "Looks happy. Ahead, close, facing you."


def test_two_models_on_the_demos_photograph(responses: Responses) -> None:
    html = responses.picture(f"{PHOTOGRAPH}hopper", PLAIN, "emotion-small-int8")
    assert html.count("<section") == 2
    assert responses.picture(f"{PHOTOGRAPH}hopper", PLAIN, PLAIN.model).count("<section") == 1


def test_nothing_is_chosen(responses: Responses) -> None:
    assert responses.picture("", PLAIN) == ""
    assert [problem(each) for each in responses.clip("me", "", "", PLAIN)] == ["Choose a clip first."]


def test_a_file_that_is_no_picture_is_named_without_its_folder(responses: Responses, tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("hello")
    told = problem(responses.picture(str(tmp_path / "notes.png"), PLAIN))
    assert told.startswith("notes.png: not a picture that can be read")


def test_a_huge_picture_is_refused_before_it_is_decoded(responses: Responses, tmp_path: Path) -> None:
    header = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (30000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    (tmp_path / "huge.png").write_bytes(header)
    assert "30000x30000 pixels are more than 50 million" in problem(
        responses.picture(str(tmp_path / "huge.png"), PLAIN)
    )


def test_a_damaged_model_beside_a_good_one(responses: Responses, tmp_path: Path) -> None:
    good = find_model("emotion-small-int8")
    damaged = tmp_path / "mine.tflite"
    damaged.write_bytes(good.read_bytes()[:-1] + b"\x00\x01")
    shutil.copyfile(good.with_suffix(".json"), damaged.with_suffix(".json"))
    html = responses.picture(f"{PHOTOGRAPH}astronaut", PLAIN, str(damaged))
    assert "mine.tflite: does not match its card (SHA-256)" in html
    assert "Looks happy." in html
    assert str(tmp_path) not in html


@pytest.fixture
def clip_file(tmp_path: Path, astronaut: NDArray[np.uint8]) -> str:
    """Two seconds of a face."""
    return str(write_clip(tmp_path / "clip.avi", [astronaut] * 20))


def test_a_clip_is_reported_on_until_its_result(
    responses: Responses, clip_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REFRESH_S", 0.005)
    *reports, result = responses.clip("me", clip_file, "", PLAIN)
    assert reports
    assert all("<progress" in each for each in reports)
    assert any("of 2 s" in each for each in reports)
    assert status(result) == "1 sentence in 1.9 s, 20 pictures."


def test_a_clip_can_be_stopped(responses: Responses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REFRESH_S", 0.005)
    answers = responses.clip("me", DEMO, "", PLAIN)
    next(answers)
    responses.jobs.stop("me")
    *_, last = answers
    assert status(last).startswith("Stopped at ")


def test_no_clip_and_no_ground_truth(responses: Responses, tmp_path: Path) -> None:
    (tmp_path / "letter.mp4").write_text("Dear Grace")
    (told,) = responses.clip("me", str(tmp_path / "letter.mp4"), "", PLAIN)
    assert problem(told).startswith("letter.mp4: not a video that can be read")
    (tmp_path / "truth.json").write_text("{}")
    (told,) = responses.clip("me", DEMO, str(tmp_path / "truth.json"), PLAIN)
    assert problem(told).startswith("truth.json: ")


def test_the_ground_truth_beside_a_clip_counts(responses: Responses, tmp_path: Path, clip_file: str) -> None:
    people = [{"name": "Eileen", "boxes": [[0.0, 177, 66, 92, 105]], "shows": [[0.0, 2.0, "happy"]]}]
    (tmp_path / "truth.json").write_text(json.dumps({"kind": "still", "seconds": 2.0, "people": people}))
    *_, last = responses.clip("me", clip_file, "", PLAIN)
    assert "true: Eileen" in last
    assert '<td data-name="True?">true</td>' in last


def test_the_camera_goes_on_with_its_session_until_something_else_is_chosen(
    responses: Responses, astronaut: NDArray[np.uint8]
) -> None:
    assert responses.camera(None, None, PLAIN) == (None, "", None)
    first, html, _ = responses.camera(astronaut, None, PLAIN)
    assert "<svg" in html
    again, _, _ = responses.camera(astronaut, first, PLAIN)
    assert again is first
    other, _, _ = responses.camera(astronaut, first, Choice(locale="de"))
    assert other is not first
    failed, html, said = responses.camera(astronaut, first, Choice("face-detector-int8"))
    assert (failed, said) == (None, None)
    assert "reads no expressions" in problem(html)


def test_an_own_model_needs_its_card(responses: Responses, tmp_path: Path) -> None:
    good = find_model("emotion-small-int8")
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    model, card = tmp_path / "1" / "mine.tflite", tmp_path / "2" / "mine.json"  # each upload has a folder of its own
    shutil.copyfile(good, model)
    shutil.copyfile(good.with_suffix(".json"), card)
    (adopted,) = responses.adopt_models([str(card), str(model)])
    assert "Looks happy." in responses.picture(f"{PHOTOGRAPH}astronaut", Choice(adopted))
    with pytest.raises(AssistantError, match=r"mine.tflite: its card mine.json is missing"):
        responses.adopt_models([str(model)])
    with pytest.raises(AssistantError, match="no model among these files"):
        responses.adopt_models([str(card)])


def test_no_voice_is_told_and_the_rest_is_shown(responses: Responses, monkeypatch: pytest.MonkeyPatch) -> None:
    def mute(text: str, language: str) -> bytes:
        raise VoiceError("espeak-ng is not there")

    monkeypatch.setattr(module.speech, "wav", mute)
    html = responses.picture(f"{PHOTOGRAPH}astronaut", PLAIN)
    assert "There is no sound: espeak-ng is not there" in html
    assert "<svg" in html
