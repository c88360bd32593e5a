"""Every example of the help and of the documentation, run by the installed wheel, outside the checkout.

The examples of a page run one after the other in the page's own folder. An example is run, or it is listed with the
reason in table.NOT_RUN.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import cv2
import pytest

from assistant.vision.cameras.demo import photograph
from tests.examples import table
from tests.examples.documented import Example, examples
from tests.examples.installed import Installed
from tests.support.standins import needs_photographs

pytestmark = [needs_photographs, pytest.mark.timeout(480)]
EXAMPLES = examples()
PLAYER = """#!{python} -IS
import sys, time
if "-r" in sys.argv:
    time.sleep(len(sys.stdin.buffer.read()) / 2 / int(sys.argv[sys.argv.index("-r") + 1]))
"""
"""An aplay that lists no device, and takes as long as what it plays."""
CLIP_FPS, CLIP_FRAMES = 10.0, 40


def command_of(example: Example) -> str:
    """A line as it is typed, without its comment, folders of programs, and `EMOTION_DATA=…`."""
    text = re.sub(r" +#.*$", "", example.text.strip())
    return re.sub(r"^(sudo |)(\.venv/bin/|EMOTION_DATA=… )", r"\1", text)


def matching(beginnings: Iterable[str], command: str) -> str:
    """The longest of the beginnings that a command has, by whole words; empty if it has none of them."""
    return max((each for each in beginnings if f"{command} ".startswith(f"{each} ")), key=len, default="")


def rule(rules: Mapping[str, str], command: str) -> str:
    """What the rule says whose beginning the command has; empty if there is none."""
    return rules.get(matching(rules, command), "")


class Page:
    """The folder in which the examples of one page run."""

    def __init__(self, folder: Path, installed: Installed, small: Path, begun: Path, foreign: Path) -> None:
        self.folder, self.source = folder, installed.source
        self.running: subprocess.Popen[str] | None = None
        (folder / "bin").mkdir(parents=True)
        (folder / "bin/aplay").write_text(PLAYER.format(python=sys.executable))
        (folder / "bin/aplay").chmod(0o755)
        (folder / ".venv").symlink_to(installed.environment)
        (folder / "begun").symlink_to(begun)
        for each in foreign.iterdir():
            (folder / each.name).symlink_to(each)
        (folder / "run").mkdir(mode=0o700)
        (folder / "pictures").mkdir()
        face = photograph("astronaut")
        cv2.imwrite(str(folder / "pictures/1.png"), face)
        cv2.imwrite(str(folder / "desk.jpg"), face)
        height, width = face.shape[:2]
        clip = cv2.VideoWriter(str(folder / "clip.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), CLIP_FPS, (width, height))
        for _ in range(CLIP_FRAMES):
            clip.write(face)
        clip.release()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("EMOTION_", "PYTHON"))}
        path = [str(folder / "bin"), str(installed.environment / "bin"), kept.get("PATH", os.defpath)]
        own = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder / "run"), "PATH": os.pathsep.join(path)}
        weights = {name: os.environ[name] for name in ("EMOTION_WEIGHTS",) if name in os.environ}
        self.environment = {**kept, **own, **weights, "EMOTION_DATA": str(small)}
        self.shell("emotion-assistant config > my.toml")

    def shell(self, command: str, *, cwd: Path | None = None) -> str:
        """Run a command; returns what it has printed."""
        done = subprocess.run(
            ["bash", "-c", command], cwd=cwd or self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        assert "Traceback" not in done.stderr, done.stderr
        assert "unexpected" not in done.stderr, done.stderr
        return done.stdout

    def start(self, command: str) -> None:
        """Start the assistant with pictures in place of a camera, and wait until it has seen somebody."""
        self.stop()
        edited = (self.folder / "my.toml").read_text("utf-8")
        edited = edited.replace('driver = "auto"', 'driver = "folder"', 1)
        edited = re.sub(r"(\[(?:things|describe|read)\]\n(?:#.*\n)*)enabled = false", r"\1enabled = true", edited)
        edited = re.sub(r'(?m)^source = ""', f'source = "{self.folder / "pictures"}"', edited, count=1)
        (self.folder / "my.toml").write_text(
            re.sub(r'(?m)^engine = "\w+"', 'engine = "printed"', edited, count=1), "utf-8"
        )
        self.running = subprocess.Popen(
            shlex.split(command), cwd=self.folder, env=self.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert self.running.stdout
        lines: list[str] = []
        for line in self.running.stdout:
            lines.append(line)
            if "looks happy" in line:
                threading.Thread(target=self.running.stdout.read, daemon=True).start()
                return
        pytest.fail("".join(lines))

    def stop(self) -> None:
        """End the assistant that is running."""
        if self.running:
            self.running.send_signal(signal.SIGINT)
            assert self.running.wait(30) in (0, 130)
            self.running = None


@pytest.fixture(scope="class")
def folder(
    installed: Installed, small: Path, begun: Path, foreign: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    """The folder of a page."""
    page = Page(tmp_path_factory.mktemp("page"), installed, small, begun, foreign)
    yield page
    page.stop()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each example of a class's page."""
    if metafunc.cls is not None:
        found = [each for each in EXAMPLES if each.page == metafunc.cls.page]
        metafunc.parametrize("example", found, ids=[f"{each.line}: {each.text.splitlines()[0]}" for each in found])


class ExamplesOfAPage:
    """The examples of one page, in their order. Each page has a class of its own: xdist runs a class in one process."""

    page: str

    def test_an_example_runs(self, example: Example, folder: Page) -> None:
        run(example, folder)


for name in dict.fromkeys(each.page for each in EXAMPLES):
    globals()["Test " + name] = type("Test " + name, (ExamplesOfAPage,), {"page": name})


def run(example: Example, page: Page) -> None:
    """Run an example of any kind."""
    if example.kind == "toml":
        (page.folder / "block.toml").write_text(example.text, "utf-8")
        if "[network]" in example.text:
            page.shell("python -c 'from pathlib import Path; from convert.expression.recipe import read; "
                       "read(Path(\"block.toml\"))'")  # fmt: skip
            return
        page.shell("emotion-assistant config --config block.toml")
    elif example.kind == "program":
        pytest.skip(table.PROGRAM)
    elif example.kind == "python":
        run_python(example, page)
    else:
        run_command(command_of(example), page)


def run_command(command: str, page: Page) -> None:
    """Run a command as table.py says."""
    if command in table.NOT_RUN:
        pytest.skip(table.NOT_RUN[command])
    if matching(table.NEEDS_REAL_DATA, command) and not os.environ.get("EMOTION_DATA"):
        pytest.skip("EMOTION_DATA names no folder: it needs real pictures")
    if command.startswith("emotion-assistant run "):
        page.start(command)
        return
    if matching(table.NEEDS_WEIGHTS, command) and not os.environ.get("EMOTION_WEIGHTS"):
        pytest.skip("EMOTION_WEIGHTS names no folder: it holds the detector of things")
    if command in table.ASKED and page.running is None:
        page.start("emotion-assistant run --config my.toml")
    written, _, target = command.partition(" > ")
    longer = f"{written} {rule(table.SHORTER, command)}"
    if matching(table.IN_SOURCE, command):
        page.shell(f"PATH=$PATH:systemd {longer}", cwd=page.source)
        return
    out = page.shell(f"{longer} > {target}" if target else longer)
    if target:
        out = (page.folder / target).read_text("utf-8")
    assert rule(table.PRINTED, command) in out, out[-2000:]


def run_python(example: Example, page: Page) -> None:
    """Run a program, with a folder of pictures as the machine's camera."""
    (page.folder / "example.py").write_text(example.text, "utf-8")
    (page.folder / "settings.toml").write_text('[camera]\ndriver = "folder"\nsource = "pictures"\n', "utf-8")
    start = (
        "import pathlib, runpy, sys; from assistant.config import settings_file; "
        "settings_file.SYSTEM_FILE = pathlib.Path('settings.toml'); runpy.run_path('example.py', run_name='__main__')"
    )
    source = " pictures" if "sys.argv[1]" in example.text else ""
    lines = page.shell(f"python -c {shlex.quote(start)}{source}").splitlines()
    texts = [json.loads(line)["text"] for line in lines] if "json.dumps" in example.text else lines
    assert any("One person looks happy." in line for line in texts), lines


@pytest.mark.parametrize("command", table.NOT_RUN)
def test_what_is_not_run_is_in_the_documentation(command: str) -> None:
    assert command in {command_of(each) for each in EXAMPLES if each.kind == "shell"}


def test_every_rule_of_the_table_is_used() -> None:
    commands = [command_of(each) for each in EXAMPLES if each.kind == "shell"]
    for beginnings in (table.SHORTER, table.IN_SOURCE, table.NEEDS_REAL_DATA, table.PRINTED):
        for each in beginnings:
            assert any(matching((each,), command) for command in commands), each


def test_there_are_examples_of_each_page() -> None:
    """What the parser no longer finds would silently not be run."""
    counts = {page: sum(each.page == page for each in EXAMPLES) for page in {each.page for each in EXAMPLES}}
    least = {"README.md": 10, "docs/train-your-own.md": 20, "docs/look-inside.md": 4,
             "docs/compare-and-search.md": 8, "docs/set-it-up.md": 15, "docs/change-it.md": 6,
             "models/README.md": 4, "tests/README.md": 8, "docs/reference/api.md": 3,
             "emotion-assistant --help": 6, "emotion-convert --help": 12}  # fmt: skip
    assert all(counts.get(page, 0) >= count for page, count in least.items()), counts
