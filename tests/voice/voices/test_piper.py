"""The piper voice: errors name what is missing, and a worker process that hangs, dies or writes garbage does no harm.

A stand-in takes the place of piper-tts here (see piper_standin.py); the real one, where there is a voice file, is run
by the contract of all voices.
"""

import importlib.util
import inspect
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.config.settings import VoiceSettings
from assistant.errors import VoiceError
from assistant.system import worker_process
from assistant.voice.voices import piper
from assistant.voice.voices.piper import PiperVoice, length_scale
from tests.support import piper_standin
from tests.support.captured_audio import CapturingPlayer, cancel_hanging

pytestmark = pytest.mark.timed

SHORT = "Nobody in view."
WAIT_S = 5.0


def install_standin(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the stand-in where the voice looks for piper-tts; returns the path of a voice file for it."""
    (folder / "packages" / "piper").mkdir(parents=True)
    (folder / "packages" / "piper" / "__init__.py").write_text(Path(piper_standin.__file__).read_text("utf-8"))
    monkeypatch.syspath_prepend(folder / "packages")
    child = f"import sys\nsys.path.insert(0, {str(folder / 'packages')!r})\n" + piper.WORKER_PROGRAM
    monkeypatch.setattr(piper, "WORKER_PROGRAM", child)
    model = folder / "voice.onnx"
    model.write_bytes(b"voice")
    Path(f"{model}.json").write_text(json.dumps({"audio": {"sample_rate": 16000}, "inference": {"length_scale": 1.0}}))
    return model


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return install_standin(tmp_path, monkeypatch)


def settings(model: Path, **others: object) -> VoiceSettings:
    return VoiceSettings(engine="piper", model=str(model), **others)  # type: ignore[arg-type]


def message(voice: PiperVoice) -> str:
    with pytest.raises(VoiceError) as caught:
        voice.say(SHORT, threading.Event())
    voice.close()
    return str(caught.value)


def test_the_error_names_what_is_missing(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = message(PiperVoice(VoiceSettings(engine="piper"), CapturingPlayer()))
    assert error == "piper has no voice; set voice.model to the path of a piper voice's .onnx file"
    error = message(PiperVoice(settings(tmp_path / "none.onnx"), CapturingPlayer()))
    assert error.startswith(f"{tmp_path}/none.onnx: no such file; a piper voice is a .onnx file with its .onnx.json")
    Path(f"{model}.json").unlink()
    assert message(PiperVoice(settings(model), CapturingPlayer())).startswith(f"{model}.json: no such file")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    error = message(PiperVoice(settings(model), CapturingPlayer()))
    wanted = "install.sh --extra piper, pip install 'piper-tts>=1.3', or choose voice.engine espeak"
    assert error == f"piper-tts is not there; {wanted}"


def test_a_package_of_the_same_name_and_a_broken_file_are_named(model: Path) -> None:
    model.write_bytes(b"no voice")
    assert message(PiperVoice(settings(model), CapturingPlayer())) == (
        "piper ended with exit code 1: RuntimeError: the model cannot be read"
    )
    (model.parent / "packages" / "piper" / "__init__.py").write_text("")
    error = message(PiperVoice(settings(model), CapturingPlayer()))
    assert error.startswith("piper ended with exit code 1: piper-tts is not there (cannot import name 'PiperVoice'")


def test_it_loads_once_and_speaks_again_after_the_worker_died(model: Path) -> None:
    player = CapturingPlayer()
    voice = PiperVoice(settings(model), player)
    first = voice._worker._child
    for _ in range(2):
        assert voice.say(SHORT, threading.Event()) is True
    assert voice._worker._child is first
    assert first is not None
    first.kill()
    first.wait(5)
    assert voice.say(SHORT, threading.Event()) is True
    assert voice._worker._child is not first
    assert first.returncode == -9
    assert player.sounds[0] == player.sounds[1] == player.sounds[2]
    assert player.sounds[0].rate == 16000
    child = voice._worker._child
    voice.close()
    assert child is not None
    assert child.returncode is not None, "gone, and waited for"
    voice.close()


def test_the_voices_own_length_scale_is_kept(model: Path) -> None:
    normal, slow = CapturingPlayer(), CapturingPlayer()
    for player, scale in ((normal, 1.0), (slow, 1.5)):
        Path(f"{model}.json").write_text(
            json.dumps({"audio": {"sample_rate": 16000}, "inference": {"length_scale": scale}})
        )
        voice = PiperVoice(settings(model), player)
        assert voice.say(SHORT, threading.Event())
        voice.close()
    assert slow.sounds[0].seconds == pytest.approx(1.38 * normal.sounds[0].seconds, rel=0.01)


@pytest.mark.parametrize(("rate_wpm", "scale"), [(80, 2.562), (175, 1.0), (350, 0.342), (450, 0.196)])
def test_a_rate_is_a_length_scale(rate_wpm: int, scale: float) -> None:
    assert length_scale(rate_wpm) == pytest.approx(scale, abs=0.001)


def test_no_length_scale_is_too_small_for_a_voice() -> None:
    assert length_scale(10_000) == piper.MIN_LENGTH_SCALE


WORKER_HEAD = """
import json, sys, time
def answer(body=b"", **header):
    sys.stdout.buffer.write(json.dumps({"bytes": len(body), **header}).encode() + bytes([10]) + body)
    sys.stdout.buffer.flush()
"""


@pytest.fixture
def child(model: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Replaces what the child process does."""
    return lambda code: monkeypatch.setattr(piper, "WORKER_PROGRAM", WORKER_HEAD + code)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("answer(); sys.stdin.readline(); print('not JSON', flush=True); time.sleep(99)", "cannot be parsed"),
        ("answer(); sys.stdin.readline(); print('{}', flush=True); time.sleep(99)", "cannot be parsed"),
        ("answer(); sys.stdin.readline(); print('{\"bytes\": -1}', flush=True); time.sleep(99)", "cannot be parsed"),
        ("answer(); sys.stdin.readline(); print('{\"bytes\": 9}abc'); sys.exit('out of memory')", "1: out of memory"),
        ("answer(); sys.stdin.readline(); answer(bytes(9))", "piper sent a reply that cannot be parsed"),
        ("answer(); sys.stdin.readline(); answer(rate=0)", "piper sent a reply that cannot be parsed"),
        ("answer(); sys.stdin.readline(); answer(bytes(99999), rate=16000)", "silent"),
        ("answer(); sys.stdin.readline(); answer(rate=16000)", "only 0.00 s"),
        ("import os; os.abort()", "piper ended with exit code -6"),
    ],
)
def test_a_worker_that_fails_is_noticed(child: Callable[[str], None], model: Path, code: str, error: str) -> None:
    child(code)
    voice = PiperVoice(settings(model), CapturingPlayer())
    with pytest.raises(VoiceError, match=error):
        voice.say(SHORT, threading.Event())
    voice.close()


def test_a_worker_that_hangs_is_cut_off_or_killed_with_its_children(
    child: Callable[[str], None], model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "alive")
    child(
        f"import subprocess; answer(); sys.stdin.readline(); alive = open({str(tmp_path / 'alive')!r}, 'w');"
        "subprocess.Popen(['sleep', '99'], stdout=alive); print('started', file=alive, flush=True); time.sleep(99)"
    )
    voice = PiperVoice(settings(model), CapturingPlayer())

    def say_and_close(cancel: threading.Event) -> bool:
        try:
            return voice.say(SHORT, cancel)
        finally:
            voice.close()

    answer, seconds = cancel_hanging(say_and_close, tmp_path / "alive")
    assert (answer, seconds < 0.15) == (False, True)
    monkeypatch.setattr(piper, "SYNTHESIS_LIMIT_S", 0.1)
    monkeypatch.setattr(piper, "LOAD_LIMIT_S", 0.3)
    child("time.sleep(99)")
    hanging = PiperVoice(settings(model), CapturingPlayer())
    process = hanging._worker._child
    with pytest.raises(VoiceError, match=r"piper did not answer within \d\.\d s and was killed"):
        hanging.say(SHORT, threading.Event())
    assert process is not None
    assert process.returncode == -9


class SetAfterRequest(threading.Event):
    """A cancellation that comes when the request has just been sent: at the second check."""

    checks = 0

    def is_set(self) -> bool:
        self.checks += 1
        return self.checks > 1


def test_the_reply_to_a_cancelled_text_is_never_played_for_the_next_one(
    child: Callable[[str], None], model: Path
) -> None:
    child(
        "answer()\n"
        "for number, line in enumerate(sys.stdin, 1):\n"
        "    time.sleep(0.2)\n"
        "    answer(bytes([0, 16] * 20 + [0, 240] * 20) * 200 * number, rate=16000)\n"
    )
    player = CapturingPlayer()
    voice = PiperVoice(settings(model), player)
    for _ in range(2):
        began = time.monotonic()
        assert voice.say("cancelled", SetAfterRequest()) is False
        assert time.monotonic() - began < 0.15
    assert voice.say("heard", threading.Event()) is True
    assert [pcm.seconds for pcm in player.sounds] == [3 * 0.5]
    voice.close()


def test_a_worker_with_too_many_pending_replies_is_replaced(child: Callable[[str], None], model: Path) -> None:
    child("answer()\nfor line in sys.stdin:\n    time.sleep(99)")
    voice = PiperVoice(settings(model), CapturingPlayer())
    children = []
    for _ in range(worker_process.MAX_PENDING + 1):
        assert voice.say(SHORT, SetAfterRequest()) is False
        children.append(voice._worker._child)
    assert children[0] is not children[-1]
    voice.close()


def test_cancelled_before_it_began_nothing_is_requested(model: Path) -> None:
    cancel, player = threading.Event(), CapturingPlayer()
    cancel.set()
    voice = PiperVoice(settings(model), player)
    assert voice.say(SHORT, cancel) is False
    assert player.sounds == []
    voice.close()


def test_the_stand_in_is_like_the_real_package() -> None:
    if importlib.util.find_spec("piper") is None:
        pytest.skip("piper-tts is not installed")
    import piper as real  # type: ignore[import-not-found]

    def parameters(function: Callable[..., object]) -> list[str]:
        return list(inspect.signature(function).parameters)

    assert parameters(real.SynthesisConfig) == parameters(piper_standin.SynthesisConfig)
    for name in ("load", "synthesize"):
        ours = parameters(getattr(piper_standin.PiperVoice, name))
        assert parameters(getattr(real.PiperVoice, name))[: len(ours)] == ours
    assert {"sample_rate", "length_scale"} <= set(parameters(real.PiperConfig))
    assert isinstance(inspect.getattr_static(real.AudioChunk, "audio_int16_bytes"), property)


def test_a_voice_that_only_gets_louder_keeps_its_worker(model: Path) -> None:
    player = CapturingPlayer()
    voice = PiperVoice(settings(model), player)
    assert voice.say(SHORT, threading.Event())
    child = voice._worker._child
    assert child
    for volume in (90, 80):
        other = PiperVoice(settings(model, volume=volume), player)
        voice.close()
        voice = other
        assert voice.say(SHORT, threading.Event())
        assert voice._worker._child is child
        assert child.poll() is None
    voice.close()
    assert child.wait(WAIT_S) is not None
    assert voice.say(SHORT, threading.Event()), "a voice that is used again starts its worker anew"
    again = voice._worker._child
    voice.close()
    assert again
    assert again.poll() is not None


def test_a_voice_file_without_read_permission_is_an_error_of_this_voice_only(
    monkeypatch: pytest.MonkeyPatch, model: Path
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", refuse)
    voice = PiperVoice(settings(model), CapturingPlayer())
    with pytest.raises(VoiceError, match=r"voice\.onnx: Permission denied; put it where the assistant may read it"):
        voice.say(SHORT, threading.Event())
    voice.close()


@pytest.mark.parametrize(
    ("damage", "setting", "reason"),
    [
        (lambda model: model.unlink(), "voice.model", "no such file"),
        (lambda model: model.write_bytes(b"voi"), "voice.model", "the model cannot be read"),
        (lambda model: Path(f"{model}.json").write_text('{"audio": '), "voice.model", "JSONDecodeError"),
        (lambda model: Path(f"{model}.json").write_text("{}"), "voice.model", "KeyError"),
        (lambda model: (model.parent / "packages/piper/__init__.py").write_text(""), "voice.engine", "is not there"),
    ],
    ids=["missing", "torn", "a torn configuration", "a wrong configuration", "another package"],
)
def test_a_voice_that_cannot_be_loaded_is_reported_once_and_not_loaded_again(
    model: Path, damage: Callable[[Path], object], setting: str, reason: str
) -> None:
    damage(model)
    reports: list[tuple[str, str]] = []
    voice = PiperVoice(settings(model), CapturingPlayer(), on_setting=lambda *report: reports.append(report))
    for _ in range(2):
        with pytest.raises(VoiceError, match=reason):
            voice.say(SHORT, threading.Event())
    assert voice._worker._child is None, "each attempt would take longer than the sentence"
    voice.close()
    ((refused, why),) = reports
    assert refused == setting
    assert reason in why


def test_a_voice_file_that_is_put_right_is_loaded(model: Path) -> None:
    model.write_bytes(b"torn")
    reports: list[tuple[str, str]] = []
    voice = PiperVoice(settings(model), CapturingPlayer(), on_setting=lambda *report: reports.append(report))
    with pytest.raises(VoiceError):
        voice.say(SHORT, threading.Event())
    model.write_bytes(b"voice")
    assert voice.say(SHORT, threading.Event())
    voice.close()
    assert reports[1:] == [("voice.model", "")]
