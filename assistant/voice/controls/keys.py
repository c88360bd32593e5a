"""The media keys of headsets and keyboards, through evdev; those that connect later are found too."""

import logging
import selectors
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Protocol

from assistant.errors import ControlError
from assistant.ipc.line_connection import Endpoint
from assistant.voice.controls import Do
from assistant.voice.controls.button_map import CODES, KEYS
from assistant.voice.controls.presses import Presses

log = logging.getLogger(__name__)

FOLDER = Path("/dev/input")
SCAN_S = 3.0
"""How often new devices are looked for: a headset takes longer than that to connect."""
EV_SYN, EV_KEY, SYN_DROPPED = 0, 1, 3
AVRCP = " (avrcp)"
"""What BlueZ adds to the name of a headset for its keys."""


class Device(Protocol):
    """An input device. codes: the Linux key codes that it can send."""

    name: str
    codes: Collection[int]

    def fileno(self) -> int: ...

    def read(self) -> list[tuple[int, int, int]]:
        """What has happened: (type, code, value). Raises OSError once the device is gone."""
        ...

    def grab(self) -> None:
        """From now on nobody else hears of its keys."""
        ...

    def close(self) -> None: ...


Open = Callable[[Path], Device]


class Reader:
    """Pure: the events of one device → which of layout.KEYS went down (True), up (False) or were lost (None).

    A key that repeats by itself is still held. After SYN_DROPPED the kernel has thrown events away, perhaps that a key
    was let go: what was held is forgotten, lest a lost release shut the box down.
    """

    def __init__(self) -> None:
        self.held: set[str] = set()

    def take(self, kind: int, code: int, value: int) -> list[tuple[str, bool | None]]:
        """What an event (type, code, value) says."""
        if kind == EV_SYN and code == SYN_DROPPED:
            return self.lose()
        key = CODES.get(code) if kind == EV_KEY else None
        if key is None or value not in (0, 1):
            return []
        (self.held.add if value else self.held.discard)(key)
        return [(key, bool(value))]

    def lose(self) -> list[tuple[str, bool | None]]:
        """The device is gone."""
        lost: list[tuple[str, bool | None]] = [(key, None) for key in sorted(self.held)]
        self.held.clear()
        return lost


class Keys(Endpoint):
    """Watches every device that has media keys; what they do is in `layout.KEYS`.

    only: the name of the one device to be watched, of which then nobody else hears. A device that cannot be opened is
    tried again when its rights change. Raises ControlError where evdev is not installed.
    """

    def __init__(
        self,
        do: Do,
        *,
        only: str = "",
        folder: Path = FOLDER,
        open_device: Open | None = None,
        scan_s: float = SCAN_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_device = open_device or evdev_opener()
        self._only, self._folder, self._scan_s = only.casefold(), folder, scan_s
        super().__init__("keys")
        self._seen: dict[Path, int] = {}  # devices looked at, by the time of their last change
        self._watched: dict[Device, tuple[Path, Reader]] = {}
        self._presses = Presses(KEYS, do, settle_s=0.0, clock=clock)  # a headset may let go as soon as it presses
        self._thread.start()

    def close(self) -> None:
        """Watch no more, and let go of what was grabbed."""
        super().close()
        self._presses.close()

    def _run(self) -> None:
        scan_at = 0.0
        while not self._closing.is_set():
            now = time.monotonic()
            if now >= scan_at:
                self._scan()
                scan_at = now + self._scan_s
            for device in self._wait((), max(0.0, scan_at - time.monotonic())):
                if device in self._watched:
                    self._read(device)
        for device in tuple(self._watched):
            self._lose(device)
        self._end()

    def _scan(self) -> None:
        there = {}
        for path in self._folder.glob("event*"):
            try:
                there[path] = path.stat().st_ctime_ns
            except OSError:  # gone again
                continue
        new = [path for path, changed in there.items() if self._seen.get(path) != changed]
        self._seen = there
        for path in sorted(new):
            if all(path != watched for watched, _ in self._watched.values()):
                self._look_at(path)

    def _look_at(self, path: Path) -> None:
        try:
            device = self._open_device(path)
        except OSError as err:
            log.info("keys: %s: %s", path, err.strerror or err)
            return
        name = device.name.casefold()
        is_wanted = not self._only or self._only in (name, name.removesuffix(AVRCP))
        if not is_wanted or not any(CODES.get(code, "mute") != "mute" for code in device.codes):
            device.close()
            return
        try:
            if self._only:
                device.grab()
            self._selector.register(device, selectors.EVENT_READ)
        except OSError as err:
            log.warning("keys: %s (%s) cannot be had alone: %s", device.name, path, err.strerror or err)
            device.close()
            return
        self._watched[device] = path, Reader()
        log.info("keys: watching %s (%s)", device.name, path)

    def _read(self, device: Device) -> None:
        try:
            events = device.read()
        except BlockingIOError:
            return
        except OSError:
            self._lose(device)
            return
        for event in events:
            self._tell(self._watched[device][1].take(*event))

    def _lose(self, device: Device) -> None:
        path, reader = self._watched.pop(device)
        self._tell(reader.lose())
        self._seen.pop(path, None)  # a device that comes back in its place is looked at
        self._selector.unregister(device)
        device.close()
        log.info("keys: %s is gone", device.name)

    def _tell(self, changes: list[tuple[str, bool | None]]) -> None:
        for key, is_down in changes:
            if is_down is None:
                self._presses.forget(key)
            else:
                self._presses.put(key, is_down=is_down)


def evdev_opener() -> Open:
    """Opens devices with evdev. Raises ControlError where it is not installed."""
    try:
        import evdev
    except ImportError as err:
        raise ControlError(f"media keys: {err}; install it: sudo apt install python3-evdev") from err

    class Evdev:
        """A device of evdev. Its own time stamps are wall clock time, which jumps: nobody looks at them."""

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

    return Evdev
