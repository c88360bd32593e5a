"""A stand-in for the command handler that records commands, and can be slow, fail or refuse them."""

import threading
from queue import SimpleQueue

from assistant.errors import AssistantError
from assistant.ipc.commands import Reply

WAIT_S = 5.0


class CommandHandlerStandin:
    """Replies to each command with its name. failure: raised instead. open: while cleared, it replies to nothing."""

    def __init__(self) -> None:
        self.asked: SimpleQueue[str] = SimpleQueue()
        self.failure: Exception | None = None
        self.open = threading.Event()
        self.open.set()

    def handle(self, command: str) -> Reply:
        self.asked.put(command)
        assert self.open.wait(WAIT_S)
        if self.failure is not None:
            raise self.failure
        return Reply(command != "wrong", f"{command}!", {"muted": True, "volume": 80} if command == "status" else {})

    def next(self) -> str:
        return self.asked.get(timeout=WAIT_S)


class ManualClock:
    """A clock in seconds that the test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


OUT_OF_ORDER = (AssistantError("out of paper"), ZeroDivisionError("division by zero"))
