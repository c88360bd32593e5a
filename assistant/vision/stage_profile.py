"""The stage table: what the stages of many frames cost, in memory that does not grow with their number."""

import math
import time
from collections.abc import Collection, Mapping
from dataclasses import field

from assistant.dataclass import dataclass
from assistant.vision.cameras import Clock
from assistant.vision.step import EVERYTHING, Work

LEAST_MS, BINS_PER_DOUBLING, BINS = 0.001, 8, 200
"""Milliseconds below which all times are one, and the bins above: each is 9 % wider than the one before it, the last
one begins at half a minute. A percentile is known to 4 %."""
STAGES = (
    "capture", "decode", "grey", "motion", "health", "detect", "track", "names", "crop", "quality", "classify", "read",
    "decide", "snapshot", "queue",
)  # fmt: skip
"""The order of the table; stages that are not listed follow."""
INTERVAL_S = 60.0
"""Seconds from one table in the log to the next."""


@dataclass
class _Stage:
    """The times of one stage."""

    count: int = 0
    total_ms: float = 0.0
    bins: list[int] = field(default_factory=lambda: [0] * BINS)

    def add(self, ms: float) -> None:
        place = math.log2(ms / LEAST_MS) * BINS_PER_DOUBLING if ms > LEAST_MS else 0.0
        self.bins[min(BINS - 1, int(place))] += 1
        self.count += 1
        self.total_ms += ms

    def percentile(self, share: float) -> float:
        """Milliseconds that so large a share of the times do not exceed: the middle of a bin."""
        wanted, seen = share * self.count, 0
        for number, count in enumerate(self.bins):
            seen += count
            if count and seen >= wanted:
                return float(LEAST_MS * 2 ** ((number + 0.5) / BINS_PER_DOUBLING))
        return 0.0


@dataclass(frozen=True)
class StageCost:
    """What a stage has cost."""

    stage: str
    frames: int
    """Frames in which it ran."""
    p50_ms: float
    """Median of those frames."""
    p95_ms: float
    core_share: float
    """Its time over all the time: 1 is a whole core."""


class StageProfile:
    """Adds up the times of frames."""

    frames: int
    """How many frames were taken in."""

    def __init__(self) -> None:
        self._stages: dict[str, _Stage] = {}
        self.frames = 0
        self._work = [0] * len(Work._fields)

    def add(self, stage_ms: Mapping[str, float], work: Work = EVERYTHING) -> None:
        """Take in the milliseconds of each stage of a frame, and what was done with it."""
        self.frames += 1
        self._work = [before + is_done for before, is_done in zip(self._work, work, strict=True)]
        for stage, ms in stage_ms.items():
            self._stages.setdefault(stage, _Stage()).add(ms)

    def costs(self, seconds: float) -> list[StageCost]:
        """The cost of each stage, in the order of STAGES. seconds: how long all of it has lasted."""
        return [
            StageCost(
                stage,
                held.count,
                held.percentile(0.5),
                held.percentile(0.95),
                held.total_ms / 1000 / seconds if seconds > 0 else 0.0,
            )
            for stage in in_order(self._stages)
            for held in (self._stages[stage],)
        ]

    def table(self, seconds: float, cpu_s: float | None = None) -> str:
        """The costs as a table. cpu_s: CPU seconds of the whole process in that time."""
        costs = self.costs(seconds)
        lines = [f"{'stage':10}{'frames':>8}{'p50 ms':>10}{'p95 ms':>10}{'of a core':>11}"]
        lines += [
            f"{each.stage:10}{each.frames:8}{each.p50_ms:10.3f}{each.p95_ms:10.3f}{each.core_share:11.2%}"
            for each in costs
        ]
        share = sum(each.core_share for each in costs)
        lines.append(f"{'together':10}{self.frames:8}{'':20}{share:11.2%}")
        if cpu_s is not None and seconds > 0:
            lines.append(f"{'process':38}{cpu_s / seconds:11.2%}")
        lines.append(self.work())
        return "\n".join(lines)

    def work(self) -> str:
        """The shares of the frames with which something was done, in a line."""
        return shares_of(self.frames, *self._work)


def shares_of(frames: int, processed: int, searched: int, read: int) -> str:
    """A line that tells which shares of the frames were processed, searched for faces, and had a face read."""
    shares = (f"{done / max(1, frames):.0%} {name}"
              for name, done in (("processed", processed), ("searched", searched), ("read", read)))  # fmt: skip
    return f"frames: {frames}, of which {', '.join(shares)}"


def in_order(stages: Collection[str]) -> list[str]:
    """The stages in the order of STAGES; others follow in their own order."""
    return [*(stage for stage in STAGES if stage in stages), *(stage for stage in stages if stage not in STAGES)]


class RunningProfile:
    """The stage table of a process that runs: of all its frames, and of those since the last `minute`."""

    def __init__(self, clock: Clock = time.monotonic, cpu_clock: Clock = time.process_time) -> None:
        """clock: seconds; cpu_clock: CPU seconds of this process."""
        self._clock, self._cpu_clock = clock, cpu_clock
        self._whole, self._minute = StageProfile(), StageProfile()
        self._began = self._minute_began = self._now()

    def add(self, stage_ms: Mapping[str, float], work: Work = EVERYTHING) -> None:
        """Take in the milliseconds of each stage of a frame, and what was done with it."""
        self._whole.add(stage_ms, work)
        self._minute.add(stage_ms, work)

    def minute(self) -> str:
        """The table of the frames since the last one, where INTERVAL_S have passed since; else empty."""
        now, began = self._now(), self._minute_began
        if now[0] - began[0] < INTERVAL_S:
            return ""
        told, self._minute, self._minute_began = self._minute, StageProfile(), now
        return told.table(now[0] - began[0], now[1] - began[1])

    def table(self) -> str:
        """The table of all frames."""
        now = self._now()
        return self._whole.table(now[0] - self._began[0], now[1] - self._began[1])

    def _now(self) -> tuple[float, float]:
        return self._clock(), self._cpu_clock()
