"""What the running assistant holds, and what it says of it: a camera that it uses is not broken."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from assistant.doctor.finding import Finding, bad, good
from assistant.errors import IPCError
from assistant.ipc import control_client
from assistant.voice.controls import Reply

CAMERA_FAULTS = {
    "camera": "camera", "camera_lost": "camera", "camera_busy": "memory", "torn": "camera",
    "black": "lens", "blank": "lens", "blurred": "focus",
}  # fmt: skip
"""Faults that vision tells in its heartbeats, with the advice for each."""


@dataclass(frozen=True)
class Running:
    """is_there: an assistant runs; trouble: why it does not answer; facts: how it is."""

    is_there: bool = False
    trouble: str = ""
    facts: Mapping[str, str | int | float | bool] = field(default_factory=dict)

    @staticmethod
    def find(ask: Callable[[str], Reply] = control_client.ask) -> "Running":
        """Ask over the control socket."""
        try:
            reply = ask("facts")
        except control_client.NotRunningError:
            return Running()
        except IPCError as err:
            return Running(True, str(err))
        return Running(True, "" if reply.ok else reply.text, reply.facts)

    def camera(self) -> Finding | None:
        """What it says of the camera; None: it does not hold it."""
        if refusal := self._refusal():
            return refusal
        faults = str(self.facts.get("faults", "")).split()
        if not self.facts.get("vision") or "detector" in faults:  # without a detector it opens none
            return None
        for name in faults:
            if name in CAMERA_FAULTS:
                return bad(f"faults.{name}", CAMERA_FAULTS[name], detail="so the running assistant says")
        if not self.facts.get("camera"):
            return bad("camera_none", "camera", detail="the running assistant has none open")
        return good("camera_held")

    def pins(self, name: str) -> Finding | None:
        """What it says of "buttons" or "light"; None: no assistant runs."""
        if refusal := self._refusal():
            return refusal
        if not self.is_there:
            return None
        if name in str(self.facts.get("wrong", "")).split():
            return bad(f"faults.{name}", "pins", detail="so the running assistant says; its journal tells why")
        return good(name, detail="the running assistant has the pins")

    def _refusal(self) -> Finding | None:
        if not self.trouble:
            return None
        return bad("refused", "ask" if "you may not" in self.trouble else "restart", detail=self.trouble)
