"""Finds the child processes of a running assistant, and stops one."""

import os
import signal
from pathlib import Path


def process_ids(parent: int) -> dict[str, int]:
    """The process ids of "vision", "voice" and, if there is one, "preview" of the assistant with the id `parent`."""
    threads = Path(f"/proc/{parent}/task").iterdir()  # Linux lists a child under the thread that started it
    ids = " ".join((thread / "children").read_text() for thread in threads).split()
    lines = {int(process_id): Path(f"/proc/{process_id}/cmdline").read_text() for process_id in ids}
    parts = ("vision", "voice", "preview")
    return {part: process_id for process_id, line in lines.items() for part in parts if f"\0{part}\0" in line}


def hang(process_id: int) -> None:
    """Stop all threads of a process with SIGSTOP, so that it hangs until SIGCONT."""
    os.kill(process_id, signal.SIGSTOP)
    tasks = Path(f"/proc/{process_id}/task")
    while any((task / "stat").read_text().rpartition(")")[2].split()[0] != "T" for task in tasks.iterdir()):
        os.sched_yield()
