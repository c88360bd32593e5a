"""Embeddings of the faces of muxspace, as they are, smaller, and as a track would show them; kept in a temporary file,
because each takes a twentieth of a second and there are tens of thousands."""

import hashlib
import multiprocessing
import os
import tempfile
import zipfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import DetectorSettings
from assistant.records import Face
from assistant.skills.friends import gates
from assistant.skills.friends.alignment import align
from assistant.skills.friends.recognizer import Recognizer, open_recognizer
from assistant.system.progress import Progress
from assistant.vision.detectors import FaceDetector, open_detector
from convert.data import picture_files

AS_IT_IS, SMALL = "as it is", "small"
LOOKS = ("look 1", "look 2")
"""The variants of a picture: unchanged; its face SMALL_WIDTH_PX wide; and two other looks of the same track, with
another size, tilt, light and noise each."""
SMALL_WIDTH_PX = 32.0
"""So wide that a face found anew is rarely below the 30 pixels of the gate."""
MAX_TILT_DEG, MIN_LOOK_SCALE, MAX_NOISE = 8.0, 0.5, 4.0
"""How far the looks of a track differ: tilt either way, size down to this share, noise in grey levels."""
PART = 100
"""Pictures that a process embeds before they are kept."""

Wanted = tuple[str, str]
"""The file name of a picture, and a variant."""


@dataclass(frozen=True)
class Embeddings:
    """Of some pictures, in their order."""

    vectors: NDArray[np.float32]
    """Float32 [N, D] of length 1; zeros where no face was found."""
    refusals: tuple[str, ...]
    """Why each view would be refused; empty where it is good enough."""

    @property
    def found(self) -> NDArray[np.bool_]:
        """Bool [N]: a face was found."""
        return np.asarray(self.vectors.any(axis=1))

    @property
    def good(self) -> NDArray[np.bool_]:
        """Bool [N]: a face was found and would be looked at."""
        return self.found & np.array([not each for each in self.refusals], bool)


def embed_pictures(images: Path, recognizer: Path, wanted: Sequence[Wanted], processes: int = 2) -> Embeddings:
    """The embeddings of pictures in the folder `images`; those made before are read from the temporary file."""
    digest = hashlib.sha256(recognizer.read_bytes() + Path(__file__).read_bytes()).hexdigest()[:16]
    kept_in = Path(tempfile.gettempdir()) / f"emotion-assistant-faces-{digest}-{os.getuid()}.npz"
    kept = _read(kept_in)
    missing = [each for each in dict.fromkeys(wanted) if each not in kept]
    parts = [missing[start : start + PART] for start in range(0, len(missing), PART)]
    if parts:
        spawn = multiprocessing.get_context("spawn")  # OpenCV's threads do not live on in a forked process: it hangs
        with (
            Progress("embeddings", len(missing), "faces") as progress,
            ProcessPoolExecutor(processes, mp_context=spawn) as pool,
        ):
            jobs = [(images, recognizer, part) for part in parts]
            for part, (vectors, refusals) in zip(parts, pool.map(_embed_part, jobs), strict=True):
                kept.update(zip(part, zip(vectors, refusals, strict=True), strict=True))
                progress.update(len(part))
        _write(kept_in, kept)
    return Embeddings(np.stack([kept[each][0] for each in wanted]), tuple(kept[each][1] for each in wanted))


def _embed_part(job: tuple[Path, Path, Sequence[Wanted]]) -> tuple[NDArray[np.float32], list[str]]:
    images, file, wanted = job
    cv2.setNumThreads(1)
    detector, recognizer = open_detector(DetectorSettings()), open_recognizer(file)
    made = [_embed(varied(images / name, variant, detector), detector, recognizer) for name, variant in wanted]
    length = max((len(vector) for vector, _ in made), default=0)
    vectors = [vector if len(vector) else np.zeros(length, np.float32) for vector, _ in made]
    return np.stack(vectors), [refusal for _, refusal in made]


def _embed(
    picture: NDArray[np.uint8] | None, detector: FaceDetector, recognizer: Recognizer
) -> tuple[NDArray[np.float32], str]:
    nothing = np.zeros(0, np.float32)
    face = middle_face(picture, detector) if picture is not None else None
    if picture is None or face is None or (aligned := align(picture, face)) is None:
        return nothing, gates.Refusal.NO_FACE.value
    return recognizer.embed(aligned), gates.refusal(face, picture) or ""


def middle_face(picture: NDArray[np.uint8], detector: FaceDetector) -> Face | None:
    """The face nearest to the middle of a picture uint8 [H, W], who is the person that it is named after."""
    height, width = picture.shape
    return min(
        detector.find(picture, picture),
        key=lambda face: (face.box.center[0] - width / 2) ** 2 + (face.box.center[1] - height / 2) ** 2,
        default=None,
    )


def varied(file: Path, variant: str, detector: FaceDetector) -> NDArray[np.uint8] | None:
    """A variant of a picture uint8 [H, W]; None where no face is found in it."""
    picture = picture_files.grey(file)
    if variant == AS_IT_IS:
        return picture
    face = middle_face(picture, detector)
    if face is None:
        return None
    if variant == SMALL:
        factor = min(1.0, SMALL_WIDTH_PX / face.box.width)
        size = [max(1, round(length * factor)) for length in picture.shape[::-1]]
        return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return _look(picture, int.from_bytes(hashlib.sha256(f"{file.name} {variant}".encode()).digest()[:8], "big"))


def _look(picture: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    random = np.random.default_rng(seed)
    scale = random.uniform(MIN_LOOK_SCALE, 1.0)
    size = [max(1, round(length * scale)) for length in picture.shape[::-1]]
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    middle = (size[0] / 2 + random.uniform(-2, 2), size[1] / 2 + random.uniform(-2, 2))
    turn = cv2.getRotationMatrix2D(middle, random.uniform(-MAX_TILT_DEG, MAX_TILT_DEG), 1.0)
    turned = cv2.warpAffine(small, turn, size, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    blurred = cv2.GaussianBlur(turned, (0, 0), random.uniform(0.1, 0.8))
    light = 128 + (blurred - 128) * random.uniform(0.7, 1.1) + random.uniform(-30, 20)
    noisy = light + random.normal(0, random.uniform(0, MAX_NOISE), light.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def _read(file: Path) -> dict[Wanted, tuple[NDArray[np.float32], str]]:
    try:
        with np.load(file) as held:
            rows = zip(held["names"], held["variants"], held["vectors"], held["refusals"], strict=True)
            return {(str(name), str(variant)): (vector, str(refusal)) for name, variant, vector, refusal in rows}
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return {}


def _write(file: Path, kept: dict[Wanted, tuple[NDArray[np.float32], str]]) -> None:
    part = file.with_suffix(f".{os.getpid()}.npz")
    np.savez(
        part,
        names=[name for name, _ in kept],
        variants=[variant for _, variant in kept],
        vectors=np.stack([vector for vector, _ in kept.values()]),
        refusals=[refusal for _, refusal in kept.values()],
    )
    part.replace(file)
