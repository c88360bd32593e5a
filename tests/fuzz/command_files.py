"""The folder in which command lines are tried: valid files, and files of every wrong kind under every name.

Nothing that is named here lies outside the folder, not even "..": whatever a command writes, it writes there.
"""

import contextlib
import os
import shutil
import stat
import wave
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import cv2
import numpy as np

from convert.data.muxspace import EXPRESSIONS
from tests.support import damaged_models, drawn_faces
from tests.support.standins import clip

SUFFIXES = ("", ".tflite", ".toml", ".npz", ".csv", ".keras", ".h5", ".mp4", ".json", ".md", ".wav", ".onnx", ".txt")
MADE = tuple(f"text{suffix}" for suffix in SUFFIXES)
"""Files that hold a line of text, under each suffix."""
KINDS = ("empty", "folder", "fifo", "null", "loop", "dangling")
"""An empty file, a folder, a FIFO, a device that takes everything, a link to itself, a link to nothing."""
ODD = ("caf\udce9.png", "esc\x1b[2J.toml", "two\nlines.tflite", "esc\x1b[2J.mkv", "caf\udce9.tflite", "-1", "--run")
"""Files whose names cannot be printed as they are, or look like options."""
PATHS = (
    "mine.tflite", "lying.tflite", "stuck.tflite", "data",
    "data/fer2013.npz", "run", "run-wrong", "tiny.toml", "wrong.toml",
    "clip.avi", "still.png", "pictures", "faces", "faces/boxes.csv", "scenes", "settings.toml", "soft.npz", "mine.json",
    "model.keras",
    *MADE, *(f"{kind}{suffix}" for kind in KINDS for suffix in ("", ".tflite", ".toml", ".npz")), *ODD,
    "missing", "missing.tflite", "missing.toml", "missing/inner.tflite", "missing/inner/x.npz", "text.txt/inner.tflite",
    "text.txt/inner.md", "/proc/none/x.tflite", "/proc/none", "/proc/self/mem", "read-only/x.tflite",
    "read-only/x.toml",
    ".", "..", "./", "run/", "n" * 300 + ".tflite", "d/" * 2500 + "x.tflite",
)  # fmt: skip


@contextlib.contextmanager
def opened(base: Path) -> Iterator["Files"]:
    """The folder below `base`, as the current one."""
    files, before = Files(base), Path.cwd()
    os.chdir(files.folder)
    try:
        yield files
    finally:
        os.chdir(before)
        (files.folder / "read-only").chmod(0o700)


class Files:
    """The folder and what is in it; `restore` puts it back as it was made."""

    def __init__(self, base: Path) -> None:
        self.original, self.outer = base / "original", base / "outer"
        self.folder = self.outer / "inner"
        self.original.mkdir()
        _fill(self.original)
        self.copy()

    def restore(self) -> None:
        """Undo what a command has written, if it has written anything."""
        if _listing(self.outer) != self.held:
            self.copy()
            os.chdir(self.folder)

    def copy(self) -> None:
        """Make the folder anew from the original."""
        for place in self.outer.glob("inner/read-only"):
            place.chmod(0o700)
        shutil.rmtree(self.outer, ignore_errors=True)
        self.outer.mkdir()
        shutil.copytree(self.original, self.folder, symlinks=True, ignore=shutil.ignore_patterns("fifo*", "null*"))
        for suffix in ("", ".tflite", ".toml", ".npz"):
            os.mkfifo(self.folder / f"fifo{suffix}")
            self._make_device(f"null{suffix}")
        (self.folder / "read-only").chmod(0o500)
        self.held = _listing(self.outer)

    def _make_device(self, name: str) -> None:
        try:
            os.mknod(self.folder / name, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        except PermissionError:  # not root
            (self.folder / name).symlink_to("/dev/null")


def _listing(folder: Path) -> list[tuple[str, int, int, int]]:
    """Name, inode, size and time of all that is in a folder and below it."""
    found = []
    for place, _, names in os.walk(folder):
        for name in (".", *names):
            about = os.lstat(f"{place}/{name}")
            found.append((f"{place}/{name}", about.st_ino, about.st_size, about.st_mtime_ns))
    return sorted(found)


def _fill(folder: Path) -> None:
    for name in (*MADE, *ODD):
        (folder / name).write_text("a line of text\n")
    for suffix in ("", ".tflite", ".toml", ".npz"):
        (folder / f"empty{suffix}").touch()
        (folder / f"folder{suffix}").mkdir()
        (folder / f"loop{suffix}").symlink_to(f"loop{suffix}")
        (folder / f"dangling{suffix}").symlink_to("nowhere")
    (folder / "read-only").mkdir()
    (folder / "data").mkdir()
    drawn_faces.write_npz(drawn_faces.dataset(2, 2), folder / "data")
    damaged_models.copy(folder, "mine", "emotion-small-int8")
    damaged_models.copy(folder, "lying", "emotion-small-int8")
    damaged_models.rewrite_card(folder / "lying.tflite", labels="happy", recipe=3, head=[])
    damaged_models.copy(folder, "stuck", "emotion-small-int8")
    damaged_models.edit(folder / "stuck.tflite", damaged_models.stuck)
    damaged_models.rewrite_card(folder / "stuck.tflite", self_test=[])
    (folder / "tiny.toml").write_text(drawn_faces.TINY_RECIPE)
    (folder / "wrong.toml").write_text(drawn_faces.TINY_RECIPE.replace("epochs = 2", "epochs = -2"))
    (folder / "space.toml").write_text('[search]\n"schedule.learning_rate" = { low = 0.01, high = 0.5, log = true }\n')
    (folder / "settings.toml").write_text('[voice]\nengine = "printed"\n')
    for name, history in (("run", "epoch,loss,fer2013,ferplus,learning_rate,seconds\n1,0.5,0.5,0.5,0,1\n"),
                          ("run-wrong", "epoch\none\n\n")):  # fmt: skip
        run = folder / name
        run.mkdir()
        (run / "recipe.toml").write_text(drawn_faces.TINY_RECIPE)
        (run / "environment.json").write_text('{"recipe": "tiny", "seed": 3}' if name == "run" else "[1]")
        (run / "history.csv").write_text(history)
        (run / "best.weights.h5").write_text("no weights")
        damaged_models.copy(run, "mine-ferplus-float32", "emotion-small-int8")
    picture = np.full((120, 160, 3), 90, np.uint8)
    clip(str(folder / "clip.avi"), [picture[..., 0]] * 4)
    cv2.imwrite(str(folder / "still.png"), picture)
    for place in ("pictures", "faces", "data/faces/eval"):
        (folder / place).mkdir(parents=True)
        cv2.imwrite(str(folder / place / "wall.png"), picture)
        (folder / place / "boxes.csv").write_text("image,x,y,w,h,source\nwall.png,40,30,50,60,hand\n")
    _fill_muxspace(folder / "data/muxspace")
    (folder / "scenes/one").mkdir(parents=True)
    shutil.copy(folder / "clip.avi", folder / "scenes/one/clip.avi")
    (folder / "scenes/one/truth.json").write_text('{"kind": "still", "seconds": 0.4, "people": []}')
    with ZipFile(folder / "model.keras", "w") as made:
        made.writestr("config.json", "{}")
    with wave.open(str(folder / "text.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(800))


def _fill_muxspace(folder: Path) -> None:
    """Four people with a picture of each expression, of whom some are in each half."""
    rows = []
    for part in ("data", "images"):
        (folder / part).mkdir(parents=True)
    for label, emotion in enumerate(EXPRESSIONS):
        picture = cv2.resize(drawn_faces.picture(label % 7, label), (96, 96), interpolation=cv2.INTER_CUBIC)
        for person in ("anna", "berta", "carl", "dora"):
            rows.append(f"1,{person}-{label}.png,{emotion}\n")
            cv2.imwrite(str(folder / "images" / f"{person}-{label}.png"), picture)
    (folder / "data/legend.csv").write_text("user.id,image,emotion\n" + "".join(rows))
