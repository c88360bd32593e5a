"""The processes of a running assistant, found from outside."""

import os
import signal
from pathlib import Path


def parts(parent: int) -> dict[str, int]:
    """The process numbers of vision and voice, of an assistant whose own number is `parent`."""
    threads = Path(f"/proc/{parent}/task").iterdir()  # a child belongs to the thread that started it
    numbers = " ".join((thread / "children").read_text() for thread in threads).split()
    lines = {int(number): Path(f"/proc/{number}/cmdline").read_text() for number in numbers}
    return {part: number for number, line in lines.items() for part in ("vision", "voice") if f"\0{part}\0" in line}


def hang(number: int) -> None:
    """Stop a process with all its threads, as one that hangs; SIGCONT ends that."""
    os.kill(number, signal.SIGSTOP)
    tasks = Path(f"/proc/{number}/task")
    while any((task / "stat").read_text().rpartition(")")[2].split()[0] != "T" for task in tasks.iterdir()):
        os.sched_yield()
