"""The bystander notice: complete in itself, in every language, and one page in a real browser."""

import html
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from assistant import phrases
from assistant.app import cli
from assistant.app.bystander_notice import RIGHT_TO_LEFT, render_notice

SIZES = {"A4": (794, 1123), "A6": (397, 559), "badge": (559, 397), "letter": (816, 1056)}
"""Pixels of 1/96 inch."""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: sudo apt install chromium")


class Page(HTMLParser):
    """The elements of a page: tags with their attributes, and the text of each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.read: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and data.strip():
            self.read[self._open[-1]] = self.read.get(self._open[-1], "") + data


@pytest.mark.parametrize("locale", phrases.known_locales())
def test_the_page_has_the_texts_of_the_locale_and_loads_nothing(locale: str) -> None:
    language, text = phrases.load(locale), render_notice(phrases.load(locale))
    page, notice = Page(text), language.tables["notice"]
    assert page.tags[0] == ("html", {"lang": locale, "dir": "rtl" if locale in RIGHT_TO_LEFT else "ltr"})
    assert page.read["title"] == notice["title"]
    assert page.read["h1"] == notice["who"]
    assert page.read["strong"] == notice["keeps"]
    assert page.read["p"] == notice["what"] + notice["cover"]
    assert not page._open, "every tag is closed"
    assert not re.search(r"https?:|url\(|@import|src=|href=|<script|<link|<img", text), "nothing is loaded"
    assert "color: #000" in text
    assert "background: #fff" in text


@pytest.mark.parametrize("locale", phrases.known_locales())
def test_a_microphone_is_told_where_it_listens(locale: str) -> None:
    language = phrases.load(locale)
    line = html.escape(language.tables["notice"]["listens"])
    assert line in render_notice(language, listens=True)
    assert line not in render_notice(language)


@pytest.mark.parametrize("locale", phrases.known_locales())
def test_where_friends_are_recognized_the_page_says_so_and_no_longer_that_nothing_is_stored(locale: str) -> None:
    language = phrases.load(locale)
    notice = language.tables["notice"]
    page = Page(render_notice(language, names_friends=True))
    assert page.read["strong"] == f"{notice['recognizes']} {notice['keeps_friends']}"
    assert notice["recognizes"] not in render_notice(language)


def test_the_command_tells_of_the_microphone_of_the_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "my.toml").write_text("[listen]\nenabled = true\n")
    assert cli.main(["notice", "--config", str(tmp_path / "my.toml")]) == 0
    assert "A microphone listens for pauses, and stores nothing." in capsys.readouterr().out


def test_markup_in_the_texts_is_escaped() -> None:
    english = phrases.load("en")
    english.tables["notice"]["who"] = "I <b>am</b> blind & $happy."
    assert "<h1>I &lt;b&gt;am&lt;/b&gt; blind &amp; $happy.</h1>" in render_notice(english)


def test_the_command_prints_or_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "my.toml").write_text('[announcements]\nlocale = "de"\n')
    assert cli.main(["notice", "--config", str(tmp_path / "my.toml")]) == 0
    printed = capsys.readouterr().out
    assert "<h1>Ich bin blind.</h1>" in printed
    assert cli.main(["notice", "--config", str(tmp_path / "my.toml"), "--html", str(tmp_path / "notice.html")]) == 0
    assert (tmp_path / "notice.html").read_text("utf-8") == printed
    assert capsys.readouterr().out == ""
    (tmp_path / "file").write_text("")
    assert cli.main(["notice", "--html", str(tmp_path / "file" / "notice.html")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def browse(folder: Path, *arguments: str) -> str:
    assert CHROMIUM is not None
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
               f"--user-data-dir={folder / 'profile'}", *arguments]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=True).stdout


@needs_chromium
def test_no_text_is_cut_off_on_any_paper_in_any_language(tmp_path: Path) -> None:
    frames = [
        f'<iframe id="{locale} {name}" style="border:0;width:{width}px;height:{height}px" '
        f'srcdoc="{html.escape(render_notice(phrases.load(locale)))}"></iframe>'
        for locale in phrases.known_locales()
        for name, (width, height) in SIZES.items()
    ]
    script = """<pre id="measured"></pre><script>addEventListener("load", () => {
        const measured = {};
        for (const frame of document.querySelectorAll("iframe")) {
            const main = frame.contentDocument.querySelector("main"), root = frame.contentDocument.documentElement;
            const last = main.lastElementChild.getBoundingClientRect(), first = main.firstElementChild;
            const size = parseFloat(frame.contentWindow.getComputedStyle(first).fontSize);
            measured[frame.id] = [main.scrollHeight - main.clientHeight, main.scrollWidth - main.clientWidth,
                              root.scrollHeight - root.clientHeight, size / root.clientWidth, last.bottom > 0];
        }
        document.getElementById("measured").textContent = JSON.stringify(measured);
    })</script>"""
    (tmp_path / "frames.html").write_text(f'<meta charset="utf-8">{"".join(frames)}{script}', "utf-8")
    dom = browse(tmp_path, "--virtual-time-budget=5000", "--dump-dom", (tmp_path / "frames.html").as_uri())
    measured = json.loads(html.unescape(dom.partition('<pre id="measured">')[2].partition("</pre>")[0]))
    assert len(measured) == len(SIZES) * len(phrases.known_locales())
    for name, (too_high, too_wide, too_long, size, is_there) in measured.items():
        assert (too_high <= 0, too_wide <= 0, too_long <= 0, is_there) == (True,) * 4, (name, measured[name])
        assert size > 0.09, "the letters are large"


@needs_chromium
@pytest.mark.parametrize("locale", ["ar", "fr"])
def test_it_prints_as_one_page(locale: str, tmp_path: Path) -> None:
    (tmp_path / "notice.html").write_text(render_notice(phrases.load(locale)), "utf-8")
    pdf = tmp_path / "notice.pdf"
    browse(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={pdf}", (tmp_path / "notice.html").as_uri())
    assert len(re.findall(rb"/Type /Page\b(?!s)", pdf.read_bytes())) == 1
