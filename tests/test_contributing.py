"""CONTRIBUTING.md's ten questions: each answer is a file that exists, and two hops from the README."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
ROWS = re.findall(r"^\| (.+\?) \| (\[`.+`\].*) \|$", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE)


def test_there_are_ten_questions() -> None:
    assert len(ROWS) == 10


@pytest.mark.parametrize(("question", "answer"), ROWS, ids=[question for question, _ in ROWS])
def test_each_answer_is_a_file(question: str, answer: str) -> None:
    files = re.findall(r"`([^`]+)`", answer)
    assert files
    assert files == LINK.findall(answer)
    for file in files:
        assert (ROOT / file).is_file(), question


def test_the_questions_are_one_hop_from_the_readme() -> None:
    """Their answers are then two hops away."""
    assert "CONTRIBUTING.md" in LINK.findall((ROOT / "README.md").read_text("utf-8"))


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "models/README.md", "tests/README.md"])
def test_links_lead_somewhere(page: str) -> None:
    for target in LINK.findall((ROOT / page).read_text("utf-8")):
        assert ((ROOT / page).parent / target).exists(), target


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 120
