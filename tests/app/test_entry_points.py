"""The entry points of both programs: another project's `assistant` or `convert` is named by its path, in one line."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import assistant
from assistant.system.child_process import python_command

ROOT = Path(__file__).parents[2]
FOREIGN = 'import sys\nprint("foreign code ran")\nsys.exit(3)\n'
PROGRAMS = {"emotion-assistant": "assistant", "emotion-convert": "convert"}


def start(program: str, home: Path, *path: Path) -> "subprocess.CompletedProcess[str]":
    """Ask a program for its version, as its console script does. home: where it is installed; path: what is before."""
    code = f"import sys; sys.path[:0] = {[*map(str, path), str(home)]!r}; "
    code += f"import emotion_assistant; sys.argv = [{program!r}, '--version']; "
    code += f"sys.exit(emotion_assistant.{PROGRAMS[program]}())"
    command = [sys.executable, "-P", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=os.sep)


def foreign_package(folder: Path, name: str, *, is_module: bool = False) -> Path:
    file = folder / (f"{name}.py" if is_module else f"{name}/__init__.py")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(FOREIGN)
    return file


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_that_finds_its_own_packages_starts(program: str) -> None:
    done = start(program, ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{program} {assistant.__version__}\n", "")


@pytest.mark.parametrize("is_module", [False, True], ids=["package", "module"])
@pytest.mark.parametrize(
    ("program", "name"),
    [("emotion-assistant", "assistant"), ("emotion-convert", "assistant"), ("emotion-convert", "convert")],
)
def test_a_foreign_package_before_ours_is_named_and_not_run(
    program: str, name: str, is_module: bool, tmp_path: Path
) -> None:
    file = foreign_package(tmp_path, name, is_module=is_module)
    done = start(program, ROOT, tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{program}: {file}: another project's package '{name}' is found in place of ")
    assert done.stderr.count("\n") == 1


def test_a_foreign_convert_does_not_concern_the_device_half(tmp_path: Path) -> None:
    foreign_package(tmp_path, "convert")
    assert start("emotion-assistant", ROOT, tmp_path).returncode == 0


@pytest.mark.parametrize("name", ["assistant", "convert"])
def test_a_foreign_package_installed_over_ours_is_named_and_not_run(name: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "emotion_assistant.py", tmp_path)
    for each in ("assistant", "convert"):
        shutil.copytree(ROOT / each, tmp_path / each, ignore=shutil.ignore_patterns("__pycache__"))
    assert start("emotion-convert", tmp_path).returncode == 0
    file = foreign_package(tmp_path, name)
    done = start("emotion-convert", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"emotion-convert: {file}: another project's package '{name}' was installed over ")
    assert done.stderr.count("\n") == 1


def test_a_missing_package_is_one_line(tmp_path: Path) -> None:
    shutil.copy(ROOT / "emotion_assistant.py", tmp_path)
    done = start("emotion-assistant", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"emotion-assistant: {tmp_path}/assistant/__init__.py: missing; install ")
    assert done.stderr.count("\n") == 1


def test_a_child_process_takes_no_package_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign_package(tmp_path, "assistant")
    foreign_package(tmp_path, "convert")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for folder in (tmp_path, ROOT):
        monkeypatch.chdir(folder)
        command = python_command("-c", "import assistant, convert; print(assistant.__file__)")
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout == f"{assistant.__file__}\n"


def test_a_deleted_working_directory_does_not_keep_a_child_process_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    assert python_command("-V") == [sys.executable, "-P", "-V"]


def test_every_child_process_that_is_python_is_started_without_the_working_directory() -> None:
    for file in (*ROOT.glob("assistant/**/*.py"), *ROOT.glob("convert/**/*.py")):
        started = re.findall(r"\[sys\.executable, (.*)", file.read_text("utf-8"))
        allowed = file.name == "child_process.py"
        assert all(allowed or each.startswith('"-I"') for each in started), f"{file}: use python_command"
