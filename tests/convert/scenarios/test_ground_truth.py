"""`truth.json`: written and read back, and one-line errors."""

import json
from pathlib import Path

import pytest

from assistant.ipc.commands import Command
from assistant.records import Box
from convert.data.fer2013_labels import DatasetError
from convert.scenarios.script import ground_truth
from convert.scenarios.script.ground_truth import BoxKeyframe, GroundTruth, Interval, PersonTimeline


def test_a_written_truth_json_is_read_back_equal(tmp_path: Path) -> None:
    hidden = (Interval(1.0, 2.0, ""), Interval(2.0, 3.5, "side_on"))
    moving = PersonTimeline(
        "a", (BoxKeyframe(0, 1, 2, 30, 40), BoxKeyframe(2, 11, 2, 30, 40)), (Interval(0, 4, "happy"),), hidden
    )
    made = GroundTruth("x", "change", 4.0, (moving,), ((2.5, Command.ASK),))
    (tmp_path / "truth.json").write_text(ground_truth.to_json(made))
    assert ground_truth.read(tmp_path / "truth.json", "x") == made
    assert moving.box_at(1.0) == Box(6, 2, 30, 40)
    assert moving.box_at(4.5) is None


GOOD = {"kind": "change", "seconds": 5, "people": [
    {"name": "a", "boxes": [[0, 1, 1, 9, 9]], "shows": [[0, 5, "happy"]]}]}  # fmt: skip


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        ("seconds", "long", "'long' is no number"),
        ("seconds", 0, "seconds must be above 0"),
        ("kind", 3, "kind must be a text"),
        ("people", {}, "people must be a list"),
        ("people", [3], "people[0] must be a table"),
        ("people", [{"name": "a", "shows": []}], "'boxes' is missing"),
        ("asks", [[1, "sing"]], "'sing'; allowed: 'ask'"),
        ("asks", [[2, "why"], [1, "why"]], "asks are not in order"),
        ("boxes", [], "boxes is empty"),
        ("boxes", [[0, 1, 2]], "expected [seconds, x, y, width, height]"),
        ("boxes", [[0, 1, 2, 0, 4]], "a box without size"),
        ("boxes", [[0, 1, 2, 3, float("nan")]], "is no number"),
        ("shows", [[0, 5, "glad"]], "'glad'; allowed: 'angry'"),
        ("shows", [[3, 1, "happy"]], "ends before it begins"),
        ("shows", [[0, 3, "happy"], [2, 4, "sad"]], "overlap or are not in order"),
        ("cannot_tell", [[0, 1, "tired"]], "'tired'; allowed"),
        pytest.param("seconds", 10**400, "is no number", id="seconds-of-400-digits"),
        ("asks", None, "asks must be a list"),
        ("asks", [3], "asks: expected [seconds, what]"),
        ("asks", [[1, "why", 2]], "asks: expected [seconds, what]"),
        ("asks", [[-0.1, "why"]], "asks: -0.1 is not within the clip's 5 seconds"),
        ("asks", [[5.1, "why"]], "asks: 5.1 is not within the clip's 5 seconds"),
        ("shows", [[-0.1, 5, "happy"]], "people[0].shows: -0.1 is not within the clip's 5 seconds"),
        ("shows", [[0, 50, "happy"]], "people[0].shows: 50 is not within the clip's 5 seconds"),
        ("cannot_tell", [[4, 5.1, "dark"]], "people[0].cannot_tell: 5.1 is not within the clip's 5 seconds"),
        ("cannot_tel", [[0, 1, "dark"]], "people[0]: 'cannot_tel'; allowed: 'name', 'boxes', 'shows', 'cannot_tell'"),
        ("ask", [], "the whole: 'ask'; allowed: 'kind', 'seconds', 'people', 'asks'"),
    ],
)
def test_an_invalid_ground_truth_is_a_one_line_error(where: str, value: object, message: str, tmp_path: Path) -> None:
    table = json.loads(json.dumps(GOOD))
    (table if where in ("seconds", "kind", "people", "asks", "ask") else table["people"][0])[where] = value
    assert message in refusal(tmp_path / "truth.json", json.dumps(table))


@pytest.mark.parametrize("content", ["[]", "null", "3", '"kind"'])
def test_a_ground_truth_that_is_no_table_is_a_one_line_error(content: str, tmp_path: Path) -> None:
    file = tmp_path / "truth.json"
    expected = f"{file}: the whole must be a table; emotion-convert scenarios --help shows the form"
    assert refusal(file, content) == expected


def refusal(file: Path, content: str) -> str:
    """The error for a ground truth, without a line break, starting with the path of the file."""
    file.write_text(content)
    with pytest.raises(DatasetError) as raised:
        ground_truth.read(file, "x")
    message = str(raised.value)
    assert message.startswith(f"{file}: ")
    assert "\n" not in message
    return message


def test_times_have_a_rounding_tolerance_and_boxes_may_be_outside_of_the_clip(tmp_path: Path) -> None:
    table = json.loads(json.dumps(GOOD))
    table["people"][0] |= {"boxes": [[-3, 1, 1, 9, 9], [8, 1, 1, 9, 9]], "shows": [[-0.04, 5.04, "happy"]]}
    table["asks"] = [[0, "why"], [5.04, "why"]]
    (tmp_path / "truth.json").write_text(json.dumps(table))
    made = ground_truth.read(tmp_path / "truth.json", "x")
    assert made.people[0].expressions == (Interval(-0.04, 5.04, "happy"),)
    assert made.questions == ((0, Command.WHY), (5.04, Command.WHY))
