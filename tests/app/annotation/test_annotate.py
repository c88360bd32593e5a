"""`replay --annotate`: pictures, sound and subtitles in step, of any recording, and nothing half-written."""

import errno
import re
import signal
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.app.annotation import annotate, clip_writer
from assistant.app.annotation.annotate import AnnotationError
from assistant.app.annotation.soundtrack import AUDIBLE
from assistant.app.api import with_source
from assistant.app.main import main
from assistant.app.replay import ReplaySummary
from assistant.config.settings import CameraSettings, Settings
from assistant.errors import SourceError

av = pytest.importorskip("av")

IN_STEP_S = 0.1
"""Picture, sound and subtitle may differ by so much."""
BRIEF = Settings(camera=CameraSettings(fps=5, picture_s=1.4))
"""A picture is shown in seven frames: enough to read the face."""


@pytest.fixture(autouse=True)
def fast_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(clip_writer.QUALITY, "preset", "ultrafast")


class Seen(NamedTuple):
    """A clip as a player shows it."""

    pictures: list[NDArray[np.uint8]]
    times: list[float]
    """Seconds at which each picture is shown."""
    sound: NDArray[np.int16]
    rate: int
    cues: list[tuple[float, float, str]]

    @property
    def sound_from_to(self) -> tuple[float, float]:
        """The first and the last moment that is heard."""
        heard = np.flatnonzero(np.abs(self.sound.astype(int)) >= AUDIBLE)
        return heard[0] / self.rate, heard[-1] / self.rate

    def shows_a_sentence(self, index: int, height: int) -> bool:
        """Whether there are letters in the strip below the picture, which is so high."""
        return bool((self.pictures[index][height + 4 :] > 150).any())


def seen(out: Path) -> Seen:
    with av.open(str(out)) as container:
        frames = [(frame.to_ndarray(format="bgr24"), frame.time) for frame in container.decode(video=0)]
    with av.open(str(out)) as container:
        start = None
        pieces = []
        for frame in container.decode(audio=0):
            start = frame.time if start is None else start
            pieces.append(frame.to_ndarray()[0])
        rate = container.streams.audio[0].rate
    sound = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    samples = np.concatenate([np.zeros(round((start or 0.0) * rate)), 32767 * sound]).astype(np.int16)
    text = out.with_suffix(".srt").read_text("utf-8")
    return Seen([frame for frame, _ in frames], [at for _, at in frames], samples, rate, parsed(text))


def parsed(text: str) -> list[tuple[float, float, str]]:
    def seconds(stamp: str) -> float:
        hours, minutes, rest = stamp.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(rest.replace(",", "."))

    blocks = [block.split("\n") for block in text.strip().split("\n\n") if block]
    return [(*map(seconds, lines[1].split(" --> ")), " ".join(lines[2:])) for lines in blocks]  # type: ignore[misc]


def write_clip(
    path: Path, pictures: Iterable[tuple[float, NDArray[np.uint8]]], codec: str = "ffv1", pixels: str = "bgr0"
) -> None:
    """A clip of pictures, each at its own time."""
    with av.open(str(path), "w") as container:
        stream: Any = None
        for at, picture in pictures:
            if stream is None:
                stream = container.add_stream(codec, rate=30)
                stream.height, stream.width, stream.pix_fmt = *picture.shape[:2], pixels
                stream.codec_context.time_base = Fraction(1, 1000)
            frame = av.VideoFrame.from_ndarray(picture, format="gray" if picture.ndim == 2 else "bgr24")
            frame.pts, frame.time_base = round(at * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.fixture(scope="module")
def face(astronaut: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A person who smiles, 240 by 240 pixels."""
    return np.asarray(cv2.resize(astronaut[:300, 80:380], (240, 240), interpolation=cv2.INTER_AREA), np.uint8)


def annotated(source: Path, out: Path, settings: Settings | None = None, faces: str = "all") -> Seen:
    made = list(annotate.annotate(with_source(settings or BRIEF, source), out, faces))
    assert isinstance(made[-1], ReplaySummary)
    return seen(out)


def uneven(count: int) -> list[float]:
    """Times of a clip whose rate varies between 20 and 5 pictures a second."""
    return [round(float(at), 3) for at in np.cumsum([(0.05, 0.2, 0.1)[number % 3] for number in range(count)])]


def test_sound_subtitles_and_pictures_are_in_step_where_the_frame_rate_varies(
    tmp_path: Path, face: NDArray[np.uint8]
) -> None:
    times = uneven(26)
    write_clip(tmp_path / "clip.mkv", [(at, face) for at in times])
    made = annotated(tmp_path / "clip.mkv", tmp_path / "out.mp4")
    assert [round(at, 2) for at in made.times[: len(times)]] == [round(at - times[0], 2) for at in times]
    ((start, end, text),) = made.cues
    assert text == "One person looks happy."
    first, last = made.sound_from_to
    assert abs(first - start) < IN_STEP_S
    assert abs(last - end) < IN_STEP_S
    shown = [at for index, at in enumerate(made.times) if made.shows_a_sentence(index, 640)]
    before = [at for at in made.times if at < shown[0]]
    assert before[-1] <= start <= shown[0] + IN_STEP_S  # from the first picture on that comes after the first word
    assert abs(shown[-1] - end) <= 0.2 + IN_STEP_S
    box = made.pictures[10][:640]
    assert (np.abs(box.astype(int) - (64, 220, 255)).sum(axis=2) < 60).sum() > 200  # the partner's box is yellow


def test_the_last_picture_is_held_until_the_last_word(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    write_clip(tmp_path / "clip.mkv", [(number / 10, face) for number in range(12)])
    made = annotated(tmp_path / "clip.mkv", tmp_path / "out.mp4")
    ((start, end, _),) = made.cues
    assert 0.7 < start < 1.2 < end
    assert made.times[-1] >= end - IN_STEP_S
    assert abs(made.sound_from_to[1] - end) < IN_STEP_S


def rotated(path: Path) -> None:
    """Mark the pictures of an MP4 file as turned by 90 degrees, as telephones do."""
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 4 + 40
    content[matrix : matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 240 << 16, 0, 1 << 30)
    path.write_bytes(content)


def test_a_clip_that_was_filmed_upright_is_upright(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    lying = np.ascontiguousarray(np.rot90(face[:, :200]))
    write_clip(tmp_path / "clip.mp4", [(number / 10, lying) for number in range(12)], "mpeg4", "yuv420p")
    rotated(tmp_path / "clip.mp4")
    made = annotated(tmp_path / "clip.mp4", tmp_path / "out.mp4")
    assert made.pictures[0].shape[1] == 534  # upright: 240 high and 200 wide, enlarged
    assert [text for _, _, text in made.cues] == ["One person looks happy."]


@pytest.mark.parametrize(("height", "width"), [(241, 321), (37, 19), (8, 300)])
def test_odd_sizes_and_grey_pictures_and_nobody_in_them(tmp_path: Path, height: int, width: int) -> None:
    grey = np.random.default_rng(0).integers(0, 255, (height, width)).astype(np.uint8)
    write_clip(tmp_path / "clip.mkv", [(number / 10, grey) for number in range(3)], pixels="gray")
    made = annotated(tmp_path / "clip.mkv", tmp_path / "out.mp4")
    assert len(made.pictures) == 3
    assert made.cues == []
    assert (tmp_path / "out.srt").read_text() == ""
    assert not (np.abs(made.sound.astype(int)) >= AUDIBLE).any()
    assert max(made.pictures[0].shape[:2]) >= 640


def test_a_single_frame(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    write_clip(tmp_path / "clip.mkv", [(0.0, face)])
    assert len(annotated(tmp_path / "clip.mkv", tmp_path / "out.mp4").pictures) == 1


def test_a_picture_and_a_folder_of_pictures_of_several_sizes(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    cv2.imwrite(str(folder / "1.png"), face)
    cv2.imwrite(str(folder / "2.png"), face[:, :100])
    single = annotated(folder / "1.png", tmp_path / "single.mp4")
    assert [text for _, _, text in single.cues] == ["One person looks happy."]
    both = annotated(folder, tmp_path / "both.mp4")
    assert {each.shape for each in both.pictures} == {single.pictures[0].shape}
    assert both.pictures[-1][:600, :100].max() < 24  # black beside the narrow one


def test_what_is_replaced_is_replaced_at_the_end_and_the_recording_never(
    tmp_path: Path, face: NDArray[np.uint8]
) -> None:
    write_clip(tmp_path / "clip.mp4", [(0.0, face), (0.1, face)], "mpeg4", "yuv420p")
    before = (tmp_path / "clip.mp4").read_bytes()
    (tmp_path / "link.mp4").symlink_to("clip.mp4")
    for name in ("clip.mp4", "link.mp4"):
        with pytest.raises(AnnotationError, match="is the recording itself; give another name"):
            annotated(tmp_path / "clip.mp4", tmp_path / name)
    assert (tmp_path / "clip.mp4").read_bytes() == before
    (tmp_path / "out.mp4").write_text("old")
    replaying = annotate.annotate(with_source(Settings(), tmp_path / "clip.mp4"), tmp_path / "out.mp4")
    next(replaying)
    replaying.close()
    assert (tmp_path / "out.mp4").read_text() == "old"
    annotated(tmp_path / "clip.mp4", tmp_path / "out.mp4")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["clip.mp4", "link.mp4", "out.mp4", "out.srt"]


def test_what_cannot_be_written_is_said_before_any_frame_is_read(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    cv2.imwrite(str(tmp_path / "face.png"), face)
    (tmp_path / "folder.mp4").mkdir()
    for out, message in (
        (tmp_path / "no" / "out.mp4", "out.mp4: cannot be written: No such file or directory"),
        (tmp_path / "folder.mp4", "folder.mp4: cannot be written: Is a directory"),
    ):
        with pytest.raises(AnnotationError, match=re.escape(message)):
            next(annotate.annotate(with_source(Settings(), tmp_path / "face.png"), out))


def test_a_recording_that_cannot_be_read_leaves_nothing(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), face)
    (tmp_path / "2.png").write_bytes(b"no picture")
    with pytest.raises(SourceError):
        list(annotate.annotate(with_source(Settings(), tmp_path), tmp_path / "out.mp4"))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["1.png", "2.png"]


class FullDisk:
    """A file on a disk with room for some bytes."""

    name = "full"

    def __init__(self, room: int) -> None:
        self._file, self._room = tempfile.SpooledTemporaryFile(), room  # noqa: SIM115

    def write(self, content: bytes) -> int:
        self._room -= len(content)
        if self._room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._file.write(content)

    def close(self) -> None:
        """What is buffered cannot be written at the end either."""
        self._file.close()
        if self._room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def test_a_full_disk_is_one_line_and_leaves_nothing(
    tmp_path: Path, face: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (30, 240, 240, 3)).astype(np.uint8)
    write_clip(tmp_path / "clip.mkv", [(number / 10, each) for number, each in enumerate(noise)])
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: FullDisk(40_000))
    out = tmp_path / "out.mp4"
    assert main(["replay", str(tmp_path / "clip.mkv"), "--annotate", str(out)]) == 1
    assert f"{out}: cannot be written: No space left on device\n" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["clip.mkv"]


def test_a_kill_leaves_nothing(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(200):
        cv2.imwrite(str(pictures / f"{number:03}.jpg"), face)
    out = tmp_path / "out"
    out.mkdir()
    command = [sys.executable, "-m", "assistant", "replay", str(pictures), "--annotate", str(out / "seen.mp4")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout
        assert b"looks happy" in child.stdout.readline()  # a few of its frames are written by now
        child.send_signal(signal.SIGKILL)
    assert list(out.iterdir()) == []


def test_one_face_or_all(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    two = np.hstack([face, face])
    cv2.imwrite(str(tmp_path / "two.png"), two)

    def boxes(faces: str) -> int:
        picture = annotated(tmp_path / "two.png", tmp_path / "out.mp4", faces=faces).pictures[6][:320]
        lit = (picture.min(axis=2) > 235) | (np.abs(picture.astype(int) - (64, 220, 255)).sum(axis=2) < 60)
        return sum(bool(half.sum() > 300) for half in (lit[:, :300], lit[:, 340:]))

    assert (boxes("all"), boxes("one")) == (2, 1)


def test_the_command_writes_both_files_and_prints_the_transcript(
    tmp_path: Path, face: NDArray[np.uint8], capsys: pytest.CaptureFixture[str]
) -> None:
    write_clip(tmp_path / "clip.mkv", [(number / 5, face) for number in range(7)])
    out = str(tmp_path / "seen.mp4")
    assert main(["replay", str(tmp_path / "clip.mkv"), "--annotate", out]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert "One person looks happy." in printed[0]
    assert printed[-1] == f"What is seen and heard is in {out}, its subtitles beside it."


def test_a_name_that_is_no_clip_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["replay", "clip.mp4", "--annotate", "out.avi"])
    assert "give a name that ends in .mp4" in capsys.readouterr().err


def test_without_pyav_one_line_says_what_to_install(
    tmp_path: Path, face: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite(str(tmp_path / "face.png"), face)
    monkeypatch.setitem(sys.modules, "av", None)
    assert main(["replay", str(tmp_path / "face.png"), "--annotate", str(tmp_path / "out.mp4")]) == 1
    said: Sequence[str] = capsys.readouterr().err.splitlines()
    assert said == ["emotion-assistant: av is not installed; pip install 'emotion-assistant[convert]'"]
    assert [each.name for each in tmp_path.iterdir()] == ["face.png"]


@pytest.mark.videos
def test_the_smiling_clip_is_in_step(tmp_path: Path, clips: Path) -> None:
    made = annotated(clips / "one-person-smiling.mp4", tmp_path / "out.mp4")
    ((start, end, text),) = made.cues
    assert text == "One person looks happy."
    first, last = made.sound_from_to
    assert max(abs(first - start), abs(last - end)) < IN_STEP_S
