"""The media keys of headsets and keyboards, through evdev; devices that connect later are found too."""

import logging
import math
import selectors
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Protocol

from assistant.errors import ControlError
from assistant.ipc.line_connection import LineThread
from assistant.voice.controls import RunCommand
from assistant.voice.controls.button_map import KEY_CODES, MEDIA_KEYS, GestureCommands, TakePress, take_none
from assistant.voice.controls.presses import PressDispatcher

log = logging.getLogger(__name__)

INPUT_DEVICES = Path("/dev/input")
"""Where the kernel puts its event devices."""
MISSING_S = 30.0
"""Seconds after the start in which a headset that is switched on connects; a named device that is not there by then is
reported."""
SCAN_INTERVAL_S = 3.0
"""How often new devices are looked for: a headset takes longer than that to connect."""
FIRST_SCAN_S = 1.0
"""Longest wait for the first look, seconds, where somebody asks for the keys before it."""
EV_SYN, EV_KEY, SYN_DROPPED = 0, 1, 3
"""Event types, and the code of EV_SYN after lost events (input-event-codes.h)."""
AVRCP_SUFFIX = " (avrcp)"
"""What BlueZ adds to the name of a headset for its keys."""


class InputDevice(Protocol):
    """An input device."""

    name: str
    """As the kernel has it."""
    codes: Collection[int]
    """The Linux key codes that it can send."""

    def fileno(self) -> int: ...

    def read(self) -> list[tuple[int, int, int]]:
        """The events since the last call: (type, code, value). Raises OSError once the device is gone."""
        ...

    def grab(self) -> None:
        """Take the device exclusively: no other program gets its events. Raises OSError where that is not possible."""
        ...

    def close(self) -> None: ...


OpenDevice = Callable[[Path], InputDevice]
"""Opens the device file at a path. Raises OSError."""


class KeyEventDecoder:
    """Turns the events of one device into changes of keys of `button_map.MEDIA_KEYS`: down (True), up (False), lost
    (None).

    Pure. A key that repeats by itself is still held. After SYN_DROPPED the kernel has thrown events away, perhaps the
    release of a key: what was held is forgotten, lest a lost release shut the box down.
    """

    def __init__(self) -> None:
        self.held: set[str] = set()

    def decode(self, event_type: int, code: int, value: int) -> list[tuple[str, bool | None]]:
        """The changes that an event makes."""
        if event_type == EV_SYN and code == SYN_DROPPED:
            return self.forget_held()
        key = KEY_CODES.get(code) if event_type == EV_KEY else None
        if key is None or value not in (0, 1):
            return []
        (self.held.add if value else self.held.discard)(key)
        return [(key, bool(value))]

    def forget_held(self) -> list[tuple[str, bool | None]]:
        """The device is gone, or its events are: every key that was held is lost."""
        lost: list[tuple[str, bool | None]] = [(key, None) for key in sorted(self.held)]
        self.held.clear()
        return lost


class MediaKeys(LineThread):
    """Watches every device that has media keys; `button_map.MEDIA_KEYS` says what they do.

    A device that cannot be opened is tried again when its rights change, one that another program has taken at each
    scan.
    """

    def __init__(
        self,
        run_command: RunCommand,
        *,
        only: str = "",
        folder: Path = INPUT_DEVICES,
        open_device: OpenDevice | None = None,
        scan_interval_s: float = SCAN_INTERVAL_S,
        on_missing: Callable[[str], None] = lambda reason: None,
        take_press: TakePress = take_none,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start to watch. Raises ControlError where evdev is not installed.

        only: the name of the one device to be watched, which is then taken exclusively; empty: every device.
        open_device: None: with evdev. on_missing(reason): the device of that name was not there within MISSING_S; an
        empty reason: now it is. Called from the thread that watches.
        """
        self._open_device = open_device or evdev_opener()
        self._only, self._folder, self._scan_interval_s = only.casefold(), folder, scan_interval_s
        super().__init__("keys")
        self._examined: dict[Path, int] = {}  # every device file, with the time of its last change
        self._refused: dict[Path, str] = {}  # why a device of the wanted name cannot be taken
        self._on_missing, self._clock, self._missing_at = on_missing, clock, clock() + MISSING_S
        self._is_missing = False
        self._is_scanned = threading.Event()
        self._watched: dict[InputDevice, tuple[Path, KeyEventDecoder]] = {}
        # No debounce: a headset may release a key as soon as it presses it.
        self._presses = PressDispatcher(MEDIA_KEYS, run_command, debounce_s=0.0, take_press=take_press, clock=clock)
        self._thread.start()

    @property
    def keys(self) -> dict[str, GestureCommands]:
        """The keys that the watched devices have, in the order of MEDIA_KEYS, with what they do; from any thread."""
        self._is_scanned.wait(FIRST_SCAN_S)
        present = {KEY_CODES.get(code) for device in tuple(self._watched) for code in device.codes}
        return {key: commands for key, commands in MEDIA_KEYS.items() if key in present}

    def close(self) -> None:
        """Stop watching, and release what was taken exclusively."""
        super().close()
        self._presses.close()

    def _run(self) -> None:
        scan_at = 0.0
        while not self._closing.is_set():
            now = time.monotonic()
            if now >= scan_at:
                self._scan()
                self._is_scanned.set()
                self._report_missing()
                scan_at = now + self._scan_interval_s
            for device in self._wait((), max(0.0, scan_at - time.monotonic())):
                if device in self._watched:
                    self._read(device)
        for device in tuple(self._watched):
            self._drop(device)
        self._release()

    def _scan(self) -> None:
        """Examine the device files that are new or have changed since the last scan."""
        present = {}
        for path in self._folder.glob("event*"):
            try:
                present[path] = path.stat().st_ctime_ns
            except OSError:  # gone again
                continue
        new = [path for path, changed in present.items() if self._examined.get(path) != changed]
        self._examined = present
        for path in sorted(new):
            if all(path != watched for watched, _ in self._watched.values()):
                self._examine(path)

    def _report_missing(self) -> None:
        """Report once that the named device is not there, and once that it is."""
        if not self._only:
            return
        if self._watched:
            self._missing_at = math.inf  # it may be switched off from now on
            if self._is_missing:
                self._is_missing = False
                self._on_missing("")
        elif self._clock() >= self._missing_at:
            self._missing_at, self._is_missing = math.inf, True
            refused = "; ".join(self._refused.values())
            self._on_missing(refused or f"no device with media keys is named {self._only!r} (controls.keys)")

    def _examine(self, path: Path) -> None:
        """Watch the device if it has media keys and its name is wanted."""
        try:
            device = self._open_device(path)
        except OSError as err:
            log.info("keys: %s: %s", path, err.strerror or err)
            return
        name = device.name.casefold()
        is_wanted = not self._only or self._only in (name, name.removesuffix(AVRCP_SUFFIX))
        if not is_wanted or not any(KEY_CODES.get(code, "mute") != "mute" for code in device.codes):
            device.close()
            return
        try:
            if self._only:
                device.grab()
            self._selector.register(device, selectors.EVENT_READ)
        except OSError as err:
            reason = f"{device.name} ({path}) cannot be taken exclusively: {err.strerror or err}"
            if self._refused.get(path) != reason:
                log.warning("keys: %s", reason)
            self._refused[path] = reason
            self._examined.pop(path, None)
            device.close()
            return
        self._refused.pop(path, None)
        self._watched[device] = path, KeyEventDecoder()
        log.info("keys: watching %s (%s)", device.name, path)

    def _read(self, device: InputDevice) -> None:
        try:
            events = device.read()
        except BlockingIOError:
            return
        except OSError:
            self._drop(device)
            return
        for event in events:
            self._forward(self._watched[device][1].decode(*event))

    def _drop(self, device: InputDevice) -> None:
        """The device is gone, or no longer watched."""
        path, decoder = self._watched.pop(device)
        self._forward(decoder.forget_held())
        self._examined.pop(path, None)  # a device that comes back in its place is examined
        self._selector.unregister(device)
        device.close()
        log.info("keys: %s is gone", device.name)

    def _forward(self, changes: list[tuple[str, bool | None]]) -> None:
        for key, is_down in changes:
            if is_down is None:
                self._presses.reset(key)
            else:
                self._presses.put(key, is_down=is_down)


def evdev_opener() -> OpenDevice:
    """A function that opens devices with evdev. Raises ControlError where it is not installed."""
    try:
        import evdev
    except ImportError as err:
        raise ControlError(f"media keys: {err}; install it: sudo apt install python3-evdev") from err

    class EvdevDevice:
        """A device of evdev. The events' own time stamps are wall clock time, which jumps: they are not used."""

        def __init__(self, path: Path) -> None:
            self._device: Any = evdev.InputDevice(str(path))
            self.name: str = self._device.name
            self.codes: Collection[int] = self._device.capabilities().get(EV_KEY, ())

        def fileno(self) -> int:
            return int(self._device.fd)

        def read(self) -> list[tuple[int, int, int]]:
            return [(event.type, event.code, event.value) for event in self._device.read()]

        def grab(self) -> None:
            self._device.grab()

        def close(self) -> None:
            self._device.close()

    return EvdevDevice
