"""The page for everybody: no serious finding of axe-core in our content, and usable in a window of 400 pixels."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.playground.conftest import Playground, watched

OURS = ("#top", "#picture-result", "#camera-result", "#clip-result", "#own-model-told")
"""The parts that we have written; the others are Gradio's."""
GRADIOS_OWN: dict[str, tuple[str, ...]] = {}
"""Rules that axe-core finds broken in Gradio's own parts, and in which elements: none, with our colours."""


@pytest.fixture(params=[400, 1200], ids=["400 px", "1200 px"])
def window(browser: Any, playground: Playground, request: pytest.FixtureRequest) -> Iterator[Any]:
    yield from watched(browser.new_page(viewport={"width": request.param, "height": 900}), playground)


def check(page: Any) -> None:
    """No part is broader than the window, and axe-core finds nothing serious."""
    wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= window
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    found = axe.Axe().run(page).response["violations"]
    serious = {
        one["id"]: [node["target"][0] for node in one["nodes"]]
        for one in found
        if one["impact"] in ("serious", "critical")
    }
    assert not {rule: targets for rule, targets in serious.items() if any(each.startswith(OURS) for each in targets)}
    for rule, targets in serious.items():
        unknown = [each for each in targets if not each.startswith(GRADIOS_OWN.get(rule, ()))]
        assert unknown == [], rule


def test_pictures(window: Any) -> None:
    window.locator("#second").get_by_label("emotion-small-int8").check()
    window.get_by_role("button", name="Eileen Collins").click()
    window.locator("#picture-result section").nth(1).wait_for()
    window.get_by_role("button", name="Use a model of your own").click()
    window.mouse.move(1, 1)
    window.locator("#own-model input").wait_for(state="attached")
    settle(window)
    check(window)


def test_the_clip(window: Any) -> None:
    window.get_by_role("tab", name="Clip").click()
    window.get_by_label("the demo's photographs").check()
    window.get_by_role("button", name="Watch the clip").click()
    window.mouse.move(1, 1)
    window.locator("#clip-result progress").wait_for()
    settle(window)
    check(window)
    window.locator("table.sentences").wait_for()
    window.locator("summary").first.click()
    check(window)


def test_the_camera(window: Any) -> None:
    window.get_by_role("tab", name="Camera").click()
    window.get_by_text("Click to Access Webcam").wait_for()
    settle(window)
    check(window)


def test_in_the_dark(browser: Any, playground: Playground) -> None:
    opened = browser.new_page(viewport={"width": 800, "height": 900}, color_scheme="dark")
    for page in watched(opened, playground):
        page.get_by_role("button", name="Eileen Collins").click()
        page.locator("#picture-result .said").wait_for()
        page.mouse.move(1, 1)
        settle(page)
        check(page)


def settle(page: Any) -> None:
    """Wait until colours have stopped changing: Gradio lets them fade."""
    page.evaluate("Promise.all(document.getAnimations().filter(one => one.effect.getTiming().iterations !== Infinity)"
                  ".map(one => one.finished.catch(() => 0)))")  # fmt: skip
