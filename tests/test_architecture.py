"""Who may import whom: the rooms stay apart, and the voice lives without NumPy."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted([*ROOT.glob("assistant/**/*.py"), *ROOT.glob("convert/**/*.py")])
PURE = {
    "assistant.phrases", "assistant.faults", "assistant.voice.queue", "assistant.vision.tracker",
    "assistant.vision.stabilizer", "assistant.vision.scene", "assistant.vision.told", "assistant.vision.preprocess",
    "assistant.vision.detectors.grid", "assistant.vision.detectors.worn", "assistant.vision.quality",
    "assistant.vision.place", "assistant.vision.partner", "assistant.vision.sight", "assistant.vision.answers",
    "assistant.vision.lens", "assistant.vision.crowd", "assistant.vision.golden", "assistant.vision.health",
}  # fmt: skip
"""What knows no clock, no thread and no device. These may use each other, one way."""
GROUND = {"assistant.records", "assistant.config", "assistant.setting", "assistant.tomlguard", "assistant.lines"}
"""Level 0. What everybody may import."""


def name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    """Every module of ours that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    known = {name(file) for file in FILES}
    return {module for module in found if module in known and module not in ("assistant", "convert", name(path))}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_flow_one_way(path: Path) -> None:
    module, used = name(path), imports(path)
    allowed_from = {
        "assistant.vision": lambda other: not other.startswith("assistant.voice"),
        "assistant.voice": lambda other: not other.startswith("assistant.vision"),
        "assistant": lambda other: not other.startswith("convert"),
    }
    for room, may in allowed_from.items():
        if module == room or module.startswith(f"{room}."):
            assert all(may(other) for other in used), (module, used)
    if module in GROUND:
        assert used <= GROUND - {module}
    if module in PURE:
        assert used <= GROUND | PURE | {"assistant.locales", "assistant.vision"}, (module, used)
    assert "assistant.cli" not in used or module in ("assistant.__main__",)
    roots = ("assistant.cli", "convert.scenarios.asking")  # who puts the parts together; the second one to time them
    assert not {other for other in used if other in ("assistant.run", "assistant.demo")} or module in roots


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
        "import sys; import assistant.voice.server, assistant.voice.voices, assistant.link, assistant.phrases;"
        "import assistant.voice.controls.buttons, assistant.voice.controls.keys, assistant.voice.controls.door;"
        "names = ('numpy', 'cv2', 'pyttsx3', 'ai_edge_litert', 'gpiozero', 'evdev');"
        "print([name for name in names if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_module_says_what_it_is_for_and_stays_small(path: Path) -> None:
    text = path.read_text("utf-8")
    assert ast.get_docstring(ast.parse(text)), path
    assert len(text.splitlines()) <= 300, path


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
