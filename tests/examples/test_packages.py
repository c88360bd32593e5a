"""What the source distribution and the wheel hold, and what the installed programs do outside the checkout."""

import os
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.examples.installed import ROOT, Installed

pytestmark = pytest.mark.timeout(480)
MOVED = {"models/": "assistant/models/"}
"""Where a folder of the checkout lies in the wheel."""


@pytest.fixture(scope="module")
def tracked() -> set[str]:
    """The tracked files, without those of git and its host."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], check=True, capture_output=True, text=True).stdout
    return {name for name in listed.split("\0") if name and not name.startswith(".git") and (ROOT / name).is_file()}


def run(installed: Installed, folder: Path, *command: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EMOTION_", "PYTHON"))}
    program, *arguments = map(str, command)
    return subprocess.run(
        [installed.environment / "bin" / program, *arguments], cwd=folder, env={**kept, **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_source_distribution_holds_what_is_tracked(installed: Installed, tracked: set[str]) -> None:
    with tarfile.open(installed.sdist) as archive:
        held = {member.name.partition("/")[2] for member in archive if member.isfile()}
        modes = {member.name.partition("/")[2]: member.mode for member in archive if member.isfile()}
    written = {name for name in held if name == "PKG-INFO" or name.startswith("emotion_assistant.egg-info/")}
    assert held - written == tracked
    assert all((modes[name] & 0o100 > 0) == os.access(ROOT / name, os.X_OK) for name in tracked)


def test_the_wheel_holds_both_halves_their_data_the_models_and_the_manual(
    installed: Installed, tracked: set[str]
) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    data = f"emotion_assistant-{installed.wheel.name.split('-')[1]}.data/data/"
    held = {name.removeprefix(data) for name in names if ".dist-info/" not in name}
    wanted = {"emotion_assistant.py"}
    for name in tracked:
        if name.startswith(("assistant/", "convert/", "models/", "share/")):
            top = f"{name.partition('/')[0]}/"
            wanted.add(MOVED.get(top, top) + name.removeprefix(top))
    assert held == wanted


@pytest.mark.parametrize("program", ["emotion-assistant", "emotion-convert"])
def test_a_program_that_finds_a_foreign_package_names_its_path(
    program: str, installed: Installed, tmp_path: Path
) -> None:
    file = tmp_path / "assistant/__init__.py"
    file.parent.mkdir()
    file.write_text("raise SystemExit('foreign')\n")
    assert run(installed, tmp_path, program, "--version").returncode == 0, "the working directory does not count"
    done = run(installed, tmp_path, program, "--version", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{program}: {file}: another project's package 'assistant' ")
    assert done.stderr.count("\n") == 1


def test_the_child_processes_are_ours_where_the_working_directory_has_a_foreign_package(
    installed: Installed, tmp_path: Path
) -> None:
    for name in ("assistant", "convert"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('foreign')\n")
    done = run(installed, tmp_path, "emotion-convert", "benchmark", "emotion-small-int8", "--rounds", "1")
    assert done.returncode == 0, done.stderr
    done = run(installed, tmp_path, "emotion-assistant", "doctor", "--quiet", "--json")
    assert "foreign" not in done.stdout + done.stderr
    assert '"model"' in done.stdout


def test_the_figures_of_the_readme_are_those_of_the_installed_models(installed: Installed, tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_bytes((ROOT / "models/README.md").read_bytes())
    done = run(installed, tmp_path, "emotion-convert", "card", "--readme", "README.md")
    assert (done.returncode, done.stderr) == (0, "")
    assert readme.read_text("utf-8") == (ROOT / "models/README.md").read_text("utf-8")


def test_the_shipped_recipes_are_listed(installed: Installed, tmp_path: Path) -> None:
    done = run(installed, tmp_path, "emotion-convert", "recipe")
    assert done.stdout.split() == sorted(file.stem for file in (ROOT / "models/recipes").glob("*.toml"))
