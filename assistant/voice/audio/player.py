"""PCM sound and the players of it; playing counts only when it took as long as the sound lasts."""

import array
import contextlib
import io
import shutil
import sys
import threading
import wave
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol, runtime_checkable

from assistant.dataclass import dataclass
from assistant.errors import SoundCardBusyError, VoiceError
from assistant.system.atomic_files import check_replaceable, write_atomically
from assistant.system.child_process import english_environment, run_child
from assistant.voice.audio.stream import stream, streaming_command

MIN_PLAY_SHARE = 0.8
"""A player that ends with success after less than this share of the sound's duration has discarded it: a null device
"plays" 3.6 s in 0.01 s and reports success. Not 1: a player may end while the card still plays its last buffer."""
TIMEOUT_FACTOR, TIMEOUT_GRACE_S = 1.5, 1.0
"""A player that still runs after 1.5 times the sound's duration and a second hangs."""
BUSY_MESSAGE = "busy"
"""Stands in a player's last error line where another program holds the sound card ("Device or resource busy"); the
players have no exit code for that."""
MIN_PEAK = 100
"""A sound whose samples all stay below this, of 32767, counts as silent."""
WINDOWS_PLAYER = "import sys, winsound; winsound.PlaySound(sys.stdin.buffer.read(), winsound.SND_MEMORY)"
"""Python program that plays a WAV file from its standard input."""


@dataclass(frozen=True)
class Pcm:
    """Sound of one channel."""

    samples: bytes
    """Signed 16-bit little-endian."""
    rate: int
    """Samples a second."""

    @property
    def seconds(self) -> float:
        """Its duration."""
        return len(self.samples) / 2 / self.rate

    def first(self, seconds: float) -> "Pcm":
        """The beginning of that length."""
        return Pcm(self.samples[: 2 * max(0, round(seconds * self.rate))], self.rate)


def silence(seconds: float, rate: int = 22050) -> Pcm:
    """Silent sound of that length."""
    return Pcm(bytes(2 * round(seconds * rate)), rate)


def check_audible(pcm: Pcm, min_duration_s: float = 0.05) -> Pcm:
    """The sound as it is. Raises VoiceError if it is shorter than `min_duration_s` or silent."""
    if pcm.seconds < min_duration_s:
        raise VoiceError(
            f"the sound lasts only {pcm.seconds:.2f} s of at least {min_duration_s:.2f} s; it was cut short"
        )
    values = array.array("h", pcm.samples)
    if not values or (max(values) < MIN_PEAK and min(values) > -MIN_PEAK):
        raise VoiceError("the sound is silent")
    return pcm


def with_lead_in(pcm: Pcm, lead_in_ms: int) -> Pcm:
    """The sound after so much silence, for headsets that swallow the first syllable."""
    return Pcm(silence(lead_in_ms / 1000, pcm.rate).samples + pcm.samples, pcm.rate)


def resampled(pcm: Pcm, rate: int) -> Pcm:
    """The sound at another sample rate, by nearest neighbour, which is good enough for speech."""
    if rate == pcm.rate:
        return pcm
    values, step = array.array("h", pcm.samples), pcm.rate / rate
    return Pcm(array.array("h", (values[int(n * step)] for n in range(int(len(values) / step)))).tobytes(), rate)


def from_wav(content: bytes) -> Pcm:
    """The sound of a WAV file's content. Raises VoiceError if it is none, or not of one 16-bit channel."""
    try:
        with wave.open(io.BytesIO(content)) as source:
            if (source.getnchannels(), source.getsampwidth()) != (1, 2) or source.getframerate() < 1:
                raise VoiceError("the sound is not 16-bit mono")
            samples, rate = source.readframes(source.getnframes()), source.getframerate()
    except (wave.Error, EOFError) as err:
        raise VoiceError(f"no sound came, but {len(content)} bytes that are not a WAV file") from err
    return Pcm(samples[: len(samples) // 2 * 2], rate)


def to_wav(pcm: Pcm) -> bytes:
    """The sound as the content of a WAV file."""
    content = io.BytesIO()
    with wave.open(content, "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(pcm.rate)
        target.writeframes(pcm.samples)
    return content.getvalue()


class Player(Protocol):
    """Plays sound."""

    def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
        """Play; True: to the end, False: cut off within 100 ms of `cancel`. Raises VoiceError if it did not play."""
        ...


@runtime_checkable
class StreamingPlayer(Protocol):
    """Plays sound while it is made."""

    def stream(
        self, chunks: Iterable[bytes], chunk_s: float, rate: int, channels: int, cancel: threading.Event
    ) -> bool:
        """Play pieces of `chunk_s` seconds, signed 16-bit little-endian, the channels interleaved. Returns and raises
        like `play`."""
        ...


class CommandPlayer:
    """Plays with the first of aplay, paplay, pw-play and afplay that is on PATH, on Windows with Python's winsound."""

    def __init__(self, device: str = "", *, min_play_share: float = MIN_PLAY_SHARE) -> None:
        """device: a card's name for aplay (`aplay -l`), or any name of the player's own; empty: the system's default.

        min_play_share: see MIN_PLAY_SHARE; 0 accepts a device that takes no time, such as ALSA's file plug-in.
        """
        self._device, self._min_play_share = device, min_play_share

    def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
        with self._command(pcm) as (command, stdin):
            limit_s = TIMEOUT_FACTOR * pcm.seconds + TIMEOUT_GRACE_S
            try:
                done = run_child(command, stdin, limit_s, cancel, english_environment())
            except VoiceError as err:
                if BUSY_MESSAGE in str(err):
                    raise SoundCardBusyError(str(err)) from err
                raise
        if done is None:
            return False
        if done.seconds < self._min_play_share * pcm.seconds:
            raise VoiceError(
                f"{Path(command[0]).name} was done after {done.seconds:.2f} s with a sound of {pcm.seconds:.2f} s: "
                "it went nowhere; choose another sound card (voice.device)"
            )
        return True

    def stream(
        self, chunks: Iterable[bytes], chunk_s: float, rate: int, channels: int, cancel: threading.Event
    ) -> bool:
        return stream(streaming_command(self._device, rate, channels), chunks, chunk_s, cancel)

    @contextlib.contextmanager
    def _command(self, pcm: Pcm) -> Iterator[tuple[list[str], bytes]]:
        """The player's command line, and what it reads from standard input."""
        rate, device = str(pcm.rate), self._device
        if sys.platform == "win32":
            yield [sys.executable, "-I", "-c", WINDOWS_PLAYER], to_wav(pcm)
        elif shutil.which("aplay"):
            where = ["-D", device if ":" in device else f"plughw:CARD={device}"] if device else []
            yield ["aplay", "-q", *where, "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", rate, "-"], pcm.samples
        elif shutil.which("paplay"):
            where = [f"--device={device}"] if device else []
            yield ["paplay", "--raw", "--format=s16le", "--channels=1", f"--rate={rate}", *where], pcm.samples
        elif shutil.which("pw-play"):
            where = [f"--target={device}"] if device else []
            yield ["pw-play", "--raw", "--format=s16", "--channels=1", f"--rate={rate}", *where, "-"], pcm.samples
        elif shutil.which("afplay"):
            import tempfile  # of one kind of player and of recordings

            with tempfile.TemporaryDirectory(prefix="emotion-assistant-") as folder:  # it reads no pipe
                file = Path(folder) / "speech.wav"
                file.write_bytes(to_wav(pcm))
                yield ["afplay", str(file)], b""
        else:
            raise VoiceError("no player found; install aplay (package alsa-utils) or paplay (pulseaudio-utils)")


class NullPlayer:
    """Plays nothing, and takes as long as the sound would: for machines without a sound device."""

    def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
        return not cancel.wait(pcm.seconds)

    def stream(
        self, chunks: Iterable[bytes], chunk_s: float, rate: int, channels: int, cancel: threading.Event
    ) -> bool:
        return not any(cancel.wait(chunk_s) for _ in chunks)


class RecordingPlayer:
    """Plays with another player and records what was played, each sound at its own time; `close` writes a WAV file."""

    def __init__(self, player: Player, path: Path, clock: Callable[[], float]) -> None:
        """path: of the WAV file. Raises VoiceError if it cannot be written."""
        self._player, self._path, self._clock = player, path, clock
        try:  # found out now, not after everything was played
            check_replaceable(path)
            import tempfile

            with tempfile.TemporaryFile(dir=path.parent):
                pass
        except OSError as err:
            raise VoiceError(f"{path}: cannot write what is heard there: {err.strerror}") from err
        self._began_at = clock()
        self._played: list[tuple[float, Pcm]] = []

    def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
        at = self._clock()
        is_whole = self._player.play(pcm, cancel)
        self._played.append((at - self._began_at, pcm if is_whole else pcm.first(self._clock() - at)))
        return is_whole

    def close(self) -> None:
        """Write the file, whole or not at all. Raises VoiceError if that is not possible."""
        rate = self._played[0][1].rate if self._played else 22050
        track = bytearray()
        for at, pcm in self._played:
            track += silence(max(0.0, at - len(track) / 2 / rate), rate).samples + resampled(pcm, rate).samples
        try:
            write_atomically({self._path: to_wav(Pcm(bytes(track), rate))})
        except OSError as err:
            raise VoiceError(f"{self._path}: cannot write what was heard: {err.strerror}") from err
