"""The state of the running assistant, for the doctor: a camera that it has open is not broken."""

from collections.abc import Callable
from dataclasses import field

from assistant.dataclass import dataclass
from assistant.doctor.finding import Finding, bad, good
from assistant.errors import IPCError, NotAllowedError
from assistant.ipc import control_client
from assistant.ipc.commands import NOT_ALLOWED, Command, Facts, Reply
from assistant.records import FaultName

CAMERA_FAULTS: dict[str, str] = {
    FaultName.CAMERA: "camera",
    FaultName.CAMERA_LOST: "camera",
    FaultName.CAMERA_BUSY: "memory",
    FaultName.TORN: "camera",
    FaultName.BLACK: "lens",
    FaultName.BLANK: "lens",
    FaultName.BLURRED: "focus",
}
"""The faults of the camera, with the advice for each: a key of [advice]."""


HEARD = ("microphone_level", "talk_detector", "microphone")
"""The facts of what is heard: the level, the package that tells talk from other sound, the device."""


@dataclass(frozen=True)
class RunningAssistant:
    """Whether an assistant runs, and its state."""

    is_there: bool = False
    """Whether one runs."""
    error: str = ""
    """Why it does not answer; empty if it does."""
    is_allowed: bool = True
    """Whether the user may send it commands."""
    facts: Facts = field(default_factory=dict)
    """Its reply to the command `facts`; empty where it gave none."""

    @staticmethod
    def find(send_command: Callable[[str], Reply] = control_client.send_command) -> "RunningAssistant":
        """Ask over the control socket."""
        try:
            reply = send_command(Command.FACTS)
        except control_client.NotRunningError:
            return RunningAssistant()
        except IPCError as err:
            return RunningAssistant(True, str(err), is_allowed=not isinstance(err, NotAllowedError))
        is_allowed = reply.facts.get(NOT_ALLOWED) is not True
        return RunningAssistant(True, "" if reply.ok else reply.text, is_allowed, reply.facts)

    def camera(self) -> Finding | None:
        """The state of the camera that it has open; None: it has none open, and the doctor may open it."""
        if refusal := self._refusal():
            return refusal
        faults = _names(self.facts.get("faults"))
        if not self.facts.get("vision") or FaultName.DETECTOR in faults:  # without a detector it opens no camera
            return None
        for name in faults:
            if name in CAMERA_FAULTS:
                return bad(f"faults.{name}", CAMERA_FAULTS[name], detail="so the running assistant says")
        if not self.facts.get("camera"):
            return bad("camera_none", "camera", detail="the running assistant has none open")
        return good("camera_held")

    def pins(self, name: str) -> Finding | None:
        """The state of the "buttons", the "camera_led" or the "haptics"; None: no assistant runs."""
        if refusal := self._refusal():
            return refusal
        if not self.is_there:
            return None
        faults = _names(self.facts.get("start_faults"))
        for fault in (name, name.removesuffix("s")):  # all of the buttons, or one
            if fault in faults:
                return bad(f"faults.{fault}", "pins", detail="so the running assistant says; its journal tells why")
        return good(name, detail="the running assistant has the pins")

    def microphone(self) -> Finding | None:
        """What the running assistant's microphone hears; None: no assistant runs, or it does not use the microphone,
        which the doctor may then open."""
        if refusal := self._refusal():
            return refusal
        if "listening" not in self.facts:
            return None
        if not self.facts["listening"]:
            return bad("faults.microphone", "microphone", detail=str(self.facts.get("listening_error")))
        level, detector, device = (str(self.facts.get(key)) for key in HEARD)
        return good("microphone", detail=f"{level} now, {detector}, {device or 'the default device'}")

    def _refusal(self) -> Finding | None:
        if not self.error:
            return None
        return bad("refused", "restart" if self.is_allowed else "ask", detail=self.error)


def _names(value: object) -> list[str]:
    """The items of a list as text; empty for any other value."""
    return list(map(str, value)) if isinstance(value, list) else []
