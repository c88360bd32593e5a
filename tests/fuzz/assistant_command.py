"""The command line of emotion-assistant: any line ends with a documented exit code and, where it fails, with one line
that says why. Cameras, sound cards, child processes and the checkup are replaced; what is before them is real."""

import contextlib
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from assistant.app import cli
from assistant.app.parser import make_parser
from assistant.config.last_good import SettingsProblem
from assistant.config.settings import Settings
from assistant.config.settings_file import load_settings, parse_settings, to_toml
from assistant.errors import ModelError
from assistant.phrases import Phrases
from assistant.system.atomic_files import write_atomically
from assistant.vision.inference import sandbox
from assistant.voice.audio.player import NullPlayer, Pcm, resampled
from assistant.voice.speech.earcons import three_beeps
from tests.fuzz import command_files
from tests.fuzz.command_line import Program, judge, lines, run_here
from tests.fuzz.engine import Attack

SLOW_S = 5.0
"""Seconds that a line may take."""
GOOD = {
    "source": ("clip.avi", "still.png", "pictures", "0", "/dev/video9"),
    "recording": ("clip.avi", "still.png", "pictures", "caf\udce9.png"),
    "config": ("settings.toml",),
    "model": ("emotion-small-int8", "emotion-cnn-int8", "mine.tflite"),
    "text": ("hello", "Anna looks happy."),
    "folder": ("recordings",),
    "wav": ("new.wav", "text.wav"),
    "html": ("new.html",),
    "result": ("success", "exit-code"),
    "what": ("ask", "more", "aim"),
}
BEEPS = resampled(three_beeps(), 4000)
PROGRAM = Program("emotion-assistant", cli.main, make_parser(), (0, 1, 2, 78, 130), GOOD)


@contextlib.contextmanager
def target() -> Iterator[Attack]:
    with tempfile.TemporaryDirectory() as name, replaced(Path(name)), command_files.opened(Path(name)) as files:

        def check(line: list[str]) -> None:
            try:
                judge(PROGRAM, line, run_here(PROGRAM, line))
            finally:
                files.restore()

        yield Attack(lines(PROGRAM), check, slow_s=SLOW_S)


@contextlib.contextmanager
def replaced(base: Path) -> Iterator[None]:
    """No settings, sockets and recordings but those below `base`, and stand-ins for all that takes long."""
    stand_ins: Mapping[str, Any] = {
        "assistant.config.settings_file.SYSTEM_FILE": base / "none.toml",
        "assistant.config.settings_file.BOOT_FILE": base / "none.toml",
        "assistant.ipc.control_client.UNIT_SOCKET": base / "no-unit" / "control.sock",
        "assistant.system.atomic_files.os.fsync": lambda handle: None,
        "assistant.app.cli.make_parser": lambda only: PROGRAM.parser,
        "assistant.app.cli.stop_on_signal": _stopped,
        "assistant.app.run.ProcessSupervisor": _Supervisor,
        "assistant.app.demo._player": lambda settings, out: NullPlayer(),
        "assistant.vision.process.run_vision": _run_vision,
        "assistant.voice.process.run_voice": _run_voice,
        "assistant.voice.audio.sound_cards.preferred_player": _Player,
        "assistant.voice.voices.espeak.synthesizers": lambda settings, language: (_Synthesizer(),),
        "assistant.voice.voices.recorded.record_sentences": _record_sentences,
        "assistant.doctor.checkup.checkup": _checkup,
        "assistant.vision.inference.sandbox.check_loads": _check_loads,
        "assistant.skills.limits.set_limits": lambda limit_bytes: None,
    }
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.dict("os.environ", environment(base)))
        for name, stand_in in stand_ins.items():
            stack.enter_context(mock.patch(name, stand_in))
        yield


def environment(base: Path) -> dict[str, str]:
    """Environment variables by which sockets, recordings and what is kept lie below `base`."""
    return {
        "HOME": str(base), "XDG_STATE_HOME": str(base / "state"), "XDG_DATA_HOME": str(base / "share"),
        "XDG_RUNTIME_DIR": str(base), "EMOTION_ASSISTANT_CONTROL": str(base / "none.sock"),
        "EMOTION_ASSISTANT_SOCKET": str(base / "none-either.sock"),
        "EMOTION_ASSISTANT_RECORDED": str(base / "recorded"), "NOTIFY_SOCKET": "", "STATE_DIRECTORY": "",
    }  # fmt: skip


@contextlib.contextmanager
def _stopped() -> Iterator[threading.Event]:
    """What runs until it is stopped is stopped at once."""
    stop = threading.Event()
    stop.set()
    yield stop


def _check_settings(settings: Settings) -> None:
    """Settings that reach the work can be handed to another process."""
    assert parse_settings(to_toml(settings).encode().decode()) == settings, settings


def _run_vision(settings: Settings, stop: threading.Event, *, problem: SettingsProblem | None = None) -> int:
    assert problem is None
    _check_settings(settings)
    return 0


def _run_voice(
    settings: Settings,
    socket_path: Path,
    phrases: Phrases,
    stop: threading.Event,
    *,
    spoken_name: Callable[[str], str],
) -> None:
    assert spoken_name("cup")
    assert isinstance(socket_path, Path)
    assert phrases.status("ready")
    _check_settings(settings)


def _checkup(
    settings: Settings, mistakes: str, stop: threading.Event, *, file: Path | None, is_quiet: bool, as_json: bool
) -> int:
    assert isinstance(mistakes, str)
    assert file is None or isinstance(file, Path)
    assert {type(is_quiet), type(as_json)} == {bool}
    _check_settings(settings)
    return 0


def _record_sentences(tables: Mapping[str, Any], synthesizers: Sequence[Any], rate_wpm: int, folder: Path) -> int:
    assert tables["status"]
    assert synthesizers
    assert 80 <= rate_wpm <= 450
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically({folder / "index.json": b"{}"})
    return 1


def _check_loads(path: Path, content: bytes) -> None:
    """What the sandbox's child process does, in this one."""
    try:
        sandbox.load_and_run(content)
    except MemoryError as err:
        raise ModelError(f"{path}: too large") from err


class _Supervisor:
    """A process that is ready at once."""

    is_ready = is_working = True

    def __init__(
        self, name: str, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, **_: Any
    ) -> None:
        options = make_parser().parse_args(arguments)
        assert options.command == name
        _check_settings(load_settings(options.config))

    def terminate(self) -> None:
        pass

    def close(self, timeout_s: float) -> bool:
        return True


class _Player:
    """Plays nothing."""

    def __init__(self, device: str = "") -> None:
        assert isinstance(device, str)

    def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
        return not cancel.is_set()


class _Synthesizer:
    """Says three beeps instead of the words."""

    name = "beeps"

    def __call__(self, text: str, cancel: threading.Event) -> Pcm:
        return Pcm(BEEPS.samples * (len(text.encode()) // 8 + 1), BEEPS.rate)
