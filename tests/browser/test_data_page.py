"""The page of `emotion-convert data` in a browser: it loads nothing and fits 400 px; axe-core finds no violation."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convert.data_report import findings, page
from convert.data_report.label_suspects import Suspects
from tests.support import drawn_faces


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a set with copies, flat and damaged pictures and suspects."""
    folder = drawn_faces.write_class_folders(tmp_path_factory.mktemp("data") / "own", 12)
    shutil.copy(folder / "fear" / "00003.jpg", folder / "sad" / f"{'a-long-name-' * 12}.jpg")
    (folder / "sad" / "00001.jpg").write_bytes(b"no picture")
    found = findings.look(folder)
    suspects = Suspects(np.arange(20), np.full(20, 3), np.linspace(0.01, 0.2, 20), 0.9)
    found = findings.Findings(found.path, found.source, found.twins, found.flat, suspects)
    made = folder.parent / "page.html"
    made.write_text(page.render(found, findings.as_json(found)), "utf-8")
    return made


@pytest.mark.parametrize("width", [400, 1280])
def test_the_page_is_whole_readable_and_alone(browser: Any, file: Path, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed: make test-browser")
    opened = browser.new_page(viewport={"width": width, "height": 900})
    requests: list[str] = []
    problems: list[str] = []
    opened.on("request", lambda made: requests.append(made.url))
    opened.on("console", lambda message: problems.append(message.text))
    opened.goto(file.as_uri(), wait_until="load")
    assert opened.locator("ul.sheet img").count() == 22
    assert opened.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert axe.Axe().run(opened).response["violations"] == []
    assert problems == []
    opened.close()
