"""Both command lines with anything that a person can type: a documented exit code and one line that says what is wrong.

`make fuzz` draws 20,000 lines for each program, and starts 100 processes."""

import contextlib
import importlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz import assistant_command, command_files, command_line, convert_command
from tests.fuzz.command_files import Files
from tests.fuzz.command_line import Ending, Program
from tests.fuzz.engine import attack


@pytest.mark.parametrize(("name", "count"), [("assistant_command", 200), ("convert_command", 200), ("recipe", 200)])
def test_no_line_and_no_recipe_ends_in_a_traceback_or_in_silence(name: str, count: int) -> None:
    result = attack(importlib.import_module(f"tests.fuzz.{name}").target, count, 0, lambda text: None)
    assert (result.crashes, result.inputs) == ([], count)


def test_as_real_processes_they_end_the_same_way() -> None:
    result = attack(importlib.import_module("tests.fuzz.command_process").target, 10, 0, lambda text: None)
    assert (result.crashes, result.inputs) == ([], 10)


@pytest.fixture(scope="module")
def files() -> Iterator[Files]:
    """The folder of valid and of wrong files, as the current one, with the work of both programs replaced."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        with command_files.opened(base) as made, assistant_command.replaced(base), convert_command.replaced(made):
            yield made


def ending(program: Program, files: Files, *line: str) -> Ending:
    try:
        made = command_line.run_here(program, line)
        command_line.judge(program, line, made)
        return made
    finally:
        files.restore()


WRONG_LINES = [
    (2, "argument --seed: '-1' is no whole number from 0 to 4294967295", "train --recipe tiny.toml --seed -1"),
    (2, "'4294967296' is no whole number", "scenarios --seed 4294967296"),
    (2, "'nan' is no whole number from 1 to 100000", "train --recipe tiny.toml --epochs nan"),
    (2, "'257' is no whole number from 1 to 256", "soft-labels new.npz run --views 257"),
    (2, "'0' is no whole number from 1 to 256", "benchmark --threads 0"),
    (2, "argument --run: 'text.txt' is a file; name the folder of a run", "train --recipe tiny.toml --run text.txt"),
    (2, "argument --run: 'mine.tflite' is a file; name", "verify mine.tflite --run mine.tflite"),
    (2, "argument RUN: 'model.keras' is a file; name the folder of a run", "quantize model.keras"),
    (2, "emotion-convert import", "quantize model.keras new.tflite"),
    (2, "the following arguments are required: --run", "verify mine.tflite"),
    (
        1,
        "no float model of mine.tflite in this run; `emotion-convert quantize` writes",
        "verify mine.tflite --run faces",
    ),
    (1, "no float model of mine.tflite in this run", "verify mine.tflite --run missing"),
    (1, "run-wrong: not a run folder: environment.json: list, no table of keys", "soft-labels new.npz run-wrong"),
    (1, "wrong.toml: schedule.epochs is -2; expected 1 or more", "train --recipe wrong.toml"),
    (1, "fifo.toml: cannot read this recipe: not a regular file", "train --recipe fifo.toml"),
    (1, "text.onnx: OpenCV cannot use this", "evaluate-detector --yunet text.onnx"),
    (1, "caf\\xe9.png: OpenCV cannot use this", "evaluate-detector --yunet caf\udce9.png"),
    (1, "fifo: cannot be read: not a regular file", "evaluate-detector --yunet fifo"),
    (1, "null: not a regular file", "evaluate-detector --detections null"),
    (1, "text.txt: no folder that can be written into", "scenarios --plots text.txt"),
    (1, "text.txt: no folder that can be written into", "soft-labels text.txt/new.npz run"),
    (1, "text.txt: no folder that can be written into", "quantize run text.txt/new.tflite"),
    (1, "null.tflite: not a regular file", "quantize run null.tflite"),
    (1, "folder.tflite: Is a directory", "train-occlusion folder.tflite"),
    (1, "File name too long", f"evaluate {'n' * 300}.tflite"),
]


@pytest.mark.parametrize(("code", "message", "line"), WRONG_LINES, ids=[line for _, _, line in WRONG_LINES])
def test_a_wrong_line_of_emotion_convert_is_told_in_one(files: Files, code: int, message: str, line: str) -> None:
    made = ending(convert_command.PROGRAM, files, *line.split())
    assert made.code == code
    assert message in made.err


def test_a_voice_that_cannot_speak_is_told_once(files: Files) -> None:
    made = ending(assistant_command.PROGRAM, files, "sounds", "--voice", "piper")
    assert made.code == 1
    assert made.err.count("piper has no voice") == 1


def test_all_models_are_checked_before_the_first_card_is_written(files: Files) -> None:
    before = Path("mine.json").read_bytes()
    made = command_line.run_here(convert_command.PROGRAM, ["calibrate", "mine.tflite", "none.tflite"])
    assert (made.code, made.out) == (1, "")
    assert Path("mine.json").read_bytes() == before


def test_a_model_that_answers_the_same_to_every_picture_is_told_of(files: Files) -> None:
    made = ending(assistant_command.PROGRAM, files, "replay", "clip.avi", "--model", "stuck.tflite")
    assert made.code == 1
    assert "stuck.tflite: gives nearly the same answer to every picture" in made.err
    with contextlib.suppress(FileExistsError):
        Path("run/stuck-ferplus-float32.tflite").symlink_to("../stuck.tflite")
        Path("run/stuck-ferplus-float32.json").symlink_to("../stuck.json")
    made = ending(convert_command.PROGRAM, files, "verify", "stuck.tflite", "--run", "run")
    assert made.code == 1
    assert "NOT sound: it is right on " in made.out
    assert "is its input scaled as its card says, and was it trained?" in made.out


def test_control_characters_of_a_line_are_escaped(files: Files) -> None:
    made = ending(convert_command.PROGRAM, files, "evaluate", "esc\x1b[2J.tflite", "--data", "data")
    assert made.err.startswith(r"emotion-convert: esc\x1b[2J.tflite: no such model file")
    made = ending(assistant_command.PROGRAM, files, "mute", "two\nlines")
    assert made.err.endswith(r"emotion-assistant: error: unrecognized arguments: two\nlines" + "\n")
    made = ending(assistant_command.PROGRAM, files, "replay", "caf\udce9\x1b.mkv")
    assert made.err.startswith(r"emotion-assistant: ./caf\xe9\x1b.mkv: No such file")


@pytest.mark.parametrize("line", [("notice", "--html", "null"), ("demo", "--wav", "null")], ids=lambda line: line[0])
def test_a_device_is_not_replaced_by_a_file(files: Files, line: tuple[str, ...]) -> None:
    if not stat.S_ISCHR(os.lstat("null").st_mode):
        pytest.skip("only root can make a device, and could replace /dev/null")
    made = ending(assistant_command.PROGRAM, files, *line)
    assert made.code == 1
    assert stat.S_ISCHR(Path("null").stat().st_mode)
