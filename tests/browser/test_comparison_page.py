"""The page of `emotion-convert compare` in Chromium: without a network, at 400 pixels, by keyboard, by axe-core."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from convert.comparison import page, plots
from tests.support import comparison_report

UNTIL_SCROLLED = """each => new Promise((done, fail) => {
  setTimeout(() => fail(new Error("it does not scroll")), 5000);
  const look = () => each.scrollLeft > 0 ? done() : requestAnimationFrame(look);
  look();
})"""
"""The page's own policy forbids `wait_for_function`, which evaluates a text in the page."""


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Any]:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    report = comparison_report.report()
    file = tmp_path / "comparison.html"
    file.write_text(page.as_html(report, plots.diagrams(report), {4: b"no picture"}), "utf-8")
    context = browser.new_context(viewport={"width": 400, "height": 800}, offline=True)
    shown = context.new_page()
    shown.asked = []
    shown.on("request", lambda request: shown.asked.append(request.url))
    shown.goto(file.as_uri())
    yield shown
    context.close()


def test_the_page_asks_for_nothing_and_fits_400_pixels(opened: Any) -> None:
    assert [url for url in opened.asked if not url.startswith(("data:", "file:"))] == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= 400
    assert opened.evaluate("[...document.querySelectorAll('figure img')].every(each => each.naturalWidth > 100)")


def test_tables_scroll_and_matrices_open_by_keyboard(opened: Any) -> None:
    region = opened.locator(".scroll").first
    for _ in range(40):
        opened.keyboard.press("Tab")
        if region.evaluate("each => each === document.activeElement"):
            break
    opened.keyboard.press("End")
    opened.keyboard.press("ArrowRight")
    region.evaluate(UNTIL_SCROLLED)
    summary = opened.locator("summary").nth(1)
    summary.focus()
    opened.keyboard.press("Enter")
    assert opened.locator("details").nth(1).get_attribute("open") is not None


def test_axe_finds_nothing(opened: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    opened.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = axe.Axe().run(opened).response["violations"]
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == []
