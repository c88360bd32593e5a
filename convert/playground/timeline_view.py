"""The result of a clip as HTML: lanes of what was true, seen and said, and a table of the sentences."""

from collections.abc import Iterable, Sequence
from html import escape

from assistant.records import CANNOT_TELL, NOBODY
from convert.playground import markup, picture_view
from convert.playground.clip import ClipResult, Said, Stretch
from convert.scenarios.script.ground_truth import PersonTimeline

COLOURS = {
    "happy": "#ffe08a",
    "surprise": "#ffc2e2",
    "neutral": "#d7e3f4",
    "sad": "#a9c8f5",
    "angry": "#ffb3a7",
    "fear": "#d9c2f0",
    "disgust": "#c3e6b5",
    "contempt": "#e8d3b0",
    CANNOT_TELL: "#d6d6d6",
    NOBODY: "#eeeeee",
}
"""Light colours, on which black words are read."""
STATE_NAMES = {NOBODY: "just seen"}
"""The names of states that are not told as they are called: a track that has just begun is nobody yet."""
LABEL_SHARE = 0.07
"""Share of the timeline from which a state's name fits."""
VERDICTS = {
    "correct": "true",
    "late": "no longer true",
    "wrong_person": "of another person",
    "false": "not true",
    "brief": "too brief to count",
    "": "",
}
"""What the ground truth says of a sentence."""


def as_html(result: ClipResult) -> str:
    """The whole result."""
    length = max(result.seconds, 0.1)
    lanes = [_truth_lane(person, length) for person in (result.truth.people if result.truth else ())]
    lanes += [
        _lane(f"seen: person {track}", stretches, length)
        for track, stretches in result.states.items()
        if any(each.state != NOBODY for each in stretches)
    ]
    lanes.append(_said_lane(result.said, length))
    about = (
        f"{markup.counted(len(result.said), 'sentence', 'sentences')} in {result.seconds:.1f} s, "
        f"{markup.counted(result.frames, 'picture', 'pictures')}."
    )
    picture = (
        '<div class="lanes" role="img" aria-label="Timeline of the clip. The table below says the same in words.">'
        f'{"".join(lanes)}<div class="scale" aria-hidden="true"><span>0 s</span><span>{length:.1f} s</span></div></div>'
    )
    return f'<p class="note">{escape(about)}</p>{picture}{_table(result)}'


def _truth_lane(person: PersonTimeline, length: float) -> str:
    shown = [Stretch(each.start, each.end, each.value) for each in person.expressions]
    return _lane(f"true: {person.name}", shown, length)


def _lane(name: str, stretches: Iterable[Stretch], length: float) -> str:
    parts = "".join(
        f'<span class="stretch" style="left:{each.start / length:.2%};width:{(each.end - each.start) / length:.2%};'
        f'background:{COLOURS.get(each.state, "#fff")}" title="{_stretch_title(each)}">{_label(each, length)}</span>'
        for each in stretches
    )
    return f'<div class="lane"><span class="name">{escape(name)}</span><div class="track">{parts}</div></div>'


def _label(stretch: Stretch, length: float) -> str:
    """The state, where there is room for the word."""
    return _state(stretch.state) if (stretch.end - stretch.start) / length >= LABEL_SHARE else ""


def _stretch_title(stretch: Stretch) -> str:
    return f"{_state(stretch.state)}, {stretch.start:.1f} to {stretch.end:.1f} s"


def _state(state: str) -> str:
    return escape(STATE_NAMES.get(state, state))


def _said_lane(said: Sequence[Said], length: float) -> str:
    marks = "".join(
        f'<span class="mark" style="left:{each.started_at / length:.2%}" title="{escape(each.text)}">{number}</span>'
        for number, each in enumerate(said, 1)
        if each.started_at is not None
    )
    return f'<div class="lane"><span class="name">said</span><div class="track">{marks}</div></div>'


def _table(result: ClipResult) -> str:
    if not result.said:
        return markup.note("Nothing is said of this clip.")
    truth = '<th scope="col">True?</th>' if result.truth is not None else ""
    rows = "".join(_row(number, each, result) for number, each in enumerate(result.said, 1))
    return (
        '<table class="sentences"><caption>What is said, when and why</caption><thead><tr><th scope="col">No.</th>'
        '<th scope="col">When</th><th scope="col">Sentence</th><th scope="col">Sound</th><th scope="col">Why</th>'
        f"{truth}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(number: int, said: Said, result: ClipResult) -> str:
    when = "not said" if said.started_at is None else f"{said.started_at:.1f} s"
    noticed = f'<br><span class="note">noticed at {said.noticed_at:.1f} s</span>'
    shown = ""
    if said.view is not None and said.view.faces:
        shown = (
            f"<details><summary>Picture and probabilities</summary>{markup.picture(*said.view)}"
            f"{picture_view.faces(said.view.faces)}</details>"
        )
    player = "" if said.started_at is None else markup.sound(said.text, result.voice)
    verdict = "" if result.truth is None else f'<td data-name="True?">{VERDICTS.get(said.verdict, said.verdict)}</td>'
    return (
        f'<tr><td data-name="No.">{number}</td><td data-name="When">{when}{noticed}</td>'
        f'<th scope="row">{escape(said.text)}</th><td data-name="Sound">{player}</td>'
        f'<td data-name="Why">{escape(said.why)}{shown}</td>{verdict}</tr>'
    )
