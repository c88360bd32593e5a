"""Sentences for tests of the voice process."""

from assistant.records import FaultName


class FakePhrases:
    """Phrases whose texts are their keys, and short English sentences for faults."""

    voice = "en"
    faults = {  # noqa: RUF012
        "vision": "The vision part stopped.", "camera": "Camera lost.", "undervoltage": "Power is weak.",
        "overheating": "I am hot.",
        "starting": "Still starting.", "sound_card": "Sound moved.", "disk": "I could not save.",
    }  # fmt: skip

    def status(self, name: str) -> str:
        return name

    def text(self, table: str, name: str) -> str:
        return f"{table}.{name}"

    def outage(self, seconds: float) -> str:
        return f"No sound for {seconds:.0f} s."

    def fault(self, name: FaultName, *, is_over: bool = False) -> str:
        return "It is back." if is_over else self.faults.get(name, str(name))
