"""The import rules: the rooms stay apart, and the voice process works without NumPy."""

import ast
import configparser
import functools
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted([*ROOT.glob("assistant/**/*.py"), *ROOT.glob("convert/**/*.py")])
ROOMS: dict[str, str] = {
    "assistant": "",
    "assistant.dataclass": "",
    "assistant.errors": "",
    "assistant.records": "",
    "assistant.people": "records",
    "assistant.earcon_names": "",
    "assistant.locales": "",
    "assistant.faults": "records",
    "assistant.sentences": "",
    "assistant.phrases": "errors records locales sentences",
    "assistant.named_phrases": "phrases sentences",
    "assistant.system": "errors records",
    "assistant.config": "errors records phrases system",
    "assistant.ipc": "errors records",
    "assistant.vision.faces": "records people",
    "assistant.vision.overlay": "errors records system",
    "assistant.vision.cameras": "errors records config vision.faces",
    "assistant.vision.inference": "errors records config system vision.faces",
    "assistant.vision.detectors": "errors records config system vision.faces vision.inference",
    "assistant.vision.decisions": "errors records people config sentences vision.faces",
    "assistant.vision.queries": "earcon_names errors records people phrases named_phrases sentences ipc vision.faces "
    "vision.detectors vision.decisions",
    "assistant.skills": "earcon_names errors records people config phrases sentences ipc system vision.faces "
    "vision.inference vision.detectors",
    "assistant.vision": "earcon_names errors records people config faults phrases named_phrases sentences ipc system "
    "skills vision.faces vision.overlay vision.cameras "
    "vision.inference vision.detectors vision.decisions vision.queries",
    "assistant.voice.audio": "errors records system",
    "assistant.voice.speech": "errors records voice.audio",
    "assistant.voice.voices": "earcon_names errors records config system voice.audio voice.speech",
    "assistant.voice.controls": "errors records config ipc",
    "assistant.voice.listening": "errors records config faults system voice.audio",
    "assistant.voice": "earcon_names errors records config faults phrases sentences ipc system voice.audio "
    "voice.speech voice.voices voice.controls voice.listening",
    "assistant.doctor": "errors records config phrases ipc system skills vision vision.faces vision.cameras "
    "vision.inference vision.detectors voice voice.audio voice.speech voice.voices voice.controls voice.listening",
    "assistant.app": "assistant errors records people config faults phrases ipc system skills doctor vision "
    "vision.overlay vision.cameras vision.decisions voice voice.audio voice.speech voice.voices",
    "assistant.__main__": "app",
}
"""Each room of the device half and the rooms that it may import, besides itself. Lower rooms come first: no circles."""
LANGUAGE = ("assistant.dataclass",)
"""What every room may use as if it came with Python."""
DESKTOP_ROOMS: dict[str, str] = {
    "convert.machine": "",
    "convert.text_table": "",
    "convert.figures": "",
    "convert.html_page": "",
    "convert.data": "",
    "convert.synthesis": "data",
    "convert.training": "data figures",
    "convert.tflite": "data training",
    "convert.cli_arguments": "data training",
    "convert.data_report": "cli_arguments data html_page",
    "convert.expression": "cli_arguments data synthesis training tflite",
    "convert.face_detector": "cli_arguments data machine synthesis training tflite text_table",
    "convert.face_occlusion": "cli_arguments data synthesis training tflite",
    "convert.pipeline_cost": "machine figures",
    "convert.start_cost": "machine",
    "convert.benchmark": "cli_arguments data machine pipeline_cost start_cost tflite text_table",
    "convert.comparison": "benchmark cli_arguments data expression machine tflite training text_table html_page "
    "figures",
    "convert.scenarios": "cli_arguments data synthesis tflite",
    "convert.playground": "cli_arguments data scenarios html_page",
    "convert.skills": "cli_arguments data synthesis",
    "convert.foreign": "cli_arguments data expression tflite training",
    "convert.search": "cli_arguments data training expression face_detector figures",
    "convert": "cli_arguments data data_report training tflite expression face_detector face_occlusion benchmark "
    "comparison foreign playground scenarios search skills",
}
"""The same for the desktop half: model families share data, synthesis, training and tflite and never import each other.
Each may import the device half too. `convert` is the command line itself."""


@functools.cache
def name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@functools.cache
def imports(path: Path) -> frozenset[str]:
    """Every module of ours that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return frozenset(found & MODULES - {"assistant", "convert", name(path)})


MODULES = frozenset(map(name, FILES))


def room(module: str, rooms: dict[str, str] = ROOMS) -> str:
    """The room that a module is in: the longest name in `rooms` that it is, or is inside."""
    return max((name for name in rooms if module == name or module.startswith(f"{name}.")), key=len)


DEVICE = [path for path in FILES if path.is_relative_to(ROOT / "assistant")]


@pytest.mark.parametrize("path", DEVICE, ids=name)
def test_a_room_imports_only_the_rooms_that_it_may(path: Path) -> None:
    here = room(name(path))
    allowed = {here, *LANGUAGE} | {
        f"assistant.{other}" if other != "assistant" else other for other in ROOMS[here].split()
    }
    used = imports(path)
    packages = {module for module in used if any(other.startswith(f"{module}.") for other in used)}
    for module in used - packages:
        assert not module.startswith("convert"), module
        assert room(module) in allowed, f"{name(path)} imports {module}"


DESKTOP = [path for path in FILES if path.is_relative_to(ROOT / "convert")]


@pytest.mark.parametrize("path", DESKTOP, ids=name)
def test_a_room_of_the_desktop_half_imports_only_the_rooms_that_it_may(path: Path) -> None:
    here = room(name(path), DESKTOP_ROOMS)
    allowed = {here} | {f"convert.{other}" for other in DESKTOP_ROOMS[here].split()}
    used = {module for module in imports(path) if module.startswith("convert.")}
    packages = {module for module in used if any(other.startswith(f"{module}.") for other in used)}
    for module in used - packages:
        there = room(module, DESKTOP_ROOMS)
        assert there in allowed, f"{name(path)} imports {module}"


def test_the_rooms_of_the_desktop_half_stand_in_order() -> None:
    order = list(DESKTOP_ROOMS)
    for here, others in DESKTOP_ROOMS.items():
        for other in others.split():
            assert order.index(f"convert.{other}") < order.index(here), f"{here} imports {other}"


def test_the_rooms_stand_in_order() -> None:
    """Every room imports only rooms that stand above it in ROOMS, so that there can be no circle of rooms."""
    order = list(ROOMS)
    for here, others in ROOMS.items():
        for other in others.split():
            above = other if other == "assistant" else f"assistant.{other}"
            assert order.index(above) < order.index(here), f"{here} imports {above}"


def test_vision_and_voice_are_apart() -> None:
    for here, others in ROOMS.items():
        side = "".join(here.split(".")[1:2])
        if side in ("vision", "voice"):
            opposite = {"vision": "voice", "voice": "vision"}[side]
            assert opposite not in [other.partition(".")[0] for other in others.split()], here


def test_there_are_no_circles() -> None:
    graph = {name(path): imports(path) for path in FILES}
    done: set[str] = set()

    def visit(module: str, above: tuple[str, ...]) -> None:
        assert module not in above, " -> ".join((*above, module))
        if module not in done:
            for other in graph[module]:
                if not other.startswith(f"{module}.") and not module.startswith(f"{other}."):
                    visit(other, (*above, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def test_the_voice_needs_only_the_standard_library() -> None:
    code = (
        "import sys; import assistant.voice.process, assistant.voice.voices, assistant.ipc.link, assistant.phrases;"
        "import assistant.voice.controls.gpio, assistant.voice.controls.keys;"
        "import assistant.voice.controls.control_socket, assistant.voice.listening.monitor;"
        "names = ('numpy', 'cv2', 'pyttsx3', 'ai_edge_litert', 'gpiozero', 'evdev', 'webrtcvad');"
        "print([name for name in names if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_module_has_a_docstring_and_stays_small(path: Path) -> None:
    assert ast.get_docstring(tree(path)), path
    assert len(path.read_text("utf-8").splitlines()) <= 300, path


def test_the_doctor_leaves_vision_to_a_process_of_its_own() -> None:
    graph = {name(path): imports(path) for path in FILES}
    known, waiting = set(), ["assistant.doctor.checkup"]
    while waiting:
        known.add(module := waiting.pop())
        waiting += graph[module] - known
    assert not {module for module in known if module.startswith("assistant.vision")}


def test_no_clock_on_the_wall() -> None:
    for path in ROOT.glob("assistant/**/*.py"):
        text = path.read_text("utf-8")
        assert "time.time(" not in text, path
        assert "datetime.now" not in text, path
        assert "shell=True" not in text, path
        assert "os.system" not in text, path


def test_every_package_is_installed() -> None:
    """A package that setup.cfg does not list works in a checkout, and is missing in the wheel."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", "utf-8")
    listed = set(config["options"]["packages"].split()) - {"assistant.models"}  # which lies outside of the package
    assert listed == {name(path) for path in FILES if path.name == "__init__.py"}
