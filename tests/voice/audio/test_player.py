"""Players: playing counts only if it took its time; and the recording of what was played."""

import array
import io
import threading
import time
import wave
from pathlib import Path

import pytest

from assistant.errors import SoundCardBusyError, VoiceError
from assistant.voice.audio import player
from assistant.voice.audio.player import CommandPlayer, NullPlayer, Pcm, RecordingPlayer
from tests.support.captured_audio import FakePrograms, beep, cancel_hanging, loudness

pytestmark = pytest.mark.timed


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePrograms:
    return FakePrograms(tmp_path, monkeypatch)


def numbers(pcm: Pcm) -> list[int]:
    return list(array.array("h", pcm.samples))


def pcm(*values: int, rate: int = 8000) -> Pcm:
    return Pcm(array.array("h", values).tobytes(), rate)


def test_durations_and_beginnings() -> None:
    second = beep(1.0, 8000)
    assert second.seconds == 1.0
    assert second.first(0.25).samples == second.samples[:4000]
    assert second.first(-1).samples == b""
    assert second.first(9) == second
    assert player.silence(0.5, 8000).seconds == 0.5
    assert loudness(player.silence(0.5)) == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [(Pcm(b"", 8000), "only 0.00 s"), (beep(0.1), "0.10 s of at least 0.30"), (player.silence(1), "silent")],
)
def test_a_sound_that_cannot_be_speech_is_refused(wrong: Pcm, message: str) -> None:
    with pytest.raises(VoiceError, match=message):
        player.check_audible(wrong, 0.3)
    assert player.check_audible(beep(0.4), 0.3) == beep(0.4)
    assert player.check_audible(pcm(*[0] * 2400, -5000), 0.3)
    with pytest.raises(VoiceError, match="silent"):
        player.check_audible(Pcm(b"", 8000), 0.0)


def test_lead_in_and_rate() -> None:
    assert numbers(player.with_lead_in(pcm(7), 1)) == [0] * 8 + [7]
    assert player.with_lead_in(pcm(7), 0) == pcm(7)
    assert numbers(player.resampled(pcm(1, 2, 3, 4), 4000)) == [1, 3]
    assert numbers(player.resampled(pcm(1, 2), 16000)) == [1, 1, 2, 2]
    assert player.resampled(pcm(1, 2), 8000) == pcm(1, 2)


def test_wav_there_and_back() -> None:
    assert player.from_wav(player.to_wav(beep(0.3))) == beep(0.3)


def test_a_wav_of_a_stream_that_does_not_know_its_length() -> None:
    content = bytearray(player.to_wav(beep(0.3)))
    content[4:8] = content[40:44] = (0x7FFFF000).to_bytes(4, "little")
    assert player.from_wav(bytes(content) + b"\0") == beep(0.3)


def test_content_that_is_no_wav_file_is_refused() -> None:
    for content in (b"", b"RIFF", b"no sound at all" * 9, player.to_wav(beep(0.1))[:30]):
        with pytest.raises(VoiceError, match=f"{len(content)} bytes that are not a WAV"):
            player.from_wav(content)
    stereo = io.BytesIO()
    with wave.open(stereo, "wb") as target:
        target.setparams((2, 2, 8000, 0, "NONE", ""))
        target.writeframes(bytes(400))
    with pytest.raises(VoiceError, match="not 16-bit mono"):
        player.from_wav(stereo.getvalue())


def test_a_player_that_plays(tool: FakePrograms) -> None:
    tool.install("paced")
    assert CommandPlayer().play(beep(0.3), threading.Event()) is True
    (played,) = tool.played()
    assert played.pcm == beep(0.3)
    assert played.ended - played.began >= 0.3
    assert played.arguments == ["-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", "22050", "-"]


@pytest.mark.parametrize(
    ("name", "device", "where"),
    [
        ("aplay", "Headphones", ["-D", "plughw:CARD=Headphones"]),
        ("aplay", "hw:CARD=vc4hdmi", ["-D", "hw:CARD=vc4hdmi"]),
        ("paplay", "", []),
        ("paplay", "sink", ["--device=sink"]),
        ("pw-play", "", []),
        ("pw-play", "sink", ["--target=sink"]),
    ],
)
def test_the_device_is_passed_as_each_player_takes_it(
    tool: FakePrograms, name: str, device: str, where: list[str]
) -> None:
    tool.install("paced", name)
    assert CommandPlayer(device).play(beep(0.05), threading.Event())
    (played,) = tool.played()
    assert played.pcm == beep(0.05)
    assert [word for word in played.arguments if word in where] == where
    assert any(word.startswith(("-D", "--device", "--target")) for word in played.arguments) == bool(device)
    assert any(word.startswith(("--device", "--target")) for word in played.arguments) == (
        name != "aplay" and bool(device)
    )


def test_afplay_reads_a_file_that_is_gone_afterwards(tool: FakePrograms) -> None:
    tool.install('#!/bin/sh\n{cat} "$1" > {folder}/copy.wav\necho "$1" > {folder}/name\n', "afplay")
    assert CommandPlayer(min_play_share=0).play(beep(0.05), threading.Event())
    assert player.from_wav((tool.folder / "copy.wav").read_bytes()) == beep(0.05)
    assert not Path((tool.folder / "name").read_text().strip()).exists()


def test_windows_plays_in_a_child_process_too(tool: FakePrograms, monkeypatch: pytest.MonkeyPatch) -> None:
    tool.install("#!/bin/sh\n{cat} > {folder}/copy.wav\n", "python")
    monkeypatch.setattr("sys.platform", "win32")
    with CommandPlayer()._command(beep(0.1)) as (command, given):
        assert command[1:3] == ["-I", "-c"]
        assert "winsound.PlaySound" in command[3]
        assert player.from_wav(given) == beep(0.1)


def test_no_player(tool: FakePrograms) -> None:
    with pytest.raises(VoiceError, match="no player found; install aplay"):
        CommandPlayer().play(beep(0.1), threading.Event())


def test_a_player_that_takes_no_time_did_not_play(tool: FakePrograms) -> None:
    tool.install("instant")
    with pytest.raises(VoiceError, match=r"aplay was done after 0\.\d\d s with a sound of 2\.00 s: it went nowhere"):
        CommandPlayer().play(beep(2), threading.Event())
    assert CommandPlayer(min_play_share=0).play(beep(2), threading.Event()) is True


def test_a_player_that_fails_says_why(tool: FakePrograms) -> None:
    tool.install("failing")
    with pytest.raises(VoiceError, match=r"^aplay failed with exit code 1: cannot find card$"):
        CommandPlayer().play(beep(0.1), threading.Event())


def test_a_busy_sound_card_is_an_error_of_its_own(tool: FakePrograms) -> None:
    tool.install("#!/bin/sh\necho 'audio open error: Device or resource busy' >&2\nexit 1\n")
    with pytest.raises(SoundCardBusyError, match="Device or resource busy"):
        CommandPlayer().play(beep(0.05), threading.Event())


def test_a_player_that_fails_without_a_message(tool: FakePrograms) -> None:
    tool.install("#!/bin/sh\nexit 3\n")
    with pytest.raises(VoiceError, match=r"^aplay failed with exit code 3$"):
        CommandPlayer().play(beep(0.1), threading.Event())


def test_a_player_that_cannot_be_started(tool: FakePrograms) -> None:
    tool.install("#!/there/is/no/such/shell\n")
    with pytest.raises(VoiceError, match="aplay could not be started: No such file"):
        CommandPlayer().play(beep(0.1), threading.Event())


def test_a_player_that_hangs_is_killed_with_its_children(tool: FakePrograms) -> None:
    tool.install("hanging")
    errors = []

    def play() -> None:
        with pytest.raises(VoiceError, match=r"aplay did not end within 1\.1 s and was killed") as caught:
            CommandPlayer().play(beep(0.05), threading.Event())
        errors.append(caught.value)

    began = time.monotonic()
    thread = threading.Thread(target=play)
    thread.start()
    assert (tool.folder / "alive").read_bytes() == b"started\n", "the pipe ends with the last process that holds it"
    thread.join(5)
    assert errors
    assert 1.0 < time.monotonic() - began < 1.6


def test_cut_off_within_100_ms_with_all_child_processes(tool: FakePrograms) -> None:
    tool.install("hanging")
    answer, seconds = cancel_hanging(lambda cancel: CommandPlayer().play(beep(5), cancel), tool.folder / "alive")
    assert answer is False
    assert seconds < 0.1


def test_a_player_cancelled_before_it_began_is_not_started(tool: FakePrograms) -> None:
    tool.install("paced")
    cancel = threading.Event()
    cancel.set()
    assert CommandPlayer().play(beep(0.05), cancel) is False
    assert tool.played() == []


def test_the_null_player_takes_as_long_as_the_sound() -> None:
    began = time.monotonic()
    assert NullPlayer().play(beep(0.1), threading.Event()) is True
    assert 0.1 <= time.monotonic() - began < 0.3
    cancel = threading.Event()
    cancel.set()
    assert NullPlayer().play(beep(60), cancel) is False


class ScriptedPlayer:
    """A clock and a player: each sound takes the next duration, True: to its end, or fails."""

    def __init__(self, *takes: tuple[float, bool] | VoiceError) -> None:
        self.now, self.takes = 100.0, iter(takes)

    def clock(self) -> float:
        return self.now

    def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
        take = next(self.takes)
        if isinstance(take, VoiceError):
            raise take
        self.now += take[0]
        return take[1]


def test_the_recording_has_each_sound_at_its_time_cut_where_it_was_cut(tmp_path: Path) -> None:
    script = ScriptedPlayer((0.5, True), (0.25, False), VoiceError("no"), (0.1, True))
    recorder = RecordingPlayer(script, tmp_path / "heard.wav", script.clock)
    script.now += 1
    assert recorder.play(beep(0.5, 8000), threading.Event()) is True
    script.now += 0.5
    assert recorder.play(beep(1.0, 8000), threading.Event()) is False
    with pytest.raises(VoiceError, match="no"):
        recorder.play(beep(1.0, 8000), threading.Event())
    assert recorder.play(beep(0.2, 16000), threading.Event()) is True  # ends a little early: the next one waits for it
    recorder.close()
    recorded = player.from_wav((tmp_path / "heard.wav").read_bytes())
    assert recorded.rate == 8000
    values, tone = numbers(recorded), numbers(beep(1.0, 8000))
    assert values[:8000] == [0] * 8000
    assert values[8000:12000] == tone[:4000]
    assert values[12000:16000] == [0] * 4000
    assert values[16000:18000] == tone[:2000]
    assert values[18000:] == numbers(beep(0.2, 16000))[::2]
    assert [file.name for file in tmp_path.iterdir()] == ["heard.wav"]


def test_a_recording_of_nothing_is_an_empty_file(tmp_path: Path) -> None:
    RecordingPlayer(NullPlayer(), tmp_path / "heard.wav", time.monotonic).close()
    assert player.from_wav((tmp_path / "heard.wav").read_bytes()).seconds == 0


def test_a_recording_that_cannot_be_written_names_its_path(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="missing/heard.wav: cannot write what is heard there: No such file"):
        RecordingPlayer(NullPlayer(), tmp_path / "missing" / "heard.wav", time.monotonic).close()
    (tmp_path / "folder").mkdir()
    with pytest.raises(VoiceError, match="folder: cannot write"):
        RecordingPlayer(NullPlayer(), tmp_path / "folder", time.monotonic).close()
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]
