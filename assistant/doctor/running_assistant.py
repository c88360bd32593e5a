"""What the running assistant holds, and what it says of it: a camera that it uses is not broken."""

from collections.abc import Callable
from dataclasses import dataclass, field

from assistant.doctor.finding import Finding, bad, good
from assistant.errors import IPCError
from assistant.ipc import control_client
from assistant.ipc.commands import Command, Facts, Reply
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
"""Faults that vision tells in its heartbeats, with the advice for each."""


@dataclass(frozen=True)
class Running:
    """is_there: an assistant runs; trouble: why it does not answer; facts: how it is."""

    is_there: bool = False
    trouble: str = ""
    facts: Facts = field(default_factory=dict)

    @staticmethod
    def find(ask: Callable[[str], Reply] = control_client.send_command) -> "Running":
        """Ask over the control socket."""
        try:
            reply = ask(Command.FACTS)
        except control_client.NotRunningError:
            return Running()
        except IPCError as err:
            return Running(True, str(err))
        return Running(True, "" if reply.ok else reply.text, reply.facts)

    def camera(self) -> Finding | None:
        """What it says of the camera; None: it does not hold it."""
        if refusal := self._refusal():
            return refusal
        faults = _names(self.facts.get("faults"))
        if not self.facts.get("vision") or FaultName.DETECTOR in faults:  # without a detector it opens none
            return None
        for name in faults:
            if name in CAMERA_FAULTS:
                return bad(f"faults.{name}", CAMERA_FAULTS[name], detail="so the running assistant says")
        if not self.facts.get("camera"):
            return bad("camera_none", "camera", detail="the running assistant has none open")
        return good("camera_held")

    def pins(self, name: str) -> Finding | None:
        """What it says of "buttons" or "camera_led"; None: no assistant runs."""
        if refusal := self._refusal():
            return refusal
        if not self.is_there:
            return None
        if name in _names(self.facts.get("start_faults")):
            return bad(f"faults.{name}", "pins", detail="so the running assistant says; its journal tells why")
        return good(name, detail="the running assistant has the pins")

    def _refusal(self) -> Finding | None:
        if not self.trouble:
            return None
        return bad("refused", "ask" if "you may not" in self.trouble else "restart", detail=self.trouble)


def _names(value: object) -> list[str]:
    """A list of names, empty where there is something else."""
    return list(map(str, value)) if isinstance(value, list) else []
