"""Each check of the doctor, passed and failed: real stand-ins for camera, model, pins, kernel and service manager."""

import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.config.settings import (
    AnnouncementSettings,
    CameraSettings,
    ControlSettings,
    DetectorSettings,
    ModelSettings,
    PowerSettings,
    Settings,
    VoiceSettings,
)
from assistant.doctor import libraries, system
from assistant.doctor import vision as vision_checks
from assistant.doctor.finding import Finding, absent, bad, good
from assistant.doctor.isolated_check import run_isolated
from assistant.doctor.running_assistant import RunningAssistant
from assistant.doctor.system import UNITS, System, profile, temperature, voltage
from assistant.errors import CameraBusyError, IPCError
from assistant.ipc.commands import Reply
from assistant.ipc.link import LinkClient
from assistant.system.board import Board
from assistant.vision.cameras import Camera
from assistant.voice.process import run_voice
from tests.support import damaged_models
from tests.support.captured_audio import FakePrograms
from tests.support.fake_phrases import FakePhrases
from tests.support.standins import needs_photographs, picture

WAIT_S = 5.0


def no_note(what: str) -> None:
    """In place of the callback `trying`: nothing is written before a step of a check."""


def isolated(name: str, settings: Settings) -> Finding:
    """In a process of its own, as the doctor does it."""
    return run_isolated(name, settings, lambda why: bad("late", "restart", detail=why), 60.0, threading.Event())


# camera, detector, model


def squares(dark: int, light: int) -> NDArray[np.uint8]:
    """Dark squares on light ground, a ninth of all."""
    one = np.full((48, 48), light, np.uint8)
    one[16:32, 16:32] = dark
    return np.tile(one, (10, 13))


def shown(folder: Path, image: NDArray[np.uint8], **settings: object) -> Finding:
    folder.mkdir(exist_ok=True)
    cv2.imwrite(str(folder / "picture.png"), image)
    camera = CameraSettings(driver="folder", source=str(folder), picture_s=0.3, **settings)  # type: ignore[arg-type]
    return vision_checks.camera(Settings(camera=camera), no_note)


@needs_photographs
def test_a_face_is_found_upright_and_with_a_box_worn_on_its_side(tmp_path: Path, astronaut: NDArray[np.uint8]) -> None:
    seen = shown(tmp_path / "upright", astronaut)
    assert seen.keys == ("camera", "bright_enough", "face")
    assert seen.detail.startswith("512x512, brightness ")
    assert seen.detail.endswith("faces in the last: 1")
    side = np.ascontiguousarray(np.rot90(astronaut))
    assert shown(tmp_path / "side", side, rotate=90).keys == ("camera", "bright_enough", "face")


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (picture(), ("camera", "bright_enough", "face_none")),
        (squares(6, 34), ("camera", "dim", "face_none")),
        (squares(120, 255), ("camera", "glare", "face_none")),
    ],
    ids=["room", "dark", "bright"],
)
def test_the_light_is_reported_and_a_room_without_people_is_no_fault(
    tmp_path: Path, image: NDArray[np.uint8], expected: tuple[str, ...]
) -> None:
    seen = shown(tmp_path / "room", image)
    assert (seen.ok, seen.keys) == (True, expected)


@pytest.mark.parametrize(
    ("image", "expected", "advice"),
    [
        (np.zeros((480, 640), np.uint8), "faults.black", "lens"),
        (np.full((480, 640), 120, np.uint8), "faults.blank", "lens"),
        (cv2.GaussianBlur(np.tile(np.arange(160, dtype=np.uint8), (480, 4)), (0, 0), 20), "faults.blurred", "focus"),
    ],
    ids=["black", "blank", "blurred"],
)
def test_a_picture_that_shows_nothing(tmp_path: Path, image: NDArray[np.uint8], expected: str, advice: str) -> None:
    seen = shown(tmp_path / "wall", image)
    assert (seen.ok, seen.keys, seen.advice) == (False, (expected,), advice)
    assert "brightness" in seen.detail


def test_a_camera_that_is_not_there_or_breaks(tmp_path: Path) -> None:
    gone = isolated("camera", Settings(camera=CameraSettings(driver="opencv", source="63")))
    assert (gone.keys, gone.advice) == (("camera_none",), "camera")
    assert "/dev/video63 does not exist" in gone.detail
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "a.png").write_bytes(b"no picture")
    torn = vision_checks.camera(
        Settings(camera=CameraSettings(driver="folder", source=str(tmp_path / "torn"))), no_note
    )
    assert "not a picture that can be read" in torn.detail


def test_a_camera_that_another_program_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    def held(*rest: object, **more: object) -> Camera:
        raise CameraBusyError("camera 0: another program is using it")

    monkeypatch.setattr(vision_checks, "open_camera", held)
    busy = vision_checks.camera(Settings(), no_note)
    assert busy == bad("faults.camera_busy", "memory", detail="camera 0: another program is using it")


def test_the_detector(tmp_path: Path) -> None:
    assert isolated("detector", Settings()).keys == ("detector",)
    for detector in (DetectorSettings(driver="yunet"), DetectorSettings(model=str(tmp_path / "none.tflite"))):
        broken = vision_checks.detector(Settings(detector=detector), no_note)
        assert (broken.ok, broken.keys, broken.advice) == (False, ("faults.detector",), "settings")


@pytest.mark.parametrize("attention", ["off", "sound", "word"])
def test_a_detector_without_landmarks_is_a_finding_where_attention_is_on(attention: str) -> None:
    announcements = AnnouncementSettings(attention=attention)
    assert vision_checks.detector(Settings(announcements=announcements), no_note).keys == ("detector",)
    haar = vision_checks.detector(
        Settings(detector=DetectorSettings(driver="haar"), announcements=announcements), no_note
    )
    if attention == "off":
        assert haar.keys == ("detector",)
    else:
        assert (haar.ok, haar.keys, haar.advice) == (False, ("detector_turns",), "detector")
        assert haar.detail.endswith("no landmarks for announcements.attention")


def test_the_occlusion_classifier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isolated("occlusion", Settings()).keys == ("occlusion",)
    cut = damaged_models.copy(tmp_path, "cut", of="face-cover-int8")
    cut.write_bytes(cut.read_bytes()[:-1])
    monkeypatch.setattr("assistant.vision.inference.occlusion.model_file.find_model", lambda name: cut)
    broken = vision_checks.occlusion(Settings(), no_note)
    assert (broken.ok, broken.keys, broken.advice) == (False, ("faults.occlusion",), "install")
    assert "does not match its card" in broken.detail


@pytest.mark.timed
def test_the_model_its_hash_its_self_test_and_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = isolated("model", Settings())
    assert (whole.ok, whole.keys) == (True, ("model",))
    assert whole.number >= 1
    assert whole.detail.startswith("emotion-cnn-int8.tflite, ai-edge-litert, ")
    cut, other = (damaged_models.copy(tmp_path, name) for name in ("cut", "other"))
    cut.write_bytes(cut.read_bytes()[:-1])
    card = damaged_models.copy(tmp_path, "third").with_suffix(".json").read_text("utf-8")
    assert '"self_test"' in card
    damaged_models.rewrite_card(other, self_test=[[0.125] * 8] * 7)
    for model, why in (
        (cut, "does not match its card (SHA-256)"),
        (other, "fails its self-test"),
        (tmp_path / "none.tflite", "no such model file"),
    ):
        broken = vision_checks.model(Settings(model=ModelSettings(file=str(model))), no_note)
        assert (broken.ok, broken.keys, broken.advice) == (False, ("faults.model",), "settings")
        assert why in broken.detail
    monkeypatch.setattr(vision_checks, "_median_ms", lambda work: 987.6)
    slow = vision_checks.model(Settings(), no_note)
    assert (slow.ok, slow.keys, slow.advice, slow.number) == (False, ("model_slow",), "smaller", 988)


def test_picamera2_is_asked_for_only_where_the_camera_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "picamera2", None)
    tried: list[str] = []
    assert libraries.imports(Settings(camera=CameraSettings(driver="opencv")), tried.append).ok
    assert tried == ["numpy", "cv2", "the TFLite runtime"]
    found = libraries.imports(Settings(camera=CameraSettings(driver="picamera2")), tried.append)
    assert (found.keys, found.advice) == (("imports_broken",), "install")
    assert found.detail.startswith("picamera2: ModuleNotFoundError")


# pins


def test_pins_that_can_be_opened_and_pins_that_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gpiozero")
    settings = Settings(camera=CameraSettings(led=(23,)), controls=ControlSettings(buttons=(17, 27)))
    for name, detail in (("buttons", "buttons at pins 17, 27: "), ("camera_led", "camera light at pin 23: ")):
        broken = isolated(name, settings)  # this machine has none
        assert (broken.keys, broken.advice) == ((f"faults.{name}",), "pins")
        assert broken.detail.startswith(detail)
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    assert isolated("buttons", settings) == good("buttons", detail="pins 17, 27")
    assert isolated("camera_led", settings) == good("camera_led", detail="pin 23")


# the board


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def test_temperature(tmp_path: Path) -> None:
    assert temperature(Board(tmp_path)) == absent("temperature_none")
    write(tmp_path, "class/thermal/thermal_zone0/temp", "51600\n")
    assert temperature(Board(tmp_path)) == good("temperature", number=52)
    write(tmp_path, "class/thermal/thermal_zone0/temp", "76000\n")
    warm = temperature(Board(tmp_path))
    assert (warm.ok, warm.detail) == (True, "from 75 degrees on fewer frames are processed")
    write(tmp_path, "class/thermal/thermal_zone1/temp", "83900\n")
    hot = temperature(Board(tmp_path))
    assert (hot.ok, hot.keys, hot.advice, hot.number) == (False, ("temperature_hot",), "cool", 84)


def test_the_profile_of_the_board(tmp_path: Path) -> None:
    settings, name = Settings(), "firmware/devicetree/base/model"
    assert profile(Board(tmp_path), settings) == absent("profile_none")
    write(tmp_path, name, "Raspberry Pi 4 Model B Rev 1.5\0")
    fitting = profile(Board(tmp_path), settings)
    assert (fitting.ok, fitting.keys, fitting.detail) == (True, ("profile",), "Raspberry Pi 4 Model B Rev 1.5: pi4")
    limited = profile(Board(tmp_path), dataclasses.replace(settings, power=PowerSettings(cpu_share=0.3)))
    assert limited.detail.endswith("pi4; power.cpu_share is 0.3; the log says when it takes effect")
    write(tmp_path, name, "Raspberry Pi Zero 2 W Rev 1.0\0")
    other = profile(Board(tmp_path), settings)
    assert (other.ok, other.keys, other.advice) == (False, ("profile_other",), "profile")
    assert other.detail.endswith('power.profile = "zero2w"')


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePrograms:
    return FakePrograms(tmp_path, monkeypatch)


def test_voltage_now_and_before(tmp_path: Path, tool: FakePrograms) -> None:
    def look() -> Finding:
        return voltage(Board(tmp_path), threading.Event())

    assert look() == absent("voltage_none")
    write(tmp_path, "class/hwmon/hwmon2/in0_lcrit_alarm", "0\n")
    assert look() == good("voltage")
    for answer, key, is_ok in (
        ("throttled=0x0", "voltage", True),
        ("throttled=0x50000", "voltage_was", False),
        ("throttled=0x50005", "faults.undervoltage", False),
        ("throttled=0x80008", "voltage", True),  # warm, not weak
        ("VCHI initialization failed", "voltage", True),
    ):
        tool.install(f"#!/bin/sh\necho {answer}\n", "vcgencmd")
        assert (look().keys, look().ok) == ((key,), is_ok)
        assert look().advice == ("" if is_ok else "power")
    tool.install("failing", "vcgencmd")
    assert look() == good("voltage")
    write(tmp_path, "class/hwmon/hwmon2/in0_lcrit_alarm", "1\n")
    assert look().keys == ("faults.undervoltage",)
    assert "in0_lcrit_alarm" in look().detail


# memory and services


@pytest.fixture
def machine(tmp_path: Path) -> System:
    """One that systemd runs, with a gigabyte free and memory control on."""
    write(tmp_path, "fs/cgroup/cgroup.controllers", "cpu memory pids\n")
    write(tmp_path, "meminfo", "MemTotal:        1900000 kB\nMemFree:  9 kB\nMemAvailable:    1048576 kB\n")
    (tmp_path / "booted").mkdir()
    return System(tmp_path, tmp_path / "booted", tmp_path / "meminfo")


def shows(tool: FakePrograms, *, restarts: int = 0, **changes: str) -> None:
    """A service manager that answers for both units; changes: of the second one."""
    blocks = []
    for unit, limit in zip(UNITS, ("infinity", "314572800"), strict=True):
        known = {"Id": unit, "LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled"}
        known |= {"NRestarts": str(restarts), "MemoryMax": limit} | (changes if unit == UNITS[1] else {})
        blocks.append("\n".join(f"{key}={value}" for key, value in known.items()))
    text = "\n\n".join(blocks)
    tool.install(f"#!/bin/sh\n{{cat}} <<'END'\n{text}\nEND\n", "systemctl")


def test_memory(machine: System, tool: FakePrograms) -> None:
    def look() -> Finding:
        return machine.memory(threading.Event())

    assert look() == good("memory", number=1024)
    shows(tool)
    assert look().ok
    write(machine.root, "fs/cgroup/cgroup.controllers", "cpu pids\n")
    unlimited = look()
    assert (unlimited.ok, unlimited.keys, unlimited.advice) == (False, ("memory_unlimited",), "limit")
    assert unlimited.detail.startswith("MemoryMax= of emotion-assistant.service: add cgroup_enable=memory")
    shows(tool, MemoryMax="infinity")
    assert look().ok, "no unit sets a limit"
    shows(tool)
    (machine.root / "fs/cgroup/cgroup.controllers").unlink()
    assert not look().ok
    (machine.root / "fs/cgroup/memory").mkdir()
    assert look().ok, "control groups of the older kind"
    machine.meminfo.write_text("MemAvailable:   30720 kB\n")
    little = look()
    assert (little.ok, little.keys, little.advice, little.number) == (False, ("memory_little",), "memory", 30)


@pytest.mark.parametrize(
    ("changes", "keys", "advice", "detail"),
    [
        ({}, ("units",), "", "emotion-assistant.service: active, enabled"),
        ({"restarts": 2}, ("units", "units_restarts"), "", "active"),
        ({"restarts": 5}, ("units_restarts",), "journal", "journalctl -b -u"),
        (
            {"ActiveState": "failed"},
            ("units_stopped",),
            "start",
            "emotion-assistant.service: failed, enabled; systemctl",
        ),
        ({"ActiveState": "activating"}, ("units_stopped",), "start", "activating"),
        ({"UnitFileState": "disabled"}, ("units_disabled",), "enable", "systemctl enable"),
        ({"LoadState": "not-found"}, ("units_stopped",), "install", "only emotion-assistant-voice.service is there"),
    ],
)
def test_the_services(
    machine: System, tool: FakePrograms, changes: dict[str, str], keys: tuple[str, ...], advice: str, detail: str
) -> None:
    shows(tool, **changes)  # type: ignore[arg-type]
    found = machine.units(threading.Event())
    assert (found.keys, found.advice, found.ok) == (keys, advice, not advice)
    assert detail in found.detail


def test_without_systemd_or_its_units_nothing_is_set_up(machine: System, tool: FakePrograms) -> None:
    assert machine.units(threading.Event()) == absent("units_none")
    blocks = "\n\n".join(f"Id={unit}\nLoadState=not-found\nActiveState=inactive\nMemoryMax=infinity" for unit in UNITS)
    tool.install(f"#!/bin/sh\n{{cat}} <<'END'\n{blocks}\nEND\n", "systemctl")
    assert machine.units(threading.Event()) == absent("units_none")
    tool.install("failing", "systemctl")
    machine.booted.rmdir()
    assert machine.units(threading.Event()) == absent("units_none"), "a container without it"


def test_a_service_manager_that_fails_or_hangs(
    machine: System, tool: FakePrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "COMMAND_TIMEOUT_S", 0.3)
    for script in ("failing", "#!/bin/sh\nexec {sleep} 60\n"):
        tool.install(script, "systemctl")
        began = time.monotonic()
        silent = machine.units(threading.Event())
        assert time.monotonic() - began < 3
        assert (silent.keys, silent.advice) == (("units_silent",), "restart")
        assert machine.memory(threading.Event()).ok


# the running assistant


@contextlib.contextmanager
def voice(folder: Path) -> Iterator[LinkClient]:
    """A real voice, and a link to it in the place of vision."""
    stop = threading.Event()
    settings = Settings(voice=VoiceSettings(engine="printed"), controls=ControlSettings(keys="off"))
    thread = threading.Thread(target=run_voice, args=(settings, folder / "voice.sock", FakePhrases(), stop))
    thread.start()
    client = LinkClient(folder / "voice.sock")
    try:
        yield client
    finally:
        stop.set()
        thread.join(WAIT_S)
        client.close()


def until(find: Callable[[RunningAssistant], object]) -> RunningAssistant:
    end_at = time.monotonic() + WAIT_S
    while not find(running := RunningAssistant.find()):
        assert time.monotonic() < end_at, running
        threading.Event().wait(0.01)
    return running


def test_a_camera_that_the_running_assistant_holds_is_not_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert RunningAssistant.find() == RunningAssistant()
    assert RunningAssistant.find().camera() is None
    assert RunningAssistant.find().pins("buttons") is None
    with voice(tmp_path) as vision:
        running = until(lambda running: running.is_there)
        assert running.camera() is None, "without vision no process holds it"
        assert running.pins("buttons") == good("buttons", detail="the running assistant has the pins")
        for faults, is_open, expected in (
            ([], True, good("camera_held")),
            (["detector_fallback"], True, good("camera_held")),
            (["camera_busy"], False, bad("faults.camera_busy", "memory", detail="so the running assistant says")),
            (["slow", "black"], True, bad("faults.black", "lens", detail="so the running assistant says")),
            (["camera_lost"], False, bad("faults.camera_lost", "camera", detail="so the running assistant says")),
            ([], False, bad("camera_none", "camera", detail="the running assistant has none open")),
        ):
            vision.heartbeat(time.monotonic(), is_camera_open=is_open, faults=faults)
            running = until(lambda each, so=faults, opened=is_open: each.facts.get("faults") == so
                            and each.facts.get("camera") == opened and each.facts.get("vision"))  # fmt: skip
            assert running.camera() == expected
    assert capsys.readouterr().out == "", "the voice speaks nothing for it"


def test_an_assistant_that_waits_for_a_detector_has_not_opened_the_camera() -> None:
    waiting = RunningAssistant.find(
        lambda command: Reply(True, "", {"vision": True, "camera": False, "faults": ["detector"]})
    )
    assert waiting.camera() is None, "the doctor can open it itself"


def test_an_assistant_that_does_not_answer_or_refuses_this_user(tmp_path: Path) -> None:
    def busy(command: str) -> Reply:
        raise IPCError("the assistant is busy; try again")

    reason = "you may not use this assistant; ask for a place in the group"
    refused = RunningAssistant.find(lambda command: Reply(False, reason, {"not_allowed": True}))
    assert refused.error == reason
    assert refused.camera() == bad("refused", "ask", detail=refused.error)
    assert refused.pins("camera_led") == bad("refused", "ask", detail=refused.error)
    assert RunningAssistant.find(busy).camera() == bad("refused", "restart", detail="the assistant is busy; try again")
    wrong = RunningAssistant.find(
        lambda command: Reply(True, "", {"vision": True, "camera": True, "start_faults": ["buttons"]})
    )
    assert wrong.pins("buttons") == bad(
        "faults.buttons", "pins", detail="so the running assistant says; its journal tells why"
    )
    assert wrong.pins("camera_led") == good("camera_led", detail="the running assistant has the pins")
