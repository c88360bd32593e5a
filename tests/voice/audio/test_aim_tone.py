"""The tone of aiming, by what is captured: pitch, sides and loudness follow the face, without a click."""

from __future__ import annotations

import array
import itertools
import math
import threading
import time
from pathlib import Path

import pytest

from assistant.config.settings import VoiceSettings
from assistant.earcon_names import AIM
from assistant.errors import VoiceError
from assistant.records import Priority, Utterance
from assistant.voice.audio.aim_tone import AMPLITUDE, CHUNK_S, RATE, STALE_S, AimTone
from assistant.voice.audio.loudness import TARGET_LUFS
from assistant.voice.audio.player import CommandPlayer, Pcm, Player
from assistant.voice.audio.stream import is_mono, stream
from assistant.voice.voices.earcon import EarconVoice, aim_player
from tests.support.bs1770 import lufs
from tests.support.captured_audio import CapturingPlayer, FakePrograms

CAPTURE = """#!{python} -IS
import json, sys
with open("{folder}/captured", "wb") as target:
    while piece := sys.stdin.buffer.raw.read(4096):
        target.write(piece)
        target.flush()
with open("{folder}/arguments", "w") as target:
    json.dump(sys.argv[1:], target)
"""


class Script:
    """A tone that is moved between its pieces; `now` goes on by a piece with each."""

    def __init__(self) -> None:
        self.now = 0.0
        self.tone = AimTone(lambda: self.now)
        self.tone.begin()

    def play(self, *legs: tuple[float, float | None, float | None], volume: int = 100, channels: int = 2) -> bytes:
        """legs: (seconds, x, y); then the aiming is over."""
        made, sound = self.tone.chunks(volume, channels=channels), b""
        for seconds, x, y in legs:
            for _ in range(round(seconds / CHUNK_S)):
                self.tone.move(x, y)
                sound += next(made)
                self.now += CHUNK_S
        self.tone.over()
        return sound + b"".join(made)


def sides(sound: bytes) -> tuple[array.array[int], array.array[int]]:
    values = array.array("h", sound)
    return values[::2], values[1::2]


def power(values: array.array[int]) -> float:
    return sum(value * value for value in values) / len(values)


def hertz(values: array.array[int]) -> float:
    ups = [n for n in range(1, len(values)) if values[n - 1] < 0 <= values[n]]
    return (len(ups) - 1) * RATE / (ups[-1] - ups[0])


def middle(values: array.array[int]) -> array.array[int]:
    """Without the first and the last fifth, in which it begins and ends."""
    return values[len(values) // 5 : -len(values) // 5]


def test_the_pitch_tells_how_centred_the_face_is() -> None:
    heard = [hertz(middle(sides(Script().play((0.5, x, 0.0)))[1])) for x in (0.0, 0.25, 0.5, 0.75, 0.99)]
    assert heard == sorted(heard, reverse=True)
    assert heard[0] == pytest.approx(880, rel=0.01)
    assert heard[-1] == pytest.approx(262, rel=0.03)
    assert all(a / b > 1.25 for a, b in itertools.pairwise(heard)), "each quarter is four semitones or more"
    too_high = hertz(middle(sides(Script().play((0.5, 0.0, -0.9)))[1]))
    assert too_high < 500, "too high is off the middle too"


@pytest.mark.parametrize(("x", "balance_db"), [(-1.0, 40.0), (-0.5, 7.6), (0.0, 0.0), (0.5, -7.6), (1.0, -40.0)])
def test_the_sides_tell_where_the_face_is(x: float, balance_db: float) -> None:
    left, right = map(middle, sides(Script().play((0.5, x, 0.0))))
    measured = 10 * math.log10(max(power(left), 1e-3) / max(power(right), 1e-3))
    assert measured == pytest.approx(balance_db, abs=0.3) if abs(balance_db) < 40 else measured * balance_db > 1600


@pytest.mark.parametrize("x", [-1.0, -0.4, 0.0, 0.7])
def test_it_is_as_loud_as_words_wherever_it_comes_from(x: float) -> None:
    """Words play alike on both sides: the mean of both sides' power is that of one channel of words."""
    left, right = sides(Script().play((2.0, x, 0.0)))
    values = array.array("h", (round(math.copysign(math.hypot(a, b) / math.sqrt(2), a + b))
                               for a, b in zip(left, right, strict=True)))  # fmt: skip
    assert lufs(Pcm(values.tobytes(), RATE)) == pytest.approx(TARGET_LUFS, abs=0.5)
    quiet = array.array("h", Script().play((0.5, x, 0.0), volume=50))
    loud = array.array("h", Script().play((0.5, x, 0.0)))
    assert 10 * math.log10(power(loud) / power(quiet)) == pytest.approx(15, abs=0.2), "50 percent are 15 dB"


def test_one_channel_has_the_pitch_alone() -> None:
    values = array.array("h", Script().play((0.5, -0.5, 0.0), channels=1))
    assert len(values) == pytest.approx(0.5 * RATE, rel=0.1)
    assert hertz(middle(values)) == pytest.approx(480, rel=0.03)


def test_it_never_clicks_however_the_face_jumps() -> None:
    jumps = [(0.1, x, y) for x, y in ((-1.0, 0.0), (1.0, 0.9), (None, None), (0.0, 0.0), (-0.2, -1.0), (None, None))]
    for side in sides(Script().play(*jumps, *jumps)):
        steps = [abs(after - before) for before, after in itertools.pairwise(side)]
        assert max(steps) < 1.1 * AMPLITUDE * math.sqrt(2) * 2 * math.pi * 880 / RATE, "no steeper than its own wave"
        assert abs(side[0]) < 100
        assert abs(side[-1]) < 100


def test_a_face_that_moves_is_heard_from_the_next_piece_on() -> None:
    left, right = sides(Script().play((0.5, -0.9, 0.0), (0.5, 0.9, 0.0)))
    at = round((0.5 + 2 * CHUNK_S) * RATE)
    assert power(right[at : at + 400]) > 10 * power(left[at : at + 400])


def test_with_nobody_in_view_there_are_soft_low_pulses() -> None:
    left, _ = sides(Script().play((2.0, None, None)))
    pieces = [power(left[n : n + 276]) for n in range(0, len(left) - 276, 276)]
    loud = [n for n, each in enumerate(pieces) if each > 1000]
    assert 4 <= len(loud) <= 14
    assert max(pieces) < 0.2 * AMPLITUDE**2


def test_it_ends_when_vision_has_stopped() -> None:
    script = Script()
    made = script.tone.chunks(100)
    for _ in range(round((STALE_S + 0.2) / CHUNK_S)):
        next(made, None)
        script.now += CHUNK_S
    assert next(made, None) is None


def test_the_player_gets_it_as_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = FakePrograms(tmp_path, monkeypatch)
    programs.install(CAPTURE)
    chunks = [bytes([n]) * 1000 for n in range(6)]
    player = CommandPlayer("Headset")
    assert player.stream(iter(chunks), 0.01, RATE, 2, threading.Event()) is True
    assert (tmp_path / "captured").read_bytes() == b"".join(chunks)
    arguments = (tmp_path / "arguments").read_text()
    assert '"plughw:CARD=Headset"' in arguments
    assert '"-c", "2"' in arguments
    assert "--buffer-time=120000" in arguments


def test_a_press_ends_it_within_a_tenth_of_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FakePrograms(tmp_path, monkeypatch).install(CAPTURE)
    cancel, pieces = threading.Event(), 0

    def chunks() -> list[bytes]:
        return [bytes(1000)]

    def endless() -> object:
        nonlocal pieces
        while True:
            pieces += 1
            if pieces == 8:
                cancel.set()
            yield from chunks()

    assert CommandPlayer().stream(endless(), CHUNK_S, RATE, 2, cancel) is False  # type: ignore[arg-type]
    assert pieces <= 8 + 0.1 / CHUNK_S


HANGING = """#!{python} -IS
import time
time.sleep(4)
"""


def test_a_press_ends_it_also_where_the_player_takes_no_more_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakePrograms(tmp_path, monkeypatch).install(HANGING)
    cancel, began = threading.Event(), time.monotonic()
    threading.Timer(0.2, cancel.set).start()
    assert CommandPlayer().stream(iter([bytes(1_000_000)]), CHUNK_S, RATE, 2, cancel) is False
    assert time.monotonic() - began < 2


def test_a_player_that_takes_no_more_sound_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FakePrograms(tmp_path, monkeypatch).install(HANGING)
    monkeypatch.setattr("assistant.voice.audio.stream.STALL_S", 0.2, raising=False)
    began = time.monotonic()
    with pytest.raises(VoiceError, match="takes no sound"):
        CommandPlayer().stream(iter([bytes(1_000_000)]), CHUNK_S, RATE, 2, threading.Event())
    assert time.monotonic() - began < 2


def test_a_player_that_cannot_play_it_leaves_the_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs, cancel = FakePrograms(tmp_path, monkeypatch), threading.Event()
    with pytest.raises(VoiceError, match="no player found"):
        CommandPlayer().stream(iter([b""]), 0.01, RATE, 2, cancel)
    programs.install("failing")
    with pytest.raises(VoiceError, match="did not play"):
        CommandPlayer().stream(iter([bytes(1000)] * 50), 0.01, RATE, 2, cancel)
    with pytest.raises(VoiceError, match="could not be started"):
        stream(["/nowhere/aplay"], iter([b""]), 0.01, cancel)
    tone = AimTone()
    tone.begin()
    with pytest.raises(VoiceError):
        aim_player(VoiceSettings(), CapturingPlayer(), tone)(cancel)
    silent: Player = CapturingPlayer()
    voice = EarconVoice(VoiceSettings(), lambda name, cancel: True)
    answer = Utterance("Turn a little left.", Priority.ANSWER, "answer", earcon=AIM)
    assert voice.present(answer, cancel) is None, "without the tone the words remain"
    assert isinstance(silent, CapturingPlayer)


STEREO = "Playback:\n  Interface 1\n    Channels: 2\n    Rates: 44100\nCapture:\n    Channels: 1\n"


@pytest.mark.parametrize(
    ("device", "content", "expected"),
    [
        ("Headset", STEREO, False),
        ("plughw:CARD=Headset,DEV=0", STEREO.replace("2", "1"), True),
        ("Headset", None, False),
        ("", None, False),
        ("bluealsa:DEV=00:11,PROFILE=sco", None, True),
        ("bluealsa:DEV=00:11,PROFILE=a2dp", None, False),
    ],
)
def test_which_devices_have_one_channel(
    device: str, content: str | None, expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.voice.audio.stream.CARDS", tmp_path)
    if content:
        (tmp_path / "Headset").mkdir()
        (tmp_path / "Headset" / "stream0").write_text(content)
    assert is_mono(device) is expected


def test_the_ticks_of_a_search_quicken_towards_the_middle() -> None:
    ticks = {}
    for x in (0.0, 0.5, 1.0):
        tone = AimTone(lambda: 0.0)
        tone.begin(is_ticking=True)
        tone.move(x, 0.0)
        chunks = tone.chunks(100, channels=1)
        heard = [any(array.array("h", next(chunks))) for _ in range(200)]
        ticks[x] = sum(now and not before for before, now in zip([False, *heard], heard, strict=False))
    assert ticks[0.0] > 2 * ticks[0.5] > 2 * ticks[1.0] > 0
