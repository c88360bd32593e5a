"""The report of a comparison as text, Markdown, diagrams and a page that needs nothing else."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from convert.comparison import page, plots, text
from convert.expression.evaluation import mcnemar
from tests.support import comparison_report


class Parsed(HTMLParser):
    """Start tags, and those that are not closed."""

    VOID = ("meta", "img")

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def report() -> dict[str, Any]:
    return comparison_report.report()


def test_the_page_needs_nothing_else_and_shows_no_people(report: dict[str, Any]) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    made = page.as_html(report, plots.diagrams(report), {})
    parsed = Parsed(made)
    assert parsed.open == []
    names = [tag for tag, _ in parsed.tags]
    assert "script" not in names
    for tag, attributes in parsed.tags:
        for value in (attributes.get("src"), attributes.get("href")):
            assert value is None or value.startswith(("data:image/svg+xml;base64,", "#")), tag
        if tag == "img":
            assert len(attributes["alt"] or "") > 40
    assert "url(" not in made
    assert "first &lt;b&gt;" in made
    assert "<b>" not in made
    heads = re.findall(r"<h2[^>]*>([^<]*)", made)
    assert heads == [
        "Figures", "Diagrams", "Precision, recall and F1 of each class", "Confusion matrices",
        "Any two against each other", "The hardest pictures",
    ]  # fmt: skip
    links = {attributes["href"] for tag, attributes in parsed.tags if tag == "a"}
    assert links == {f"#{attributes['id']}" for tag, attributes in parsed.tags if tag == "h2"}
    scrolled = [attributes for tag, attributes in parsed.tags if attributes.get("class") == "scroll"]
    assert all(each["tabindex"] == "0" and each["aria-label"] for each in scrolled)


def test_pictures_of_people_are_in_the_page_only_where_they_are_asked_for(report: dict[str, Any]) -> None:
    assert "data:image/png" not in page.as_html(report, [], {})
    made = page.as_html(report, [], {4: b"a picture"})
    assert 'alt="face of picture 4, sad" src="data:image/png;base64,YSBwaWN0dXJl"' in made


def test_diagrams_say_in_words_what_they_show(report: dict[str, Any]) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    told = {each.title: each for each in plots.diagrams(report)}
    assert list(told) == ["Accuracy against operations", "Accuracy against the cost of the training", "Learning curves"]
    assert "first <b> 85.7% at 56.7" in told["Accuracy against operations"].alternative
    assert "first <b> from 30.0% to 60.0%, at best 60.0%" in told["Learning curves"].alternative
    assert all(each.svg.startswith("<?xml") for each in told.values())
    assert [each.svg for each in plots.diagrams(report)] == [each.svg for each in told.values()], "the same each time"
    report["rows"] = report["rows"][1:]
    assert plots.diagrams(report) == []


def test_a_row_says_what_it_begins_with_and_never_takes_the_ancestors_figure_for_its_own(
    report: dict[str, Any],
) -> None:
    table = text.as_markdown(report).splitlines()
    assert table[0].split(" | ")[1:4] == ["begins with", "published by its ancestor", "judged by"]
    first, second = (line.split(" | ") for line in table[2:4])
    assert first[1:3] == ["random weights", "some/project, 4-layer CNN, 63.2 % published"]
    assert "is not the ancestor's result" in table[-1]
    assert (second[2], second[6:12]) == ("-", ["-", "-", "- / -", "-", "-", "- / -"])
    assert second[12] == "not recorded |"
    assert len({line.count("|") for line in table if line.startswith(("| first", "| second"))}) == 2


def test_the_text_has_every_class_and_every_pair(report: dict[str, Any]) -> None:
    told = text.as_text(report)
    assert (
        "second less first <b>: -2.50 points (95 %: -5.00 to +0.25), McNemar p = 0.0412: a difference is shown" in told
    )
    assert "the budget was 1 core hours: process CPU time of all threads" in told
    assert "1.03, 1.9 of 10% of them" in told
    assert "second: no .tflite file: made of paper" in told
    assert all(told.count(label) >= 2 for label in report["rows"][0]["labels"])
    assert mcnemar.sentence(report["pairs"][0] | {"p": 0.2}).endswith("no difference is shown")
