"""`emotion-convert data`: what it says of a set with known faults, as text, JSON and a page that loads nothing."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from convert.cli import main
from convert.data_report import label_suspects
from convert.data_report.label_suspects import Suspects
from tests.support import drawn_faces


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """140 pictures, one of them truncated, a flat one and a copy of it, a copy in another split and class."""
    folder = tmp_path / "own"
    drawn_faces.write_class_folders(folder / "train", 18)
    drawn_faces.write_class_folders(folder / "val", 1, side=60)
    drawn_faces.write_class_folders(folder / "test", 1, side=70)
    broken = folder / "train" / "happy" / "00017.jpg"
    broken.write_bytes(broken.read_bytes()[:300])
    for name in ("00001.jpg", "00002.jpg"):
        assert cv2.imwrite(str(folder / "train" / "sad" / name), np.full((50, 50), 7, np.uint8))
    shutil.copy(folder / "train" / "fear" / "00003.jpg", folder / "test" / "neutral" / "copy & co.jpg")
    return folder


def run(capsys: pytest.CaptureFixture[str], *line: str) -> tuple[int, str]:
    code = main(["data", *line])
    return code, capsys.readouterr().out


def test_counts_copies_flat_and_damaged_pictures_are_found(faulty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, str(faulty), "--quick", "--json")
    report = json.loads(out)
    assert code == 1  # `train` would refuse the damaged picture
    assert report["pictures"] == 140
    assert report["counts"]["happy"] == {"Training": 17, "PublicTest": 1, "PrivateTest": 1}
    assert report["counts"]["neutral"] == {"Training": 18, "PublicTest": 1, "PrivateTest": 2}
    assert list(report["unreadable"]) == ["train/happy/00017.jpg"]
    assert [each["picture"] for each in report["flat"]] == ["train/sad/00001.jpg", "train/sad/00002.jpg"]
    twins = report["twins"]
    assert twins["within"] == {"Training": 1, "PublicTest": 0, "PrivateTest": 0}
    assert twins["across"] == {
        "PublicTest in Training": 0, "PrivateTest in Training": 1, "PrivateTest in PublicTest": 0,
    }  # fmt: skip
    assert twins["of_two_classes"] == 1
    assert {"picture": "test/neutral/copy & co.jpg", "class": "neutral", "split": "PrivateTest"} in twins["groups"][0]
    assert report["suspects"] is None


def test_the_text_says_it_and_the_exit_code_is_that_of_training(
    faulty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = run(capsys, str(faulty), "--quick", "--skip-unreadable")
    assert code == 0
    assert re.search(r"^happy +17 +1 +1 +19  █+$", out, re.MULTILINE)
    assert "unreadable: 1\n  train/happy/00017.jpg: a damaged picture; remove it" in out
    assert "0 of PublicTest in Training, 1 of PrivateTest in Training" in out
    assert "doubtful labels: not looked for: --quick" in out
    (faulty / "train" / "happy" / "00017.jpg").unlink()
    assert run(capsys, str(faulty), "--quick")[0] == 0
    for folder in (faulty / "val").iterdir():
        if folder.name != "happy":
            shutil.rmtree(folder)
    assert run(capsys, str(faulty / "val"), "--quick")[0] == 1  # one picture leaves none to choose by


def test_the_page_is_whole_and_loads_nothing(
    faulty: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Suspects(np.array([0]), np.array([3]), np.array([0.04]), 0.9)
    monkeypatch.setattr(label_suspects, "find_or_reason", lambda faces: found)
    page = tmp_path / "page.html"
    run(capsys, str(faulty), "--html", str(page))
    text = page.read_text("utf-8")
    assert "rather happy; angry 4.0%" in text
    assert "copy &amp; co.jpg" in text
    assert text.count("data:image/png;base64,") == 5  # two copies in two classes, two flat ones, a suspect
    assert not re.search(r"https?:|//[a-z]|<script|url\(", re.sub(r"base64,[^\"]*", "", text))


@pytest.mark.parametrize(("line", "code", "told"), [
    (["missing"], 1, "missing: no such file"),
    (["--html", "folder.html", "own", "--quick"], 1, "folder.html: Is a directory"),
    (["own", "more"], 2, "unrecognized arguments: more"),
])  # fmt: skip
def test_wrong_arguments_are_one_line(
    faulty: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, line: list[str], code: int,
    told: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(faulty.parent)
    (faulty.parent / "folder.html").mkdir()
    try:
        ended: Any = main(["data", *line])
    except SystemExit as err:
        ended = err.code
    errors = capsys.readouterr().err.splitlines()
    assert ended == code
    assert told in errors[-1]


@pytest.mark.training
def test_changed_labels_are_among_the_suspects(tmp_path: Path) -> None:
    pytest.importorskip("cleanlab", reason="cleanlab is not installed: pip install -e .[convert]")
    made = drawn_faces.dataset(40, 20)
    changed = np.arange(0, len(made), 25)
    truth = made.labels.copy()
    made.labels[changed] = (made.labels[changed] + 3) % 7
    found = label_suspects.find_or_reason(made)
    assert isinstance(found, Suspects)
    assert np.isin(changed, found.rows).mean() > 0.8
    hits = np.isin(found.rows, changed)
    assert hits[: len(changed)].mean() > 0.7
    assert (found.looks[hits] == truth[found.rows[hits]]).mean() > 0.7
    assert (np.diff(found.confidence) >= 0).all()


def test_too_few_pictures_are_no_reason_for_suspicion() -> None:
    pytest.importorskip("cleanlab", reason="cleanlab is not installed: pip install -e .[convert]")
    assert label_suspects.find_or_reason(drawn_faces.dataset(1, 1)) == (
        "fewer than 50 pictures, or a single class with 5"
    )


def test_what_training_would_refuse_is_said(tmp_path: Path, faulty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", str(faulty), "--quick"]) == 1
    assert "`train` would refuse it: 1 unreadable; --skip-unreadable leaves them out" in capsys.readouterr().err
    pixels = " ".join(["7"] * 48 * 48)
    table = tmp_path / "fer2013.csv"
    table.write_text(f"emotion,pixels,Usage\n1,{pixels},PrivateTest\n")
    assert main(["data", str(table), "--quick"]) == 1
    assert "fer2013.csv: `train` would refuse it: no Training and no PublicTest pictures" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["data", "compare"])
def test_a_page_never_replaces_the_data_set(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "fer2013.csv"
    table.write_text("precious")
    named = ["emotion-small-int8", "--data"] if command == "compare" else []
    with pytest.raises(SystemExit) as ended:
        main([command, *named, str(table), "--html", str(table)])
    assert ended.value.code == 2
    assert "does not end in .html" in capsys.readouterr().err
    assert table.read_text() == "precious"


def test_the_page_goes_into_a_folder_that_can_be_made(faulty: Path, tmp_path: Path) -> None:
    page = tmp_path / "new" / "folder" / "page.html"
    assert main(["data", str(faulty), "--quick", "--skip-unreadable", "--html", str(page)]) == 0
    assert page.is_file()
