"""The machine that a figure was measured on, in one line."""

import os
import platform
from importlib.metadata import version
from pathlib import Path


def board(root: Path = Path("/")) -> str:
    """The name of the board ("Raspberry Pi 4 Model B Rev 1.5"), else the processor's; empty where neither is known.

    root: where /proc is looked for.
    """
    named, cpu = root / "proc/device-tree/model", root / "proc/cpuinfo"
    if named.is_file():
        return named.read_text("utf-8").strip("\0\n")
    if cpu.is_file():
        lines = cpu.read_text("utf-8").splitlines()
        return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return ""


def machine() -> str:
    """The board or processor, its cores and the runtime, in one line."""
    named, processor = board(), platform.processor() or platform.machine()
    names = [named, processor] if Path("/proc/device-tree/model").is_file() else [processor, named]
    cores = f"{os.cpu_count()} cores"
    return ", ".join([*filter(None, names), cores, platform.system(), f"ai-edge-litert {version('ai-edge-litert')}"])
