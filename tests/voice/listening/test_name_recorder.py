"""A friend's name is recorded once it was asked for, cut out of the silence, and kept for nobody else to read."""

import array
import contextlib
import math
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.config.settings import ListenSettings
from assistant.errors import ListenError
from assistant.records import Fate, Priority, Utterance, UtteranceKind
from assistant.system.friends_folder import RECORDING
from assistant.voice.audio.loudness import TARGET_LUFS, loudness
from assistant.voice.audio.player import from_wav
from assistant.voice.listening import microphone, name_recorder
from assistant.voice.listening.gaps import FRAME_BYTES, FRAME_MS, RATE
from assistant.voice.listening.name_recorder import NAME_S, NameRecorder, trimmed

SETTINGS = ListenSettings(enabled=True)


def frames(said: tuple[float, float], level: float = 3000.0, seconds: float = NAME_S) -> list[bytes]:
    """A room with a tone from said[0] to said[1] seconds."""
    samples = FRAME_BYTES // 2
    made = []
    for number in range(round(seconds * 1000 / FRAME_MS)):
        at = number * FRAME_MS / 1000
        loud = level if said[0] <= at < said[1] else 40.0
        values = (round(loud * math.sin(0.2 * (number * samples + each))) for each in range(samples))
        made.append(array.array("h", values).tobytes())
    return made


class Bench:
    def __init__(self, folder: Path, *openings: list[bytes] | ListenError) -> None:
        self.openings, self.lent = iter(openings), list[float]()
        self.recorder = NameRecorder(SETTINGS, folder, self.lent.append, self.frames)

    @contextlib.contextmanager
    def frames(self, device: str) -> Iterator[Iterator[bytes]]:
        opened = next(self.openings)
        if isinstance(opened, ListenError):
            raise opened
        yield iter(opened)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_recorder, "OPEN_PAUSE_S", 0.0)
    monkeypatch.setattr(microphone, "microphone_device", lambda setting, cancel: "")


def test_a_name_is_cut_out_made_loud_and_kept_for_the_service_alone(tmp_path: Path) -> None:
    bench = Bench(tmp_path, frames((0.6, 1.2)))
    bench.recorder.record()
    kept = from_wav((tmp_path / RECORDING).read_bytes())
    assert kept.rate == RATE
    assert 0.6 <= kept.seconds <= 0.9
    assert loudness(kept) == pytest.approx(TARGET_LUFS, abs=0.5)
    assert stat.S_IMODE((tmp_path / RECORDING).stat().st_mode) == 0o600
    assert bench.lent == [name_recorder.LENT_S]


def test_silence_is_no_name(tmp_path: Path) -> None:
    Bench(tmp_path, frames((0.0, 0.0))).recorder.record()
    assert not (tmp_path / RECORDING).exists()
    assert trimmed([]) is None


def test_the_listener_may_still_hold_the_microphone(tmp_path: Path) -> None:
    Bench(tmp_path, ListenError("busy"), ListenError("busy"), frames((0.5, 1.0))).recorder.record()
    assert (tmp_path / RECORDING).exists()


def test_without_a_microphone_there_is_no_name_and_no_error(tmp_path: Path) -> None:
    Bench(tmp_path, *[ListenError("none")] * name_recorder.OPEN_TRIES).recorder.record()
    assert not (tmp_path / RECORDING).exists()


@pytest.mark.parametrize(
    ("kind", "fate", "is_enabled", "is_recorded"),
    [
        (UtteranceKind.NAME_REQUEST, Fate.SPOKEN, True, True),
        (UtteranceKind.NAME_REQUEST, Fate.INTERRUPTED, True, False),
        (UtteranceKind.NAME_REQUEST, Fate.SPOKEN, False, False),
        (UtteranceKind.ANSWER, Fate.SPOKEN, True, False),
    ],
)
def test_only_a_request_that_was_heard_records(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: UtteranceKind,
    fate: Fate,
    is_enabled: bool,
    is_recorded: bool,
) -> None:
    started: list[object] = []

    def start(thread: object) -> None:
        started.append(thread)

    monkeypatch.setattr(name_recorder.threading.Thread, "start", start)
    recorder = NameRecorder(ListenSettings(enabled=is_enabled), tmp_path, lambda seconds: None)
    recorder.ended(Utterance("Say the name now.", Priority.ANSWER, "answer", kind=kind), fate)
    assert bool(started) == is_recorded
