"""Finds the processes of a running assistant, and stops one."""

import os
import signal
from pathlib import Path


def process_ids(parent: int) -> dict[str, int]:
    """The process ids of "vision" and "voice", of an assistant whose own process id is `parent`."""
    threads = Path(f"/proc/{parent}/task").iterdir()  # a child belongs to the thread that started it
    ids = " ".join((thread / "children").read_text() for thread in threads).split()
    lines = {int(process_id): Path(f"/proc/{process_id}/cmdline").read_text() for process_id in ids}
    return {
        part: process_id for process_id, line in lines.items() for part in ("vision", "voice") if f"\0{part}\0" in line
    }


def hang(process_id: int) -> None:
    """Stop a process with all its threads, so that it hangs; SIGCONT ends that."""
    os.kill(process_id, signal.SIGSTOP)
    tasks = Path(f"/proc/{process_id}/task")
    while any((task / "stat").read_text().rpartition(")")[2].split()[0] != "T" for task in tasks.iterdir()):
        os.sched_yield()
