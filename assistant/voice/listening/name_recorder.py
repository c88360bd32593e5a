"""Records a friend's name, right after it was asked for: the only sound that is ever kept, because it is asked for.

The microphone is lent by the listener meanwhile. What was said is cut out of the silence around it and brought to one
loudness; where nothing was said, nothing is kept.
"""

import array
import contextlib
import logging
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from assistant.config.settings import ListenSettings
from assistant.errors import ListenError
from assistant.records import Fate, Utterance, UtteranceKind
from assistant.system.atomic_files import write_atomically
from assistant.system.friends_folder import RECORDING
from assistant.voice.audio.loudness import TARGET_LUFS, at_loudness
from assistant.voice.audio.player import Pcm, to_wav
from assistant.voice.listening import microphone
from assistant.voice.listening.gaps import FRAME_MS, RATE

log = logging.getLogger(__name__)

NAME_S = 2.0
"""Seconds that are recorded."""
LENT_S = 6.0
"""Seconds for which the listener gives up the microphone: until it is free, and for the recording."""
OPEN_TRIES, OPEN_PAUSE_S = 8, 0.3
"""How often the microphone is opened while the listener may still hold it."""
MIN_LEVEL = 300.0
"""Root mean square of a frame, of 32768, below which nothing is said: a quiet room has 30 to 150."""
SILENCE_SHARE = 0.1
"""Frames softer than this share of the loudest one are silence, at the beginning and the end."""
MARGIN_FRAMES = round(100 / FRAME_MS)
"""Frames that are kept beside the name, a tenth of a second: soft consonants are below the limit."""

Frames = Callable[[str], AbstractContextManager[Iterator[bytes]]]


class NameRecorder:
    """Records when a NAME_REQUEST has been said; everything else goes on meanwhile."""

    def __init__(
        self,
        settings: ListenSettings,
        folder: Path | None,
        lend: Callable[[float], None],
        frames: Frames = microphone.frames,
    ) -> None:
        """folder: that of the friends; None: there is none. lend(seconds): the listener leaves the microphone alone for
        so long. frames(device): the microphone's frames, see `microphone.frames`."""
        self._settings, self._folder, self._lend, self._frames = settings, folder, lend, frames
        self._cancel = threading.Event()

    def ended(self, utterance: Utterance, fate: Fate) -> None:
        """An utterance has ended; returns at once."""
        if utterance.kind is UtteranceKind.NAME_REQUEST and fate is Fate.SPOKEN and self._settings.enabled:
            threading.Thread(target=self.record, name="name", daemon=True).start()

    def close(self) -> None:
        """Record no more."""
        self._cancel.set()

    def record(self) -> None:
        """Record a name and keep it for the skill of friends; what fails is logged, and the friend gets a number."""
        self._lend(LENT_S)
        try:
            name = trimmed(self._record())
            if name is not None and self._folder is not None and not self._cancel.is_set():
                write_atomically({self._folder / RECORDING: to_wav(at_loudness(name, TARGET_LUFS))}, mode=0o600)
        except (ListenError, OSError) as err:
            log.warning("no name was recorded: %s", err)

    def _record(self) -> list[bytes]:
        device = microphone.microphone_device(self._settings.device, self._cancel)
        for tries_left in reversed(range(OPEN_TRIES)):
            try:
                with self._frames(device) as frames:
                    return [next(frames) for _ in range(round(NAME_S * 1000 / FRAME_MS))]
            except ListenError:
                if not tries_left or self._cancel.wait(OPEN_PAUSE_S):
                    raise
        return []


def trimmed(frames: list[bytes]) -> Pcm | None:
    """What was said in the frames, without the silence around it; None: nothing was."""
    levels = [_level(frame) for frame in frames]
    loudest = max(levels, default=0.0)
    if loudest < MIN_LEVEL:
        return None
    loud = [number for number, level in enumerate(levels) if level >= SILENCE_SHARE * loudest]
    first, last = max(0, loud[0] - MARGIN_FRAMES), loud[-1] + MARGIN_FRAMES + 1
    return Pcm(b"".join(frames[first:last]), RATE)


def _level(frame: bytes) -> float:
    values = array.array("h")
    with contextlib.suppress(ValueError):
        values.frombytes(frame)
    return math.sqrt(sum(value * value for value in values) / len(values)) if values else 0.0
