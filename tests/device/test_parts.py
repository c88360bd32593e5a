"""The parts of the device tests that need no root and no emulator."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.vision.cameras.demo import photograph
from tests.device import installed, machine, recording, roots, table


def test_a_camera_packs_pictures_as_opencv_unpacks_them() -> None:
    image = cv2.resize(photograph("astronaut"), installed.SIZE, interpolation=cv2.INTER_AREA).astype(np.uint8)
    packed = installed.yuyv(image)
    assert packed.shape == (480, 640, 2)
    back = cv2.cvtColor(packed, cv2.COLOR_YUV2BGR_YUYV)
    assert np.abs(back.astype(int) - image).mean() < 3


def test_a_clip_fills_the_picture(tmp_path: Path) -> None:
    clip = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), 10, (480, 270))
    for grey in (50, 100, 150):
        writer.write(np.full((270, 480, 3), grey, np.uint8))
    writer.release()
    assert [round(float(each.mean()), -1) for each in installed.pictures(clip)] == [50, 100, 150]
    assert all(each.shape == (480, 640, 3) for each in installed.pictures(clip))


def record(tmp_path: Path, *sounds: tuple[float, np.ndarray], began: float = 20.0) -> recording.Recording:
    """Ten seconds of faint noise with sounds at these times, written as guest/recorder.py writes it."""
    noise = np.random.default_rng(3)
    samples = noise.normal(0, 5, 10 * recording.RATE)
    for at, sound in sounds:
        samples[round(at * recording.RATE) :][: len(sound)] += sound
    samples.astype(np.int16).tofile(tmp_path / "sound.raw")
    times = "".join(f"{began + (tenth + 1) / 10:.3f} 0\n" for tenth in range(100))
    (tmp_path / "sound.times").write_text(times + "30.1", "utf-8")  # cut off in the middle of a line
    return recording.Recording.load(tmp_path / "sound")


def noise_of(seed: int) -> np.ndarray:
    """A second of sound that is like no other."""
    return np.random.default_rng(seed).normal(0, 4000, recording.RATE).astype(np.float32)


def test_sentences_are_found_where_they_are_and_nowhere_else(tmp_path: Path) -> None:
    sound = record(tmp_path, (1.0, noise_of(1)), (4.0, noise_of(2)), (7.5, noise_of(1)))
    first, second = sound.find(noise_of(1))
    assert first[0] == pytest.approx(21.0, abs=0.01)
    assert second[0] == pytest.approx(27.5, abs=0.01)
    assert min(first[1], second[1]) > 0.99
    assert [round(at, 1) for at, _ in sound.find(noise_of(2))] == [24.0]
    assert sound.find(noise_of(3)) == []


def test_sound_is_counted_between_two_times(tmp_path: Path) -> None:
    sound = record(tmp_path, (1.0, noise_of(1)))
    assert sound.loud_s(20.0, 30.0) == pytest.approx(1.0, abs=0.11)
    assert sound.loud_s(23.0, 30.0) == 0.0


def test_a_machine_that_is_not_done_in_time_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in for QEMU, of which no process must be left."""
    program = tmp_path / "stands-in"
    program.write_text(
        f"#!{sys.executable}\nimport os, time\nprint('MARK 1.0', os.getpid(), flush=True)\ntime.sleep(99)\n"
    )
    program.chmod(0o755)
    monkeypatch.setitem(machine.KINDS, "amd64", machine.Kind(str(program), (), "ttyS0"))
    (tmp_path / "boot").mkdir()
    for name in ("vmlinuz-1", "initrd.img-1"):
        (tmp_path / "boot" / name).touch()
    marks: list[str] = []
    with pytest.raises(TimeoutError, match="not done within 1 s"):
        machine.run("amd64", tmp_path, tmp_path / "disk", tmp_path, 1.0, marks.append)
    assert not Path(f"/proc/{marks[0].split()[-1]}").exists()
    assert (tmp_path / "serial.log").read_bytes().startswith(b"MARK 1.0 ")


def test_the_mirror_is_the_one_of_this_machine() -> None:
    if not roots.shutil.which("apt-config"):
        pytest.skip("no apt on this machine")
    try:
        mirror = roots.mirror()
    except roots.RootError as err:
        pytest.skip(str(err))
    assert (
        mirror
        in subprocess.run(["grep", "-rhs", "debian", "/etc/apt"], capture_output=True, text=True, check=False).stdout
    )


def test_a_root_of_other_packages_is_another_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EMOTION_CACHE", str(tmp_path))
    before = roots.tar_of("machine", "arm64")
    assert before.parent == tmp_path
    monkeypatch.setitem(roots.PACKAGES, "machine", "systemd")
    assert roots.tar_of("machine", "arm64") != before


def test_the_readme_shows_the_last_run() -> None:
    text = (roots.REPOSITORY / "tests/README.md").read_text("utf-8")
    if not table.FILE.exists() or table.BEGIN not in text:
        pytest.skip("no run is shown yet")
    shown = text.partition(table.BEGIN)[2].partition(table.END)[0]
    assert shown == table.rows(json.loads(table.FILE.read_text("utf-8"))), "python -m tests.device.table"
