"""The documentation site in a real browser, opened from the file system: complete, readable at 400 px, accessible."""

import re
from pathlib import Path
from typing import Any

import pytest

SOURCES = Path(__file__).parents[2] / "docs"
PAGES = sorted(
    str(page.relative_to(SOURCES).with_suffix(".html"))
    for page in SOURCES.rglob("*.md")
    if "examples" not in page.parts
)
THEMES_OWN = {"aria-hidden-focus": "the inputs of Material's palette, which are hidden and can be focused"}
"""Rules that axe-core finds broken in the theme's own parts, and where. In our content none is broken."""
READERS_PAGES = [
    "index.html", "wear-it.html", "set-it-up.html", "train-your-own.html", "look-inside.html",
    "compare-and-search.html", "change-it.html",
]  # fmt: skip
CONTENT = "article.md-content__inner"


@pytest.fixture(params=[400, 1280], ids=["400 px", "1280 px"])
def page(browser: Any, request: pytest.FixtureRequest) -> Any:
    opened = browser.new_page(viewport={"width": request.param, "height": 900})
    opened.requests = []
    opened.problems = []
    opened.on("request", lambda made: opened.requests.append(made.url))
    opened.on("pageerror", lambda error: opened.problems.append(str(error)))
    opened.on("requestfailed", lambda made: opened.problems.append(made.url))
    yield opened
    opened.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_whole_and_loads_nothing_from_elsewhere(page: Any, site: Path, name: str) -> None:
    page.goto((site / name).as_uri(), wait_until="load")
    assert page.locator(f"{CONTENT} h1").count() == 1
    assert len(page.locator(CONTENT).inner_text()) > 200
    assert [url for url in page.requests if not url.startswith(("file:", "data:", "blob:"))] == []
    assert page.problems == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_as_wide_as_its_window(page: Any, site: Path, name: str) -> None:
    """Wide tables and code scroll by themselves, the page does not."""
    page.goto((site / name).as_uri(), wait_until="load")
    wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= window


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_serious_violation_in_our_content(page: Any, site: Path, name: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page.goto((site / name).as_uri(), wait_until="load")
    found = axe.Axe().run(page, context=CONTENT).response["violations"]
    serious = [(one["id"], [node["target"] for node in one["nodes"]][:5]) for one in found if _is_serious(one)]
    assert serious == []


def test_what_axe_finds_in_the_theme_is_known(page: Any, site: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page.goto((site / "index.html").as_uri(), wait_until="load")
    found = axe.Axe().run(page).response["violations"]
    assert {one["id"] for one in found if _is_serious(one)} <= set(THEMES_OWN)


def _is_serious(violation: dict[str, Any]) -> bool:
    return violation["impact"] in ("serious", "critical")


def test_the_sounds_can_be_played(browser: Any, site: Path) -> None:
    page = browser.new_page()
    page.goto((site / "wear-it.html").as_uri(), wait_until="load")
    lengths = page.evaluate(
        """async () => Promise.all([...document.querySelectorAll("audio")].map(audio => new Promise((done, failed) => {
            audio.addEventListener("loadedmetadata", () => done(audio.duration));
            audio.addEventListener("error", () => failed(audio.src)); audio.load(); })))"""
    )
    page.close()
    assert len(lengths) >= 3
    assert all(0.5 < seconds < 10 for seconds in lengths)


@pytest.mark.parametrize("name", READERS_PAGES)
def test_a_readers_page_has_a_picture_that_says_in_words_what_it_shows(page: Any, site: Path, name: str) -> None:
    page.goto((site / name).as_uri(), wait_until="load")
    pictures = page.evaluate(
        f"[...document.querySelectorAll('{CONTENT} img')].map(one => [one.naturalWidth, one.alt.split(' ').length])"
    )
    assert pictures
    assert all(width > 0 and words >= 10 for width, words in pictures)


def test_the_wearers_page_needs_no_table(site: Path) -> None:
    """It is made to be read aloud: short sentences, no tables."""
    text = (SOURCES / "wear-it.md").read_text("utf-8")
    assert not re.search(r"^\|", text, re.MULTILINE)
    plain = re.sub(r"<audio.*?</audio>|[*_`#]|\[([^\]]*)\]\([^)]*\)", r"\1", text)
    sentences = [one for one in re.split(r"(?<=[.?!:])\s+", plain) if one.strip()]
    assert max(len(sentence.split()) for sentence in sentences) <= 26
