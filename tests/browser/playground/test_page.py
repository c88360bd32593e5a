"""The playground in a real browser: what is given, what is shown, heard and said; mistakes; the keyboard."""

import io
import shutil
import wave
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from assistant.vision.cameras.demo import photograph
from assistant.vision.inference.model_file import find_model
from convert.playground import speech
from tests.browser.playground.conftest import Playground, watched

SAID = "Looks happy. Ahead, close, facing you."


def give(page: Any, where: str, *files: Path) -> None:
    """Choose files in the upload of that id."""
    page.locator(f"#{where} input[type=file]").set_input_files([str(file) for file in files])


def problem(page: Any, where: str) -> str:
    """The message in the result of that id."""
    message = page.locator(f"#{where} .problem")
    message.wait_for()
    assert message.get_attribute("role") == "alert"
    return str(message.inner_text())


def test_a_picture_its_words_its_bars_and_its_sound(page: Any, given: Path) -> None:
    give(page, "picture-file", given / "face.png")
    assert page.locator("#picture-result .said").inner_text() == SAID
    assert page.locator("#picture-result svg.picture rect").count() == 3
    first = page.locator("#picture-result table.bars tr").first
    assert first.inner_text().split()[0] == "happy"
    assert int(first.inner_text().split()[1].rstrip("%")) > 90
    page.wait_for_function(f"document.querySelector('#picture-status').innerText.trim() === {SAID!r}")
    assert page.locator("#picture-status").get_attribute("aria-live") == "polite"

    heard = page.evaluate(
        """async () => { const audio = document.querySelector("#picture-result audio");
        const sound = await fetch(audio.src); const bytes = new Uint8Array(await sound.arrayBuffer());
        audio.muted = true; await audio.play();
        await new Promise(done => audio.addEventListener("timeupdate", () => audio.currentTime > 0.2 && done()));
        return [audio.duration, sound.headers.get("content-type"), Array.from(bytes)]; }"""
    )
    duration, kind, content = heard
    assert kind == "audio/wav"
    assert bytes(content) == speech.wav(SAID, "en")
    with wave.open(io.BytesIO(bytes(content))) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16).astype(float)
        assert duration == pytest.approx(len(samples) / sound.getframerate(), abs=0.05)
    assert duration > 1.5
    assert np.abs(samples).max() > 3000
    assert (np.abs(samples) > 300).mean() > 0.2


def test_mistakes_are_told_and_the_next_picture_works(page: Any, given: Path) -> None:
    give(page, "picture-file", given / "notes.png")
    assert problem(page, "picture-result").startswith("notes.png: not a picture that can be read")
    page.get_by_role("button", name="Grace Hopper").click()
    page.locator("#picture-result .said").wait_for()
    page.reload()
    give(page, "picture-file", given / "huge.png")
    assert "30000x30000 pixels are more than 50 million" in problem(page, "picture-result")
    page.reload()
    give(page, "picture-file", given / "wall.png")
    page.get_by_text("No face was found in this picture.").wait_for()
    assert page.locator("#picture-result .said").inner_text()


def test_two_models_another_detector_and_another_language(page: Any) -> None:
    page.get_by_role("button", name="Eileen Collins").click()
    page.locator("#picture-result .said").wait_for()
    page.locator("#second").get_by_label("emotion-small-int8").check()
    page.locator("#picture-result section").nth(1).wait_for()
    names = page.locator("#picture-result h2").all_inner_texts()
    assert names == ["emotion-cnn-int8", "emotion-small-int8"]
    left, right = (page.locator("#picture-result section").nth(each).bounding_box() for each in (0, 1))
    assert abs(left["y"] - right["y"]) < 2
    assert left["x"] + left["width"] <= right["x"]
    page.locator("#detector").get_by_label("Haar").check()
    page.wait_for_function("!document.querySelector('#picture-result .said').innerText.includes('facing')")
    page.locator("#language").get_by_label("Deutsch").check()
    page.wait_for_function("document.querySelector('#picture-result .said').innerText.includes('fröhlich')")
    assert "language=de" in page.locator("#picture-result audio").first.get_attribute("src")


def test_a_model_of_ones_own_and_one_that_is_damaged(page: Any, tmp_path: Path) -> None:
    shipped = find_model("emotion-small-int8")
    for name, content in (("mine", shipped.read_bytes()), ("damaged", shipped.read_bytes()[:-1] + b"\x00\x01")):
        (tmp_path / f"{name}.tflite").write_bytes(content)
        shutil.copyfile(shipped.with_suffix(".json"), tmp_path / f"{name}.json")
    page.get_by_role("button", name="Eileen Collins").click()
    page.locator("#picture-result .said").wait_for()
    page.get_by_role("button", name="Use a model of your own").click()
    give(page, "own-model", tmp_path / "mine.tflite")
    assert "its card mine.json is missing" in problem(page, "own-model-told")
    give(page, "own-model", tmp_path / "damaged.tflite", tmp_path / "damaged.json")
    assert "damaged.tflite: does not match its card (SHA-256)" in problem(page, "picture-result")
    give(page, "own-model", tmp_path / "mine.tflite", tmp_path / "mine.json")
    page.get_by_role("heading", name="mine.tflite").wait_for()
    assert page.locator("#picture-result .said").inner_text().startswith("Looks happy.")


def test_a_clip_with_its_truth(page: Any, given: Path) -> None:
    page.get_by_role("tab", name="Clip").click()
    give(page, "clip-file", given / "short.mp4")
    give(page, "truth-file", given / "truth.json")
    page.locator("#truth-file").get_by_text("truth").first.wait_for()
    page.get_by_text("short").first.wait_for()
    page.get_by_role("button", name="Watch the clip").click()
    page.get_by_role("table", name="What is said, when and why").wait_for()
    row = page.locator("table.sentences > tbody > tr")
    assert row.count() == 1
    cells = row.first.locator("> *").all_inner_texts()
    assert cells[2] == "One person looks happy."
    assert cells[4].startswith("person 1 is new: looks happy")
    assert cells[5] == "true"
    lanes = page.locator(".lane .name").all_inner_texts()
    assert (lanes[:2], lanes[-1]) == (["true: Eileen", "seen: person 1"], "said")
    row.first.locator("summary").click()
    assert row.first.locator("svg.picture").is_visible()


def test_no_clip_and_a_file_that_is_none(page: Any, given: Path) -> None:
    page.get_by_role("tab", name="Clip").click()
    page.get_by_role("button", name="Watch the clip").click()
    assert problem(page, "clip-result") == "Choose a clip first."
    give(page, "clip-file", given / "letter.mp4")
    page.get_by_text("letter").first.wait_for()
    page.get_by_role("button", name="Watch the clip").click()
    page.locator("#clip-result").get_by_text("letter.mp4: not a video that can be read").wait_for()


def test_a_long_clip_tells_how_far_it_is_and_stops(page: Any, given: Path, playground: Playground) -> None:
    page.get_by_role("tab", name="Clip").click()
    give(page, "clip-file", given / "long.mp4")
    page.get_by_text("long").first.wait_for()
    page.get_by_role("button", name="Watch the clip").click()
    page.wait_for_function("document.querySelector('#clip-result progress')?.value > 0.005")
    page.locator("#clip-result .preview svg rect").first.wait_for()
    assert "of 300 s" in page.locator("#clip-result").inner_text()
    page.get_by_role("button", name="Stop").click()
    page.locator("#clip-result").get_by_text("Stopped at").wait_for()
    assert page.locator("table.sentences").count() == 0
    before = processor_s(playground)
    page.wait_for_timeout(1000)
    assert processor_s(playground) - before < 0.5  # else it goes on behind the page


def processor_s(playground: Playground) -> float:
    """Seconds of CPU time that the playground has used."""
    fields = Path(f"/proc/{playground.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def focus(page: Any, target: Any) -> None:
    """Press Tab until that part has the focus."""
    handle = target.element_handle()
    for _ in range(60):
        if page.evaluate("one => one === document.activeElement || one.contains(document.activeElement)", handle):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the keyboard does not reach {target}")


def chromium(browser: Any, *arguments: str) -> Any:
    """A Chromium of a test's own."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    return browser.browser_type.launch(executable_path=program, args=["--no-sandbox", *arguments])


def chosen_by_key(page: Any) -> Any:
    """The file chooser that Enter opens; headless Chromium now and then opens it at the second press only."""
    errors = pytest.importorskip("playwright.sync_api")
    for _ in range(5):
        try:
            with page.expect_file_chooser(timeout=5000) as chooser:
                page.keyboard.press("Enter")
            return chooser.value
        except errors.TimeoutError:
            continue
    return pytest.fail("Enter opens no file chooser")


def test_everything_by_the_keyboard_alone(page: Any, given: Path) -> None:
    focus(page, page.locator("#model input").first)
    focus(page, page.locator("#picture-file").get_by_role("button", name="Click to upload"))
    chosen_by_key(page).set_files(str(given / "face.png"))
    page.locator("#picture-result .said").wait_for()
    focus(page, page.locator("#picture-result audio"))
    page.locator("body").press("Control+Home")
    page.evaluate("document.activeElement.blur()")
    focus(page, page.get_by_role("tab", name="Clip"))
    page.keyboard.press("Enter")
    focus(page, page.get_by_label("the demo's photographs"))
    page.keyboard.press("Space")
    focus(page, page.get_by_role("button", name="Watch the clip"))
    page.keyboard.press("Enter")
    page.locator("#clip-result progress").wait_for()
    focus(page, page.get_by_role("button", name="Stop"))
    page.keyboard.press("Enter")
    page.locator("#clip-result").get_by_text("Stopped at").or_(page.locator("table.sentences")).first.wait_for()


def test_the_camera(browser: Any, playground: Playground, tmp_path: Path) -> None:
    """With Chromium's stand-in for a camera, which shows the photograph."""
    shown = cv2.cvtColor(cv2.resize(photograph("astronaut")[:384], (640, 480)), cv2.COLOR_BGR2YUV_I420)
    frame = b"FRAME\n" + shown.tobytes()
    (tmp_path / "face.y4m").write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + 10 * frame)
    fake = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    own = chromium(browser, *fake, f"--use-file-for-fake-video-capture={tmp_path / 'face.y4m'}")
    for page in watched(own.new_page(viewport={"width": 1200, "height": 900}), playground):
        page.get_by_role("tab", name="Camera").click()
        page.get_by_role("button", name="Click to Access Webcam").click()
        page.get_by_text("Record").click()
        page.get_by_text("One person looks happy.").wait_for()
        assert page.locator("#camera-status audio").get_attribute("autoplay") is not None
        assert page.locator("#camera-result svg rect").count() == 3
        assert "happy" in page.locator("#camera-result table.bars tr").first.inner_text()
        page.locator("#camera").get_by_text("Stop").click()
        page.locator("#camera").get_by_text("Record").wait_for()
    own.close()
