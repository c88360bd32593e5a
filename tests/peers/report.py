"""The figures as Markdown: two tables, the goals, what is missing and why."""

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any, NamedTuple

from tests.peers.measure import STARTS
from tests.peers.scenes import CHUNK, FPS, SCENES, SIZE
from tests.peers.table import Missing, Peer

MARKERS = ("<!-- peers -->", "<!-- /peers -->")
"""Comments in `models/README.md` that enclose the tables."""

METHOD = (
    f"Frames of {SIZE[0]}x{SIZE[1]} at {FPS} a second, decoded before; clips of 16:9 are extended by their border. The "
    f"programs take turns every {CHUNK} frames, and a scene's first pieces are not counted. A figure is the median of "
    "the counted pieces, in CPU time of the whole process; a range is that of all pieces, each over ours of the same "
    f"frames. *Ready* ends with the first frame that is read (median of {STARTS} starts). *Live*: a frame comes when "
    "it is due. *Installed* is what the environment takes beside an empty one, without the interpreter. *Changes*: of "
    "the largest face's label from frame to frame; ours are announcements that are spoken."
)
"""How the figures are measured."""


class Goal(NamedTuple):
    """What is held against whom: so many times ours at least."""

    title: str
    figure: str
    """Key of a figure in a summary, or that of a scene."""
    group: str
    factor: float


GOALS = (
    Goal("the loop, best ready-made package", "minute_cpu_s", "package", 5),
    Goal("the loop, YuNet + mini-Xception", "minute_cpu_s", "built", 3),
    Goal("an empty room, best ready-made package", "empty", "package", 10),
    Goal("an empty room, YuNet + mini-Xception", "empty", "built", 10),
    Goal("an empty room live, best ready-made package", "live_empty", "package", 10),
    Goal("start and one minute, best ready-made package", "whole_cpu_s", "package", 15),
)


def figure(told: Mapping[str, Any], name: str) -> float:
    """A figure of a peer: one of its own, or its milliseconds in a scene."""
    return float(told[name] if name in told else told["ms"][name])


def goals(peers: Sequence[Peer], told: Mapping[str, Mapping[str, Any]]) -> list[tuple[Goal, str, float]]:
    """Each goal that can be told, the name of the cheapest of its group, and how many times ours that one takes."""
    ours = next(peer for peer in peers if peer.group == "ours")
    reached = []
    for goal in GOALS:
        held = [peer for peer in peers if peer.group == goal.group]
        if held:
            best = min(held, key=lambda peer: figure(told[peer.key], goal.figure))
            factor = figure(told[best.key], goal.figure) / figure(told[ours.key], goal.figure)
            reached.append((goal, best.name, factor))
    return reached


def markdown(report: Mapping[str, Any], peers: Sequence[Peer], missing: Sequence[Missing]) -> str:
    """The text between MARKERS. report: {"peers": summary, "installed_mb": by key, "skipped": {name: reason}, "commit",
    "date", "machine", "core"}."""
    told = report["peers"]
    held = [peer for peer in peers if peer.key in told]
    scenes = _rows(
        ["CPU ms a frame (times ours)", *(scene.title for scene in SCENES)],
        [
            [peer.name, *(_ms(told[peer.key], scene.key, is_ours=peer.group == "ours") for scene in SCENES)]
            for peer in held
        ],
    )
    heads = (
        "", "CPU s a clip minute", "times ours: median (range)", "frames a CPU second", "CPU s to ready",
        "start and one minute, CPU s", "peak MiB", "installed MB", "changes a minute",
    )  # fmt: skip
    rest = _rows(heads, [_rest(peer, told[peer.key], report["installed_mb"][peer.key]) for peer in held])
    kept = [
        f"- {goal.title} ({name}): {factor:.1f} times ours; the goal is {goal.factor:g}"
        f"{'' if factor >= goal.factor else ': **missed**'}"
        for goal, name, factor in goals(held, told)
    ]
    notes = [f"- {peer.name}: {peer.note}" for peer in held]
    reasons = [f"{each.name} {each.checked} ({each.reason})" for each in missing]
    reasons += [f"{name} ({reason})" for name, reason in report["skipped"].items()]
    head = (
        f"{report['date']}, {report['commit']}; {report['machine']}; core {report['core']} alone, one thread. "
        "`python -m tests.peers --readme models/README.md`."
    )
    return "\n\n".join((
        head,
        scenes,
        rest,
        "\n".join(kept),
        "\n".join(notes),
        fill(METHOD, 120),
        fill(f"Not measured: {'; '.join(reasons)}.", 120),
    ))  # fmt: skip


def instructions(peers: Sequence[Peer], counted: Mapping[str, Mapping[str, float]]) -> str:
    """A table of instructions. counted: by peer and scene, millions a frame."""
    ours = counted[next(peer.key for peer in peers if peer.group == "ours")]
    titles = {scene.key: scene.title for scene in SCENES}
    return _rows(
        ["million instructions a frame (times ours)", *(titles[key] for key in ours)],
        [
            [peer.name, *(f"{each:.0f} ({each / ours[key]:.1f})" for key, each in counted[peer.key].items())]
            for peer in peers
            if peer.key in counted
        ],
    )


def _ms(told: Mapping[str, Any], scene: str, *, is_ours: bool) -> str:
    ms = f"{told['ms'][scene]:.1f}"
    return ms if is_ours else f"{ms} ({told['ratio'][scene][0]:.1f})"


def _rest(peer: Peer, told: Mapping[str, Any], installed: int | None) -> list[str]:
    median, low, high = told["people_ratio"]
    changes = told["changes_a_minute"]
    return [
        peer.name,
        f"{told['minute_cpu_s']:.1f}",
        "1" if peer.group == "ours" else f"{median:.1f} ({low:.1f} to {high:.1f})",
        f"{told['fps']:.0f}",
        f"{told['ready_cpu_s']:.2f}",
        f"{told['whole_cpu_s']:.1f}",
        f"{told['peak_mib']:.0f}",
        "-" if installed is None else f"{installed:,}",
        "-" if changes is None else f"{changes:.0f}",
    ]


def _rows(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)
