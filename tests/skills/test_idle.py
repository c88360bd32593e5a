"""A board that only has skills turned on pays nothing for them: nothing of an engine is imported before it is asked."""

import json
import subprocess
import sys
from pathlib import Path

import cv2

from assistant.config.settings import Settings
from assistant.config.settings_file import override_settings, to_toml
from assistant.skills.session import SkillName
from tests.faults.box import empty_room

ROOT = Path(__file__).parents[2]
VISION = """
import json, sys, threading
from pathlib import Path
from assistant.config.settings_file import load_settings
from assistant.vision import loop, process

stop, step = threading.Event(), loop.VisionLoop._step
def counted(self, frame, now):
    result = step(self, frame, now)
    if self.steps >= 5:
        stop.set()
    return result
loop.VisionLoop._step = counted
process.run_vision(load_settings(Path(sys.argv[1])), stop)
print(json.dumps(sorted(sys.modules)))
"""
VOICE = """
import json, sys
import assistant.voice.process, assistant.voice.voices, assistant.voice.controls.control_socket
print(json.dumps(sorted(sys.modules)))
"""
LIBRARIES = ("onnxruntime", "ncnn", "rapidocr", "pytesseract", "tensorflow", "cryptography")
LIGHT = ("session", "words", "registry", "client", "protocol", "timed_connection")
"""What vision may import of the skills beside the names of friends, which are no engine."""


def modules(code: str, *arguments: object) -> set[str]:
    """The modules that a process has imported at its end."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True, text=True, check=True, cwd=ROOT, timeout=100,
    )  # fmt: skip
    return set(json.loads(done.stdout.splitlines()[-1]))


def of_skills(found: set[str]) -> set[str]:
    """The modules of skills, without the packages themselves."""
    inside = {name.removeprefix("assistant.skills.") for name in found if name.startswith("assistant.skills.")}
    return inside - {"friends", "things", "reading", "description"}


def vision_modules(folder: Path, *skills: str) -> set[str]:
    cv2.imwrite(str(folder / "room.png"), empty_room())
    settings = override_settings(
        Settings(),
        {"camera": {"driver": "folder", "source": str(folder)}, **{skill: {"enabled": True} for skill in skills}},
    )
    (folder / "my.toml").write_text(to_toml(settings))
    return modules(VISION, folder / "my.toml")


def test_vision_with_every_skill_on_imports_no_engine_and_no_library_of_one(tmp_path: Path) -> None:
    found = vision_modules(tmp_path, *SkillName)
    assert not {library for library in LIBRARIES if library in found}
    others = {name for name in of_skills(found) if not name.startswith("friends.")}
    assert others <= {*LIGHT}
    assert not {name for name in of_skills(found) if name.endswith((".engine", ".recognizer", ".enrolment"))}


def test_vision_with_every_skill_off_imports_nothing_of_any(tmp_path: Path) -> None:
    assert of_skills(vision_modules(tmp_path)) <= {"session", "words"}


def test_the_voice_imports_nothing_of_skills() -> None:
    assert not of_skills(modules(VOICE))
