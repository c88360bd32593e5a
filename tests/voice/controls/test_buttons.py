"""Buttons: from a pin that goes low to a command, with gpiozero's own mock pins; nothing is left in the folder."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.config.settings import ControlSettings
from assistant.errors import ControlError
from assistant.ipc.commands import Reply
from assistant.records import FaultName
from assistant.voice import controls
from assistant.voice.controls import gestures
from assistant.voice.controls.gestures import DEBOUNCE_S, Gesture
from assistant.voice.controls.gpio import Buttons
from assistant.voice.controls.presses import PressDispatcher
from tests.support.command_handler_standin import OUT_OF_ORDER, WAIT_S, CommandHandlerStandin, ManualClock

pytestmark = pytest.mark.timed

mock = pytest.importorskip("gpiozero.pins.mock", reason="gpiozero is not installed: pip install gpiozero")
PINS = (17, 27, 22)
ROOT = Path(__file__).parents[3]


class HeldPin(mock.MockPin):
    """Low, whatever pull-up it is given, until the test drives it high."""

    def _set_pull(self, value: str) -> None:
        super()._set_pull(value)
        self.drive_low()


class Bench:
    """Buttons on mock pins, a handler, and a clock. held: pins whose buttons are down when it begins."""

    def __init__(
        self, pins: tuple[int, ...] = PINS, *, held: tuple[int, ...] = (), factory: mock.MockFactory | None = None
    ) -> None:
        self.handler, self.clock, self.factory = CommandHandlerStandin(), ManualClock(), factory or mock.MockFactory()
        for pin in held:
            self.factory.pin(pin, pin_class=HeldPin)
        self.buttons = Buttons(pins, self.handler.handle, factory=self.factory, clock=self.clock)

    def press(self, pin: int, length_s: float) -> None:
        """A press that bounces; afterwards the recognizer has settled."""
        for level in (0, 1, 0):
            self.move(pin, level)
            self.clock.now += 0.002
        self.clock.now += length_s
        for level in (1, 0, 1):
            self.move(pin, level)
            self.clock.now += 0.002
        self.settle()

    def move(self, pin: int, level: int) -> None:
        (self.factory.pin(pin).drive_high if level else self.factory.pin(pin).drive_low)()

    def settle(self) -> None:
        self.clock.now += DEBOUNCE_S
        self.buttons._presses.poll()

    def close(self) -> None:
        self.buttons.close()
        self.factory.reset()


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


def test_every_press_of_every_button(bench: Bench) -> None:
    for pin, length_s, command in (
        (17, 0.1, "ask"), (17, 1.5, "toggle_mute"),
        (27, 0.1, "why"), (27, 1.5, "wrong"),
        (22, 0.1, "louder"), (22, 0.1, "louder"), (22, 0.1, "louder"), (22, 1.5, "quieter"),
    ):  # fmt: skip
        bench.press(pin, length_s)
        assert bench.handler.next() == command
    bench.clock.now += 10
    for pin, commands in ((17, ("ask", "repeat_instead")), (27, ("why", "aim"))):
        for command in commands:
            bench.press(pin, 0.1)
            assert bench.handler.next() == command
            bench.clock.now += 0.2
    assert bench.handler.asked.empty()


@pytest.mark.parametrize(("pin", "command"), [(17, "shutdown"), (27, "slower"), (22, "faster")])
def test_a_very_long_press_acts_while_the_button_is_held(bench: Bench, pin: int, command: str) -> None:
    bench.move(pin, 0)
    bench.clock.now += 5.0
    bench.buttons._presses.poll()
    assert bench.handler.next() == command
    bench.clock.now += 5.0
    bench.move(pin, 1)
    bench.settle()
    bench.press(22, 0.1)
    assert bench.handler.next() == "louder", "the release has no command"


def test_with_fewer_buttons_the_first_ones_do_the_same() -> None:
    for pins in ((5,), (5, 6)):
        bench = Bench(pins)
        for pin, command in zip(pins, ("ask", "why"), strict=False):
            bench.press(pin, 0.1)
            assert bench.handler.next() == command
        bench.close()


@pytest.mark.parametrize("held_s", [0.1, 1.5, 30.0])
def test_a_button_held_at_the_start_has_no_command(held_s: float) -> None:
    bench = Bench(held=(27,))
    bench.settle()
    bench.clock.now += held_s
    bench.settle()
    bench.move(27, 1)
    bench.settle()
    bench.clock.now += 1.0
    bench.press(17, 0.1)
    assert bench.handler.next() == "ask", "nothing before it"
    bench.close()


def test_a_slow_command_handler_does_not_change_what_a_press_was(bench: Bench) -> None:
    bench.handler.open.clear()
    bench.press(17, 0.1)
    assert bench.handler.next() == "ask"
    bench.clock.now += 3.0
    bench.press(17, 1.5)
    bench.clock.now += 30.0  # long after the end of a press that would by now be very long
    bench.handler.open.set()
    assert bench.handler.next() == "toggle_mute"


@pytest.mark.parametrize("failure", OUT_OF_ORDER)
def test_a_command_handler_that_fails_does_not_affect_the_buttons(bench: Bench, failure: Exception) -> None:
    bench.handler.failure = failure
    bench.press(17, 0.1)
    assert bench.handler.next() == "ask"
    bench.handler.failure = None
    bench.press(27, 0.1)
    assert bench.handler.next() == "why"


def test_after_close_nothing_is_done(bench: Bench) -> None:
    bench.buttons.close()
    bench.move(17, 0)
    bench.clock.now += 10
    bench.move(17, 1)
    assert bench.handler.asked.empty()
    assert bench.factory.pin(17).function == "input"


def test_on_the_real_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The threshold of a held button is noticed by the thread itself."""
    monkeypatch.setattr(gestures, "VERY_LONG_PRESS_S", 0.1)
    handler = CommandHandlerStandin()
    presses = PressDispatcher(
        {"one": {Gesture.SHORT: "ask", Gesture.VERY_LONG: "shutdown"}}, handler.handle, debounce_s=0.01
    )
    began = time.monotonic()
    presses.put("one", is_down=True)
    assert handler.next() == "shutdown"
    assert 0.1 <= time.monotonic() - began < 1.0
    presses.close()


def test_a_press_is_answered_fast() -> None:
    """From the moment the button is let go: the settling of the recognizer, and little more."""
    done = threading.Event()

    def do(command: str) -> Reply:
        done.set()
        return Reply(True)

    factory = mock.MockFactory()
    buttons = Buttons((17,), do, factory=factory)
    settled = gestures.DEBOUNCE_S * 2
    factory.pin(17).drive_low()
    assert not done.wait(settled)
    began = time.monotonic()
    factory.pin(17).drive_high()
    assert done.wait(WAIT_S)
    assert time.monotonic() - began < 0.15
    buttons.close()
    factory.reset()


def test_without_pins_the_error_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ControlError, match=r"^buttons at pins 17, 27: [^\n]+$"):
        Buttons((17, 27), CommandHandlerStandin().handle)  # this machine has none
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    with pytest.raises(ControlError, match="apt install python3-gpiozero python3-lgpio"):
        Buttons((17,), CommandHandlerStandin().handle)


def test_pins_that_are_in_use_are_one_line() -> None:
    bench = Bench((17,))
    with pytest.raises(ControlError, match=r"buttons at pins 17: .*in use"):
        Buttons((17,), CommandHandlerStandin().handle, factory=bench.factory)
    bench.press(17, 0.1)
    assert bench.handler.next() == "ask", "the first owner keeps it"
    bench.close()


def test_one_pin_that_is_in_use_does_not_cost_the_other_buttons() -> None:
    owner = Bench((17,))
    bench = Bench((4, 17, 22), factory=owner.factory)
    assert re.fullmatch(r"button at pin 17: .*in use.*", bench.buttons.refused)
    for pin, command in ((4, "ask"), (22, "louder")):
        bench.press(pin, 0.1)
        assert bench.handler.next() == command, "each button is what it is"
    bench.close()


def test_a_button_whose_pin_is_taken_is_a_fault_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    import gpiozero

    owner = gpiozero.Button(27)
    settings = ControlSettings(buttons=(17, 27), keys="off")
    opened, faults = controls.make(settings, CommandHandlerStandin().handle, tmp_path / "control.sock")
    try:
        assert len(opened) == 2
        assert list(faults) == ["button"]
        assert "pin 27" in faults[FaultName.BUTTON]
    finally:
        for control in opened:
            control.close()
        owner.close()
        gpiozero.Device.pin_factory.reset()
        gpiozero.Device.pin_factory = None


def test_a_fault_of_the_buttons_leaves_the_other_controls_alone(tmp_path: Path) -> None:
    settings = ControlSettings(buttons=(17,), keys="off")
    opened, faults = controls.make(settings, CommandHandlerStandin().handle, tmp_path / "control.sock")
    assert len(opened) == 1
    assert list(faults) == ["buttons"]
    for control in opened:
        control.close()


def test_make_opens_the_buttons(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    handler = CommandHandlerStandin()
    settings = ControlSettings(buttons=PINS, keys="off")
    opened, faults = controls.make(settings, handler.handle, tmp_path / "control.sock")
    assert (len(opened), faults) == (2, {})
    import gpiozero

    try:
        pin = gpiozero.Device.pin_factory.pin(17)
        pin.drive_low()
        assert not threading.Event().wait(2 * DEBOUNCE_S)  # a press takes its time
        pin.drive_high()
        assert handler.next() == "ask"
    finally:
        for control in opened:
            control.close()
        gpiozero.Device.pin_factory.reset()
        gpiozero.Device.pin_factory = None


def test_lgpio_leaves_nothing_behind_and_us_where_we_were(tmp_path: Path) -> None:
    pytest.importorskip("lgpio", reason="lgpio is not installed: sudo apt install python3-lgpio")
    (tmp_path / "here").mkdir()
    (tmp_path / "tmp").mkdir()
    code = (
        "import os; from assistant.voice.controls.gpio import _lgpio\n"
        "before = dict(os.environ); lgpio = _lgpio(); assert lgpio.error and dict(os.environ) == before\n"
        "print(os.getcwd())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, cwd=tmp_path / "here",
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / "tmp")},
    )  # fmt: skip
    assert done.stdout.strip() == str(tmp_path / "here")
    assert done.stderr == ""
    assert not list(tmp_path.glob("*/*"))
    assert not list(tmp_path.glob("*/.*"))
