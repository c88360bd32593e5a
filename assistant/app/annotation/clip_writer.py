"""A clip of pictures at their own times and of sound, as an MP4 file by PyAV (H.264 and AAC)."""

import fractions
from typing import IO, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.app.annotation.soundtrack import RATE, Samples
from assistant.errors import AssistantError
from assistant.voice.audio.player import Pcm

TIME_BASE = fractions.Fraction(1, 90_000)
"""Unit of the pictures' times, seconds: usual in video, and fine enough for every frame rate."""
ENCODERS = ("libx264", "libopenh264", "mpeg4")
"""The first that the installed FFmpeg has is used."""
QUALITY = {"preset": "veryfast", "crf": "20"}
"""Of x264: thin letters stay legible, at some 5 ms of a desktop's core for a picture of 640x480."""
COLOURS = {"colorspace": "smpte170m", "color_primaries": "smpte170m", "color_trc": "smpte170m"}
"""What the conversion from BGR makes; players guess another one for large pictures."""


def load_av() -> Any:
    """PyAV. Raises AssistantError where it is missing."""
    try:
        import av
    except ModuleNotFoundError as err:
        raise AssistantError("av is not installed; pip install 'emotion-assistant[convert]'") from err
    av.logging.set_level(av.logging.PANIC)
    return av


class ClipWriter:
    """Writes one clip into an open file. Raises AssistantError where PyAV is missing or cannot encode."""

    def __init__(self, file: IO[bytes]) -> None:
        """file: open for writing, and seekable."""
        self._av = load_av()
        self._container = self._av.open(file, "w", format="mp4")
        self._video: Any = None
        self._sound = self._container.add_stream("aac", rate=RATE, layout="mono")
        self._last = -1
        self._samples = 0

    def write(self, picture: NDArray[np.uint8], at: float) -> None:
        """Add a picture, BGR uint8 [H, W, 3], that is shown from `at` seconds on; all have the size of the first."""
        picture = cv2.copyMakeBorder(picture, 0, picture.shape[0] % 2, 0, picture.shape[1] % 2, cv2.BORDER_REPLICATE)
        if self._video is None:
            self._video = self._open(*picture.shape[:2])
        frame = self._av.VideoFrame.from_ndarray(picture, format="bgr24")
        self._last = max(self._last + 1, round(at / TIME_BASE))
        frame.pts, frame.time_base = self._last, TIME_BASE
        self._container.mux(self._video.encode(frame))

    def write_sound(self, samples: Samples) -> None:
        """Add the sound that follows what was added before."""
        if not len(samples):
            return
        frame = self._av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._samples, fractions.Fraction(1, RATE)
        self._samples += len(samples)
        self._container.mux(self._sound.encode(frame))

    def finish(self) -> None:
        """Write what the encoders still hold, and the end of the file."""
        for stream in filter(None, (self._video, self._sound)):
            self._container.mux(stream.encode(None))
        self._container.close()

    def _open(self, height: int, width: int) -> Any:
        name = next((each for each in ENCODERS if each in self._av.codecs_available), ENCODERS[-1])
        stream = self._container.add_stream(name, rate=30)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = TIME_BASE
        stream.options = {**COLOURS, **(QUALITY if name == "libx264" else {"b": "4M"})}
        return stream


def at_track_rate(pcm: Pcm) -> Samples:
    """A sound at RATE, by FFmpeg's resampler."""
    av = load_av()
    frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm.samples, np.int16)[None], format="s16", layout="mono")
    frame.sample_rate = pcm.rate
    resampler = av.AudioResampler("s16", "mono", RATE)
    pieces = [each.to_ndarray()[0] for part in (frame, None) for each in resampler.resample(part)]
    return np.concatenate(pieces) if pieces else np.empty(0, np.int16)
