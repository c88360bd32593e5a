"""The camera LED: on while the camera is open, whatever becomes of vision; on gpiozero's own mock pins."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.config.settings import CameraSettings, ControlSettings, Settings, VoiceSettings
from assistant.config.settings_file import parse_settings
from assistant.errors import CameraError, ConfigError, ControlError
from assistant.ipc import control_client
from assistant.ipc.link import LinkClient
from assistant.ipc.messages import Heartbeat
from assistant.records import FaultName, Frame
from assistant.vision.cameras.capture import Capture
from assistant.voice.controls.gpio import CameraLed
from assistant.voice.monitors import VisionStatus
from assistant.voice.process import run_voice
from tests.support.fake_phrases import FakePhrases
from tests.support.standins import ScriptedCamera, picture

mock = pytest.importorskip("gpiozero.pins.mock", reason="gpiozero is not installed: pip install gpiozero")
PIN, WAIT_S = 23, 5.0


@pytest.fixture
def pins() -> Iterator[object]:
    factory = mock.MockFactory()
    yield factory
    factory.reset()


def until(is_so: Callable[[], bool]) -> bool:
    end_at = time.monotonic() + WAIT_S
    while not is_so() and time.monotonic() < end_at:
        threading.Event().wait(0.01)
    return is_so()


def test_it_follows_the_camera_and_the_link(pins: mock.MockFactory) -> None:
    status, pin = VisionStatus(CameraLed(PIN, factory=pins)), pins.pin(PIN)
    assert (pin.function, pin.state) == ("output", 0)
    for heartbeat, lit in (
        (Heartbeat(1.0), 0),
        (Heartbeat(1.5, True), 1),
        (Heartbeat(2.0, True, (FaultName.BLACK,)), 1),
    ):
        status.on_heartbeat(heartbeat)
        assert (pin.state, status.is_camera_open) == (lit, bool(lit))
    assert status.faults == (FaultName.BLACK,)
    status.on_heartbeat(Heartbeat(2.5, False))
    assert pin.state == 0
    status.on_heartbeat(Heartbeat(3.0, True))
    status.on_disconnect()
    assert (pin.state, status.is_camera_open, status.faults) == (0, False, ())
    status.on_heartbeat(Heartbeat(3.5, True))
    status.close()
    assert pin.function == "input"
    status.on_heartbeat(Heartbeat(4.0, True))  # the link may still speak while all is being closed


def test_where_friends_are_recognized_it_winks(pins: mock.MockFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.voice.controls.gpio.WINK_ON_S", 0.02)
    monkeypatch.setattr("assistant.voice.controls.gpio.WINK_OFF_S", 0.01)
    status, pin = VisionStatus(CameraLed(PIN, winks=True, factory=pins)), pins.pin(PIN)
    status.on_heartbeat(Heartbeat(1.0, True))
    assert until(lambda: len(pin.states) >= 5)
    assert [state for _, state in pin.states[:5]] == [False, True, False, True, False]
    status.on_heartbeat(Heartbeat(2.0, False))
    assert pin.state == 0


def test_a_pin_that_fails_does_not_affect_the_link(pins: mock.MockFactory) -> None:
    led = CameraLed(PIN, factory=pins)
    led._led.on = lambda: (_ for _ in ()).throw(OSError("the pin is gone"))
    with pytest.raises(ControlError, match="camera light at pin 23: the pin is gone"):
        led.switch(is_on=True)
    status = VisionStatus(led)
    status.on_heartbeat(Heartbeat(1.0, True))
    assert status.is_camera_open


def test_a_pin_that_cannot_be_used_is_one_line(pins: mock.MockFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    first = CameraLed(PIN, factory=pins)
    with pytest.raises(ControlError, match=r"^camera light at pin 23: .*in use"):
        CameraLed(PIN, factory=pins)
    first.close()
    monkeypatch.setitem(__import__("sys").modules, "gpiozero", None)
    with pytest.raises(ControlError, match="apt install python3-gpiozero python3-lgpio"):
        CameraLed(PIN)


def test_one_pin_cannot_be_set_twice() -> None:
    assert parse_settings("[camera]\nled = [23]\n").camera.led == (23,)
    with pytest.raises(ConfigError, match=r"camera.led is 17; that is the pin of a button"):
        parse_settings("[camera]\nled = [17]\n[controls]\nbuttons = [17, 27]\n")
    with pytest.raises(ConfigError, match=r"at most 1 different whole numbers from 0 to 27"):
        parse_settings("[camera]\nled = [1, 2]\n")


def serving(folder: Path, settings: Settings) -> tuple[threading.Thread, threading.Event]:
    stop = threading.Event()
    voice = threading.Thread(target=run_voice, args=(settings, folder / "voice.sock", FakePhrases(), stop))
    voice.start()
    return voice, stop


def test_the_voice_switches_it_and_turns_it_off_when_vision_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gpiozero

    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    settings = Settings(
        camera=CameraSettings(led=(PIN,)), voice=VoiceSettings(engine="printed"), controls=ControlSettings(keys="off")
    )
    voice, stop = serving(tmp_path, settings)
    try:
        vision = LinkClient(tmp_path / "voice.sock")
        vision.heartbeat(1.0, is_camera_open=True, faults=[FaultName.BLURRED])
        assert until(Path(os.environ["EMOTION_ASSISTANT_CONTROL"]).exists)
        assert until(lambda: control_client.send_command("facts").facts["camera"] is True)
        pin = gpiozero.Device.pin_factory.pin(PIN)
        assert pin.state == 1
        facts = control_client.send_command("facts").facts
        assert facts == {
            "vision": False,
            "muted": False,
            "seeing": True,
            "lens_covered": False,
            "camera": True,
            "faults": ["blurred"],
            "start_faults": [],
        }
        vision.close()
        assert until(lambda: pin.state == 0)
        assert control_client.send_command("facts").facts["camera"] is False
    finally:
        stop.set()
        voice.join(WAIT_S)
        gpiozero.Device.pin_factory.reset()
        gpiozero.Device.pin_factory = None


def test_without_pins_the_voice_announces_it_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(
        camera=CameraSettings(led=(PIN,)), voice=VoiceSettings(engine="printed"), controls=ControlSettings(keys="off")
    )

    class Phrases(FakePhrases):
        faults = {**FakePhrases.faults, "camera_led": "The camera light does not work."}  # noqa: RUF012

    stop = threading.Event()
    voice = threading.Thread(target=run_voice, args=(settings, tmp_path / "voice.sock", Phrases(), stop))
    voice.start()
    assert until(Path(os.environ["EMOTION_ASSISTANT_CONTROL"]).exists)
    assert until(lambda: control_client.send_command("facts").facts["start_faults"] == ["camera_led"]), (
        "the control socket may be open before the pin is tried"
    )
    stop.set()
    voice.join(WAIT_S)
    assert capsys.readouterr().out == "The camera light does not work.\n"


def test_a_capture_knows_whether_its_camera_is_open() -> None:
    opened, read = threading.Event(), threading.Event()

    class Camera(ScriptedCamera):
        def read(self) -> Frame | None:
            opened.set()
            assert read.wait(WAIT_S)
            return super().read()

    camera = Camera([Frame(picture(), 0.0, 1), CameraError("unplugged")], is_live=True)
    capture = Capture(lambda: camera, repeat=False)
    assert not capture.is_open
    capture.start()
    assert opened.wait(WAIT_S)
    assert capture.is_open
    read.set()
    assert until(lambda: capture.has_ended)
    assert camera.is_closed
    assert not capture.is_open
