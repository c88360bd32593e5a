"""One playground for all tests of the page, whose connections are written down; and files to give it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from assistant.vision.cameras.demo import photograph

GUARD = """
import os, sys
def write_down(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        with open(os.environ["PLAYGROUND_CONNECTIONS"], "a") as log:
            address = arguments[1] if event == "socket.connect" else arguments[0]
            log.write(f"{event} {address!r}\\n")
sys.addaudithook(write_down)
"""
"""A sitecustomize.py: every address to which a Python process would connect, or whose name it would look up."""
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/")


@dataclass
class Playground:
    """A running playground."""

    process: "subprocess.Popen[str]"
    url: str
    uploads: Path
    connections: Path
    """The file in which its connections are written down, one a line."""
    home: Path
    """The folder in which it was started."""


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A function that starts a playground with arguments."""
    if find_spec("gradio") is None:
        pytest.skip("gradio is not installed: pip install 'emotion-assistant[playground]'")
    running: list[subprocess.Popen[str]] = []

    def start_one(*arguments: str) -> Playground:
        folder = tmp_path_factory.mktemp("playground")
        (folder / "guard").mkdir()
        (folder / "guard" / "sitecustomize.py").write_text(GUARD)
        (folder / "home").mkdir()
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(folder / "guard"), str(Path(__file__).parents[3]))),
            "PLAYGROUND_CONNECTIONS": str(folder / "connections"),
            "TMPDIR": str(folder),
            "GRADIO_ANALYTICS_ENABLED": "True",
        }
        for name in ("EMOTION_DATA", "EMOTION_YUNET"):
            environment.pop(name, None)
        process = subprocess.Popen(
            [sys.executable, "-m", "convert", "playground", "--port", "0", *arguments],
            cwd=folder / "home", env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        running.append(process)
        assert process.stdout
        first, second = process.stdout.readline(), process.stdout.readline()
        assert ADDRESS.search(first), process.communicate()
        uploads = next(folder.glob("emotion-playground-*"))
        assert str(uploads) in second
        return Playground(process, ADDRESS.findall(first)[0], uploads, folder / "connections", folder / "home")

    yield start_one
    for process in running:
        process.kill()
        process.wait(10)


@pytest.fixture(scope="session")
def playground(start: Any) -> Playground:
    return start()


@pytest.fixture
def page(browser: Any, playground: Playground) -> Iterator[Any]:
    """The page, in a window of 1200 pixels; its requests must all be to the playground."""
    opened = browser.new_page(viewport={"width": 1200, "height": 900})
    yield from watched(opened, playground)


def watched(opened: Any, playground: Playground) -> Iterator[Any]:
    requests: list[str] = []
    problems: list[str] = []
    opened.on("request", lambda made: requests.append(made.url))
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.set_default_timeout(60_000)
    opened.goto(playground.url)
    opened.get_by_role("heading", level=1).wait_for()
    opened.get_by_role("button", name="Eileen Collins").wait_for()
    opened.wait_for_function("document.querySelector('#picture-status')?.ariaLive === 'polite'")  # all of it is there
    yield opened
    opened.close()
    assert [url for url in requests if not url.startswith((playground.url, "data:", "blob:"))] == []
    assert problems == []


@pytest.fixture(scope="session")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files to give: a face, no face, no picture, a huge one; clips, one long, one that is none."""
    folder = tmp_path_factory.mktemp("given")
    face = photograph("astronaut")
    cv2.imwrite(str(folder / "face.png"), face)
    cv2.imwrite(str(folder / "wall.png"), np.random.default_rng(3).integers(90, 150, (240, 320, 3), np.uint8))
    (folder / "notes.png").write_text("no picture")
    header = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (30000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    (folder / "huge.png").write_bytes(header)
    (folder / "letter.mp4").write_text("no clip")
    write_clip(folder / "short.mp4", face, 20)
    write_clip(folder / "long.mp4", np.asarray(cv2.resize(face, (256, 256)), np.uint8), 3000)
    people = [{"name": "Eileen", "boxes": [[0.0, 177, 66, 92, 105]], "shows": [[0.0, 2.0, "happy"]]}]
    (folder / "truth.json").write_text(json.dumps({"kind": "still", "seconds": 2.0, "people": people}))
    return folder


def write_clip(path: Path, image: Any, frames: int) -> None:
    """A clip of one picture, ten a second."""
    height, width = image.shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10, (width, height))
    for _ in range(frames):
        writer.write(image)
    writer.release()
