"""The comparison with other programs, tests/peers: what can be held without installing them."""

import configparser
import itertools
import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.peers import environments, measure, report, scenes, table
from tests.peers.adapters import driver
from tests.peers.player import Player, PlayerError
from tests.peers.table import ROOT, Missing, Peer

FOLDER = ROOT / "tests" / "peers"
PEERS, MISSING = table.read()
labels = st.sampled_from(("happy", "sad", "neutral"))


def test_they_are_measured_by_hand_alone() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    assert "peers" in settings["tool:pytest"]["norecursedirs"].split()
    for file in (".ci/run", "Makefile"):
        assert "tests.peers" not in (ROOT / file).read_text("utf-8")


def test_nothing_of_others_lies_beside_the_adapters() -> None:
    files = [each for each in FOLDER.rglob("*") if each.is_file() and "__pycache__" not in each.parts]
    assert {each.suffix for each in files} == {".py", ".mjs", ".toml"}
    assert max(each.stat().st_size for each in files) < 20_000


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.key)
def test_what_is_installed_is_pinned(peer: Peer) -> None:
    for each in (*peer.install, *peer.separate):
        assert each == "{root}" or re.search(r"(==|<|.@)\d", each), each
    assert peer.kind == "checkout" or peer.install


def test_one_of_them_is_ours_and_each_group_has_one() -> None:
    assert [peer.key for peer in PEERS if peer.group == "ours"] == ["ours"]
    assert {peer.group for peer in PEERS} == set(table.GROUPS)
    assert {goal.group for goal in report.GOALS} <= set(table.GROUPS)


def test_a_wrong_entry_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "peers.toml"
    file.write_text(table.FILE.read_text("utf-8").replace('kind = "npm"', 'kind = "cargo"', 1))
    with pytest.raises(ValueError, match=r"peers\.face_api: unknown kind"):
        table.read(file)


def test_a_file_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    peer = next(each for each in PEERS if each.needs)
    monkeypatch.delenv("EMOTION_YUNET", raising=False)
    with pytest.raises(ValueError, match="EMOTION_YUNET names no file"):
        table.arguments(peer, tmp_path)
    (network := tmp_path / "yunet.onnx").touch()
    monkeypatch.setenv("EMOTION_YUNET", str(network))
    assert table.arguments(peer, tmp_path) == [str(network), str(tmp_path / "opencv/mini-xception.tflite")]


def test_environments_lie_outside_the_checkout(tmp_path: Path) -> None:
    assert environments.folder(tmp_path) == tmp_path
    with pytest.raises(ValueError, match="outside this checkout"):
        environments.folder(FOLDER / "environments")


def test_a_size_counts_a_file_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(os.urandom(2_000_000))
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    (tmp_path / "c").symlink_to(tmp_path / "a")
    assert environments.size_mb(tmp_path) == pytest.approx(2.0, abs=0.1)


@given(told=st.lists(st.none() | labels))
def test_frames_without_a_label_are_no_changes(told: list[str | None]) -> None:
    known = [each for each in told if each is not None]
    assert driver.changes(told) == driver.changes(known) <= max(0, len(known) - 1)
    assert driver.changes([each for label in known for each in (label, label)]) == driver.changes(known)


def test_a_change_is_a_new_label_of_the_largest_face() -> None:
    assert driver.changes(["happy", None, "sad", "sad", "happy"]) == 2
    assert driver.largest([(4.0, "sad"), (9.0, "happy")]) == "happy"
    assert driver.largest([]) is None


@given(length=st.integers(2, 50), count=st.integers(1, 200))
def test_a_clip_is_played_there_and_back_without_a_jump(length: int, count: int) -> None:
    indices = scenes.there_and_back(length, count)
    assert len(indices) == count
    assert indices[:length] == list(range(min(length, count)))
    assert all(0 <= each < length for each in indices)
    assert all(abs(one - other) == 1 for one, other in itertools.pairwise(indices))


@given(height=st.integers(1, 700), width=st.integers(1, 900))
def test_each_picture_has_the_size_of_the_camera(height: int, width: int) -> None:
    assert scenes.fitted(np.full((height, width, 3), 90, np.uint8)).shape == (480, 640, 3)


def test_in_the_empty_room_nothing_moves_but_the_noise() -> None:
    room = scenes.room(3)
    assert (room.shape, room.dtype) == ((3, 480, 640, 3), np.uint8)
    moved = np.abs(room[0].astype(int) - room[1]).mean()
    assert 0 < moved < 2 * scenes.NOISE
    assert room[0].std() > 20


def drawn(ms: float) -> dict[str, object]:
    return {
        "ready_cpu_s": [2.0, ms / 10, ms / 10],
        "ms": {scene.key: [ms, ms, 3 * ms] for scene in scenes.SCENES},
        "wall_ms": {},
        "changes": {scene.key: 6 for scene in scenes.SCENES},
        "peak_mib": 100.0,
    }


def test_figures_are_medians_beside_ours() -> None:
    told = measure.summary({"ours": drawn(5), "opencv": drawn(12), "fer": drawn(40)})
    assert told["ours"]["minute_cpu_s"] == pytest.approx(3.0)
    assert told["fer"]["ratio"]["empty"] == (8.0, 8.0, 8.0)
    assert told["ours"]["fps"] == pytest.approx(200)
    assert told["ours"]["whole_cpu_s"] == pytest.approx(3.5)
    seconds = sum(scene.chunks * scenes.CHUNK for scene in scenes.SCENES if scene.key in scenes.PEOPLE) / scenes.FPS
    assert told["fer"]["changes_a_minute"] == pytest.approx(3 * 6 * 60 / seconds)


def test_the_report_says_which_goals_are_missed_and_what_is_missing() -> None:
    told = {
        "peers": measure.summary({"ours": drawn(5), "opencv": drawn(12), "fer": drawn(40)}),
        "installed_mb": {"ours": 300, "opencv": 200, "fer": None},
        "skipped": {"fer, MTCNN": "not installed: --install"},
        "commit": "abc", "date": "2026-12-01", "machine": "a machine", "core": 1,
    }  # fmt: skip
    text = report.markdown(told, PEERS, [Missing("other", "1.0", "is a download")])
    assert "the loop, best ready-made package (fer, Haar): 8.0 times ours; the goal is 5\n" in text
    assert (
        "the loop, YuNet + mini-Xception (YuNet + mini-Xception by OpenCV): 2.4 times ours; the goal is 3: **missed**"
        in text
    )
    assert "other 1.0 (is a download)" in text
    assert "fer, MTCNN (not installed: --install)" in text
    assert {line.count("|") for line in text.splitlines() if line.startswith("|")} == {8, 10}


def test_ours_is_measured_through_its_public_interface(tmp_path: Path) -> None:
    ours = next(peer for peer in PEERS if peer.key == "ours")
    here = Peer("ours", ours.name, "checkout", ours.adapter, "ours", ours.note)
    scene = scenes.Scene("empty", "empty room", "", 1, 0)
    frames = scenes.write(scene, tmp_path, tmp_path)
    with Player(here, tmp_path, max(os.sched_getaffinity(0)), tmp_path / "log") as player:
        player.begin(scene, frames)
        first, more = player.play(1), player.play(3)
        assert (first["frames"], more["frames"]) == (1, 3)
        assert 0 < more["cpu_s"] < more["total_cpu_s"]
        assert more["peak_kib"] > 20_000
        assert player.end() == 0


def test_a_peer_that_fails_says_why(tmp_path: Path) -> None:
    broken = Peer("x", "broken", "checkout", ("read_opencv.py", "/nowhere", "/nowhere"), "built", "")
    with (
        Player(broken, tmp_path, max(os.sched_getaffinity(0)), tmp_path / "log") as player,
        pytest.raises(PlayerError, match=r"broken: its process has ended: .+log"),
    ):
        player.end()


def test_instructions_are_told_beside_ours() -> None:
    text = report.instructions(PEERS, {"ours": {"one": 50.0, "empty": 20.0}, "opencv": {"one": 160.0, "empty": 90.0}})
    assert "| YuNet + mini-Xception by OpenCV | 160 (3.2) | 90 (4.5) |" in text
    assert text.splitlines()[0] == "| million instructions a frame (times ours) | one face | empty room |"
