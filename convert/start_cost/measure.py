"""Seconds and CPU time to ready, what the imports take, and the memory of a running assistant."""

import datetime
import re
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.system.progress import track
from convert.machine import machine
from convert.start_cost.running import PARTS, cpu_s, running

IMPORT_ROUNDS = 3
"""Starts in which imports are timed; the smallest time of each module counts: the rest is other programs'."""
OWN = ("assistant", "emotion_assistant")
IMPORT = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")
"""A line of `python -X importtime`: microseconds of the module itself, and its name."""
MEMORY = {"pss": "Pss", "rss": "Rss", "anonymous": "Anonymous"}
"""What is reported of /proc/PID/smaps_rollup: all that is mapped, a page that several processes map counted in part;
the same counted in full; and what is not of a file. The pages of files, the code of libraries, the kernel can drop and
read again."""


def measure(clip: Path | None, rounds: int, memory_after_s: float) -> dict[str, Any]:
    """The report. clip: what the camera shows; None: the demo's photographs. memory_after_s: seconds from ready to the
    measurement of memory. Raises AssistantError where there is no such clip, or an assistant does not become ready."""
    if clip is not None and not clip.is_file():
        raise AssistantError(f"{clip}: no such clip")
    starts = [_start(clip) for _ in track(range(rounds + 1), "start", "starts")][1:]  # the first one fills caches
    ready, cpu = zip(*starts, strict=True)
    totals = [sum(each.values()) for each in cpu]
    return {
        "machine": machine(),
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "starts": rounds,
        "ready_s": _spread(list(ready)),
        "cpu_s": _spread(totals),
        "cpu_s_of": {part: _spread([each[part] for each in cpu]) for part in PARTS},
        "imports": {part: _imports(clip, part) for part in PARTS},
        "memory_after_s": memory_after_s,
        "memory_mb": _memory(clip, memory_after_s),
    }


def _start(clip: Path | None) -> tuple[float, dict[str, float]]:
    with running(clip) as assistant:
        return assistant.ready_s, {part: cpu_s(number) for part, number in assistant.parts().items()}


def _spread(values: list[float]) -> dict[str, float]:
    return {"least": round(min(values), 3), "median": round(statistics.median(values), 3)}


def _imports(clip: Path | None, part: str) -> dict[str, Any]:
    """Milliseconds of the imports of a process until it is ready, and how many modules these are."""
    least: dict[str, int] = {}
    for _ in range(IMPORT_ROUNDS):
        with tempfile.TemporaryDirectory(prefix="emotion-convert-") as folder:
            log = Path(folder) / "imports"
            with running(clip, "-X", "importtime", part=part, log=log):
                pass
            for us, module in IMPORT.findall(log.read_text("utf-8", "replace")):
                least[module] = min(int(us), least.get(module, int(us)))
    own = [us for module, us in least.items() if module.split(".")[0] in OWN]
    return {
        "own_ms": round(sum(own) / 1000, 1), "own_modules": len(own),
        "all_ms": round(sum(least.values()) / 1000, 1), "all_modules": len(least),
    }  # fmt: skip


def _memory(clip: Path | None, after_s: float) -> dict[str, dict[str, float]]:
    with running(clip) as assistant:
        time.sleep(after_s)
        return {part: memory_mb(number) for part, number in assistant.parts().items()}


def memory_mb(process_id: int) -> dict[str, float]:
    """The memory of a process in MB (10^6 bytes), see MEMORY. Raises OSError."""
    lines = Path(f"/proc/{process_id}/smaps_rollup").read_text("ascii").splitlines()
    kib = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines[1:])}
    return {name: round(kib[field] * 1024 / 1e6, 1) for name, field in MEMORY.items()}


def as_text(report: dict[str, Any]) -> str:
    """The report for a terminal."""
    ready, cpu, imports, memory = (report[key] for key in ("ready_s", "cpu_s", "imports", "memory_mb"))
    shares = ", ".join(f"{part} {report['cpu_s_of'][part]['least']:.2f}" for part in PARTS)
    lines = [
        f"{report['machine']}; {report['date']}",
        "",
        (
            f"ready after {ready['least']:.2f} s (median {ready['median']:.2f}) of {report['starts']} starts; "
            f"CPU time {cpu['least']:.2f} s (median {cpu['median']:.2f}): {shares}"
        ),
        "",
        f"{'':8}{'imports of our own':>22}{'of all':>22}{'after ' + format(report['memory_after_s'], 'g') + ' s':>14}",
    ]
    for part in PARTS:
        made, held = imports[part], memory[part]
        own = f"{made['own_ms']:.0f} ms, {made['own_modules']} modules"
        every = f"{made['all_ms']:.0f} ms, {made['all_modules']} modules"
        of_all = f"of {held['rss']:.0f} resident; {held['anonymous']:.0f} anonymous"
        lines.append(f"{part:8}{own:>22}{every:>22}{held['pss']:9.1f} MB ({of_all})")
    both = sum(memory[part]["pss"] for part in ("vision", "voice"))
    lines += ["", f"vision and voice together {both:.1f} MB (PSS: less where other programs map the same files)"]
    return "\n".join(lines)
