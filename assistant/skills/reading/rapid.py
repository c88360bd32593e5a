"""RapidOCR (PP-OCRv6), for boards with memory to spare: its networks come in its wheel, and none is ever fetched."""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.errors import SkillError
from assistant.records import Box
from assistant.skills.reading.deskew import moved
from assistant.skills.reading.page import Page, prepared
from assistant.skills.reading.word import Word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

LOCALES = ("de", "en", "es", "fr", "it", "pt")
"""The languages of ours whose letters its network knows: all of Latin script."""
NETWORKS = {
    "Det.model_path": "PP-OCRv6_det_small.onnx",
    "Cls.model_path": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
    "Rec.model_path": "PP-OCRv6_rec_small.onnx",
}
"""Named one by one: what it looks for under a name of its own, it fetches where it is missing."""
MIN_MEMORY_MIB = 1900
"""Of the board, as the kernel counts it on one with 2 GB: reading takes 540 MiB."""
SURE = 0.95
"""Of hard photographs, its lines with a score below this had 15 of 49 words right, those above it 238 of 240."""
NO_MEMORY = "bad_alloc"
"""In what onnxruntime says where it gets no memory."""
MAX_ASPECT = 16
"""A picture whose sides differ more is widened: it would be shrunk until the short one vanishes."""
MEMORY = Path("/proc/meminfo")


def memory_mib() -> int:
    """The memory of this machine in MiB; 0 where the kernel does not say."""
    try:
        fields = dict(line.split(":", 1) for line in MEMORY.read_text("ascii").splitlines() if ":" in line)
        return int(fields["MemTotal"].split()[0]) // 1024
    except (OSError, ValueError, KeyError, IndexError):
        return 0


def is_installed() -> bool:
    """Whether its package is there; nothing is imported."""
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


def check() -> Path:
    """The folder of its networks. Raises SkillError where the package or one of them is missing, or the board is too
    small."""
    if memory_mib() < MIN_MEMORY_MIB:
        raise SkillError(f"rapidocr needs a board with 2 GB of memory, this one has {memory_mib()} MiB", "missing")
    package = find_spec("rapidocr")
    if not is_installed() or package is None or package.origin is None:
        raise SkillError("rapidocr is not installed: sudo systemd/install.sh --read=rapidocr", "missing")
    folder = Path(package.origin).parent / "models"
    missing = [name for name in NETWORKS.values() if not (folder / name).is_file()]
    if missing:
        raise SkillError(f"{folder}: {', '.join(missing)} is missing: install rapidocr 3.10 again", "missing")
    return folder


class RapidReader:
    """Reads with RapidOCR."""

    finds_turned = True

    def __init__(self) -> None:
        """Raises SkillError where `check` does, or it cannot be loaded."""
        folder = check()
        parameters: dict[str, Any] = {key: str(folder / name) for key, name in NETWORKS.items()}
        parameters |= {"Global.log_level": "critical", "EngineConfig.onnxruntime.intra_op_num_threads": 2}
        parameters |= {"Rec.rec_batch_num": 1}  # six long lines at once take more than the memory limit of the engine
        try:
            import rapidocr

            self._reader: Any = rapidocr.RapidOCR(params=parameters)
        except Exception as err:  # whatever its own parts raise
            raise SkillError(f"rapidocr cannot be loaded: {err!r}"[:300], "missing") from err

    def languages(self, locales: Sequence[str]) -> tuple[str, ...]:
        """Those of the languages that it reads."""
        return tuple(each for each in locales if each in LOCALES)

    def read(self, image: NDArray[np.uint8], locales: Sequence[str]) -> tuple[list[Word], bool]:
        """The words of a picture uint8 [H, W] or [H, W, 3] BGR, and False: it reads every Latin language alike. Raises
        SkillError where it fails."""
        page = prepared(image)  # only for how the lines lie: it reads better what nobody has touched
        height, width = image.shape[:2]
        least = math.ceil(max(height, width) / MAX_ASPECT)
        edges = (0, max(0, least - height)), (0, max(0, least - width)), (0, 0)
        colours = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
        colours = np.pad(colours, edges, "edge")
        try:
            result = self._reader(colours, use_cls=False)
        except Exception as err:  # whatever its own parts raise
            last = str(err).strip().splitlines()[-1:] or [type(err).__name__]
            reason = "memory" if NO_MEMORY in str(err) or isinstance(err, MemoryError) else "failed"
            raise SkillError(f"rapidocr failed: {last[0][:200]}", reason) from err
        words: list[Word] = []
        for text, confidence, corners in zip(result.txts or (), result.scores or (), _quads(result), strict=False):
            words += _words(str(text), calibrated(float(confidence)), corners, page)
        return words, False

    def close(self) -> None:
        """Gives its networks free."""
        self._reader = None


def calibrated(score: float) -> float:
    """The confidence of a line, on the scale of `trust`: SURE is just not enough there."""
    return min(1.0, 0.6 * score / SURE if score < SURE else 0.6 + 0.4 * (score - SURE) / (1 - SURE))


def _quads(result: Any) -> NDArray[np.float64]:
    """float64 [N, 4, 2]: the corners of each line that was read."""
    return np.zeros((0, 4, 2)) if result.boxes is None else np.asarray(result.boxes, np.float64).reshape(-1, 4, 2)


def _words(text: str, confidence: float, corners: NDArray[np.float64], page: Page) -> Iterator[Word]:
    """The words of a line whose corners [4, 2] are in pixels of the picture, each as wide as its share of the
    characters: the reader's own boxes of words divide some words."""
    at, count = 0, max(1, len(text))
    for part in text.split():
        at = text.index(part, at)
        first, last = at / count, (at + len(part)) / count
        at += len(part)
        left_top, right_top, right_low, left_low = corners
        quad = np.array([
            left_top + first * (right_top - left_top), left_top + last * (right_top - left_top),
            left_low + last * (right_low - left_low), left_low + first * (right_low - left_low),
        ])  # fmt: skip
        level = moved(quad, page.to_page)
        low, size = level.min(axis=0), np.ptp(level, axis=0)
        box = Box(float(low[0]), float(low[1]), float(size[0]), float(size[1]))
        yield Word(part, confidence, box, tuple((float(x), float(y)) for x, y in quad))
