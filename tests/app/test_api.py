"""The Python API: its names, what importing them costs, and the examples of the documentation as they are printed."""

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import assistant
from assistant import Settings, watch, with_source
from assistant.errors import CameraError
from assistant.records import Frame
from tests.support.standins import ScriptedCamera, needs_photographs

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.py"))
STUB = ast.parse((ROOT / "assistant" / "__init__.pyi").read_text("utf-8"))


def run(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True, text=True, cwd=ROOT, timeout=100, check=False,
    )  # fmt: skip


@pytest.fixture
def photographs(tmp_path: Path, astronaut: np.ndarray) -> Path:
    """A folder in which the demo's first photograph is shown for two seconds."""
    cv2.imwrite(str(tmp_path / "astronaut.png"), astronaut)
    return tmp_path


@pytest.mark.parametrize("name", assistant.__all__)
def test_every_public_name_exists_and_has_a_docstring(name: str) -> None:
    assert (getattr(assistant, name).__doc__ or "").strip(), name
    assert name in dir(assistant)


def test_the_stub_has_the_names_of_the_package() -> None:
    found = {}
    for node in ast.walk(STUB):
        if isinstance(node, ast.ImportFrom):
            found |= {
                alias.asname: getattr(importlib.import_module(str(node.module)), alias.name) for alias in node.names
            }
    assert found == {name: getattr(assistant, name) for name in assistant.__all__}
    (names,) = (ast.literal_eval(node.value) for node in STUB.body if isinstance(node, ast.Assign))
    assert names == assistant.__all__ == sorted(assistant.__all__, key=str)


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = assistant.Nothing  # type: ignore[attr-defined]


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import sys; known = set(sys.modules); import assistant; print(sorted(set(sys.modules) - known))"
    assert run(code).stdout.strip() == "['assistant']"
    code = "import sys; from assistant import Settings, load_settings; print('numpy' in sys.modules)"
    assert run(code).stdout.strip() == "False"


@needs_photographs
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_of_the_documentation_runs(example: Path, photographs: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(f'[camera]\ndriver = "folder"\nsource = "{photographs}"\n')
    code = (
        "import pathlib, runpy, sys; from assistant.config import settings_file;"
        f"settings_file.SYSTEM_FILE = pathlib.Path({str(settings)!r}); runpy.run_path({str(example)!r})"
    )
    done = run(code, photographs)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    texts = [json.loads(line)["text"] for line in lines] if example.stem == "sink" else lines
    assert any("One person looks happy." in line for line in texts), lines


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_without_its_source_ends_in_one_line(example: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('[camera]\ndriver = "folder"\nsource = "none"\n')
    code = (
        "import pathlib, runpy, sys; from assistant.config import settings_file;"
        f"settings_file.SYSTEM_FILE = pathlib.Path({str(settings)!r}); runpy.run_path({str(example)!r})"
    )
    for arguments in ((), (tmp_path / "none.mp4",)):
        done = run(code, *arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_page_of_the_api_shows_an_example(example: Path) -> None:
    page = (ROOT / "docs" / "reference" / "api.md").read_text("utf-8")
    assert f'\n--8<-- "docs/examples/{example.name}"\n' in page, "a formatter of Markdown may have changed the marker"


def test_a_source_is_a_folder_or_a_clip(tmp_path: Path) -> None:
    made = with_source(Settings(), tmp_path).camera
    assert (made.driver, made.source) == ("folder", str(tmp_path))
    made = with_source(Settings(), "0").camera
    assert (made.driver, made.source) == ("opencv", "./0"), "a file, not the first camera"


def test_a_live_camera_is_watched_until_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    dark = np.zeros((480, 640), np.uint8)
    camera = ScriptedCamera([Frame(dark, number / 10, number) for number in range(3)], is_live=True)
    monkeypatch.setattr("assistant.app.api.open_camera", lambda settings, *, colour: camera)
    with pytest.raises(CameraError):
        list(watch())
    assert camera.is_closed
