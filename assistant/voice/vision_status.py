"""What the voice knows of vision's eyes: whether the camera is open, and what is wrong; the light follows the camera.

It believes the last heartbeat for as long as the process that sent it is connected. A vision that hangs still holds the
camera open, and the light stays lit; one that has ended holds nothing, and the system closes its camera and its end of
the link together. A light that went out with the first missed heartbeat would be dark while the camera still looks.
"""

import logging

from assistant.errors import ControlError
from assistant.ipc.messages import Heartbeat
from assistant.records import FaultName
from assistant.voice.controls.gpio import CameraLed

log = logging.getLogger(__name__)

BLINDING = frozenset(
    (
        FaultName.CAMERA,
        FaultName.CAMERA_LOST,
        FaultName.CAMERA_BUSY,
        FaultName.TORN,
        FaultName.BLACK,
        FaultName.BLANK,
        FaultName.DETECTOR,
        FaultName.STEP,
    )
)
"""Faults of vision with which nothing is seen; with the others it does what it can."""


class VisionStatus:
    """Used by the link's thread; the facts may be read by any. light: None where none is set up."""

    def __init__(self, light: CameraLed | None = None) -> None:
        self._light = light
        self.is_open, self._is_covered = False, False
        self.faults: tuple[FaultName, ...] = ()

    @property
    def are_useful(self) -> bool:
        """Whether something can be seen."""
        return self._are_well and not self._is_covered

    @property
    def are_covered(self) -> bool:
        """Whether that is all that keeps them from seeing."""
        return self._are_well and self._is_covered

    @property
    def _are_well(self) -> bool:
        return self.is_open and BLINDING.isdisjoint(self.faults)

    def beat(self, heartbeat: Heartbeat) -> None:
        """Vision tells how it is."""
        self.faults, self._is_covered = heartbeat.faults, heartbeat.is_covered
        self._turn(is_open=heartbeat.camera)

    def gone(self) -> None:
        """Whoever was connected is no longer: another vision, if there is one, tells soon how it is."""
        self.faults, self._is_covered = (), False
        self._turn(is_open=False)

    def close(self) -> None:
        """No light any more."""
        light, self._light = self._light, None
        if light is not None:
            light.close()

    def _turn(self, *, is_open: bool) -> None:
        was_open, self.is_open = self.is_open, is_open
        light = self._light
        if light is None or is_open == was_open:
            return
        try:
            light.switch(is_on=is_open)
        except ControlError as err:  # the link goes on; the doctor and the next start tell of the pin
            log.warning("%s", err)
