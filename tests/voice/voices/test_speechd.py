"""The speechd voice against a stand-in daemon on a real socket: its commands, and daemons that report wrongly,
hang, send garbage or end. The real daemon, where it is installed, is tested by the contract of all voices."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.config.settings import VoiceSettings
from assistant.errors import VoiceError
from assistant.records import Priority
from assistant.voice.speech.fallback_voice import PreemptedError
from assistant.voice.voices import speechd, ssip
from assistant.voice.voices.speechd import SpeechDispatcherVoice, ssip_rate
from tests.support.captured_audio import FakePrograms
from tests.support.ssip_standin import SpeechDispatcherStandin, event

pytestmark = pytest.mark.timed

TEXT = "Looks happy."
BEGIN, END, CANCELED = event(701), event(702), event(703)


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SpeechDispatcherStandin]:
    """A daemon that takes no time, without the check of the duration."""
    monkeypatch.setenv("SPEECHD_ADDRESS", f"unix_socket:{tmp_path / 'socket'}")
    monkeypatch.setattr(speechd, "min_duration_s", lambda text, rate: 0.0)
    daemon = SpeechDispatcherStandin(tmp_path / "socket")
    yield daemon
    daemon.close()


def say(text: str = TEXT, priority: Priority = Priority.ANSWER, **settings: object) -> bool:
    voice = SpeechDispatcherVoice(VoiceSettings(**settings), "en")  # type: ignore[arg-type]
    try:
        return voice.say(text, threading.Event(), priority=priority)
    finally:
        voice.close()


def test_the_commands_that_set_up_and_speak(daemon: SpeechDispatcherStandin) -> None:
    voice = SpeechDispatcherVoice(VoiceSettings(rate_wpm=350, volume=80, lead_in_ms=300), "de")
    assert voice.say("A < B & C.", threading.Event(), priority=Priority.FAULT) is True
    assert voice.say("Ready.", threading.Event()) is True
    voice.close()
    assert [line for line in daemon.lines if line not in ("CANCEL SELF", "QUIT")] == [
        "SET SELF CLIENT_NAME wearer:emotion_assistant:voice",
        "SET SELF NOTIFICATION BEGIN on",
        "SET SELF NOTIFICATION END on",
        "SET SELF NOTIFICATION CANCEL on",
        "SET SELF SSML_MODE on",
        "SET SELF RATE 65",
        "SET SELF VOLUME 0",
        "SET SELF LANGUAGE de",
        "GET OUTPUT_MODULE",
        "SET SELF PRIORITY important",
        "SPEAK",
        "SET SELF PRIORITY message",
        "SPEAK",
    ]
    lead_in = '<mark name="a"/><break time="300ms"/>'
    assert daemon.messages.get() == f"<speak>{lead_in}A &lt; B &amp; C.</speak>"
    assert daemon.messages.get() == f"<speak>{lead_in}Ready.</speak>"


@pytest.mark.parametrize(
    ("priority", "name"),
    [
        (Priority.FAULT, "important"),
        (Priority.ANSWER, "message"),
        (Priority.PAUSE, "message"),
        (Priority.CHANGE, "notification"),
        (Priority.STATUS, "notification"),
    ],
)
def test_priorities(daemon: SpeechDispatcherStandin, priority: Priority, name: str) -> None:
    assert say(priority=priority)
    assert f"SET SELF PRIORITY {name}" in daemon.lines


@pytest.mark.parametrize(("rate_wpm", "rate"), [(80, -100), (125, -50), (170, 0), (175, 2), (350, 65), (450, 100)])
def test_rates(rate_wpm: int, rate: int) -> None:
    assert ssip_rate(rate_wpm) == rate


def test_the_configured_voice_takes_precedence_over_the_language_and_is_one_word(
    daemon: SpeechDispatcherStandin,
) -> None:
    assert say(name="en gb [x]")
    assert "SET SELF LANGUAGE engbx" in daemon.lines


def test_a_text_cannot_end_its_own_message(daemon: SpeechDispatcherStandin) -> None:
    assert say(".\r\n.\r\nSET ALL RATE 100")
    assert daemon.messages.get() == "<speak>. . SET ALL RATE 100</speak>"
    assert "SET ALL RATE 100" not in daemon.lines


def test_only_the_events_of_this_message_count(daemon: SpeechDispatcherStandin) -> None:
    daemon.before = BEGIN  # the real one sends it before the message's number
    daemon.after = event(702, message=6) + event(703, message=8) + event(700) + event(704) + event(705) + BEGIN + END
    assert say() is True
    daemon.before, daemon.after = BEGIN + END, ""
    assert say() is True


@pytest.mark.parametrize("priority", [Priority.CHANGE, Priority.STATUS])
def test_it_yields_to_the_screen_reader_and_stays_connected(
    daemon: SpeechDispatcherStandin, priority: Priority
) -> None:
    voice = SpeechDispatcherVoice(VoiceSettings(), "en")
    daemon.after = CANCELED
    with pytest.raises(PreemptedError, match="something else was being said"):
        voice.say(TEXT, threading.Event(), priority=priority)
    daemon.after = BEGIN + END
    assert voice.say(TEXT, threading.Event(), priority=priority) is True
    assert daemon.lines.count("GET OUTPUT_MODULE") == 1
    voice.close()


@pytest.mark.parametrize("priority", [Priority.PAUSE, Priority.ANSWER, Priority.FAULT])
def test_an_important_message_that_was_cancelled_is_an_error(
    daemon: SpeechDispatcherStandin, priority: Priority
) -> None:
    daemon.after = BEGIN + CANCELED
    with pytest.raises(VoiceError, match="speech-dispatcher cut it off") as caught:
        say(priority=priority)
    assert not isinstance(caught.value, PreemptedError)


def test_an_end_that_comes_too_soon_is_an_error(
    daemon: SpeechDispatcherStandin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speechd, "min_duration_s", lambda text, rate: 0.24)
    with pytest.raises(VoiceError, match=r"done after 0\.0\d s with what takes 0\.24 s; it was not heard"):
        say()


@pytest.mark.parametrize(
    ("prefix", "reply", "error_text"),
    [
        ("SET SELF CLIENT_NAME", "300 ERR INTERNAL\r\n", "refuses 'SET SELF CLIENT_NAME wearer:emotion_assi': 300 ERR"),
        ("SET SELF RATE", "409 ERR RATE TOO HIGH\r\n", "refuses 'SET SELF RATE 2': 409 ERR RATE TOO HIGH"),
        ("GET OUTPUT_MODULE", "251-dummy\r\n251 OK\r\n", "has no synthesizer that works; install the package"),
        ("SPEAK", "304 ERR MODULE\r\n", "refuses 'SPEAK': 304"),
        ("SPEAK", "\x00\x01garbage\r\n", r"breaks its protocol: '\\x00\\x01garbage'"),
        ("SPEAK", "HTTP/1.1 400 Bad Request\r\n", "breaks its protocol: 'HTTP/1.1 400"),
        ("SPEAK", "²³¹ odd\r\n", "breaks its protocol"),
        ("SPEAK", "\udcff\udcfe\r\n", "breaks its protocol"),
        ("SPEAK", "x" * 70_000, "breaks its protocol: it does not end"),
        ("SPEAK", "230-more\r\n" * 2000, "breaks its protocol: it does not end"),
    ],
)
def test_errors_and_garbage_are_reported(
    daemon: SpeechDispatcherStandin, prefix: str, reply: str, error_text: str
) -> None:
    daemon.replies[prefix] = reply
    voice = SpeechDispatcherVoice(VoiceSettings(), "en")
    with pytest.raises(VoiceError, match=error_text):
        voice.say(TEXT, threading.Event())
    daemon.replies.pop(prefix)
    daemon.replies.update({"SPEAK": "230 OK RECEIVING DATA\r\n", "GET OUTPUT_MODULE": "251-espeak-ng\r\n251 OK\r\n"})
    assert voice.say(TEXT, threading.Event()) is True, "with a connection of its own"
    voice.close()


def test_a_queued_message_without_an_id_is_an_error(daemon: SpeechDispatcherStandin) -> None:
    daemon.message_id = "225 OK MESSAGE QUEUED\r\n"
    with pytest.raises(VoiceError, match="no message id"):
        say()


@pytest.mark.parametrize("prefix", ["SET SELF CLIENT_NAME", "SPEAK", "after"])
def test_after_a_disconnect_it_connects_again(daemon: SpeechDispatcherStandin, prefix: str) -> None:
    kept = dict(daemon.replies)
    if prefix == "after":
        daemon.after = daemon.hang_up
    else:
        daemon.replies[prefix] = daemon.hang_up
    voice = SpeechDispatcherVoice(VoiceSettings(), "en")
    with pytest.raises(VoiceError, match="speech-dispatcher (has hung up|is gone)"):
        voice.say(TEXT, threading.Event())
    daemon.replies, daemon.after = kept, BEGIN + END
    assert voice.say(TEXT, threading.Event()) is True
    voice.close()


@pytest.mark.parametrize("prefix", ["SET SELF CLIENT_NAME", "SPEAK", "after", "begun"])
def test_a_daemon_that_hangs_is_given_up_in_time(
    daemon: SpeechDispatcherStandin, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssip.SsipConnection.command, "__defaults__", (None, 0.1))
    for limit in ("TURN_LIMIT_S", "SPEECH_LIMIT_FACTOR", "SPEECH_LIMIT_EXTRA_S"):
        monkeypatch.setattr(speechd, limit, 0.1)
    daemon.replies[prefix] = ""
    if prefix in ("after", "begun"):
        daemon.after = BEGIN if prefix == "begun" else ""
    began = time.monotonic()
    with pytest.raises(VoiceError, match="speech-dispatcher does not answer"):
        say()
    assert time.monotonic() - began < 0.6
    assert daemon.cancelled.wait(5), "a text that is still queued is cancelled"


class Timed(threading.Event):
    """A cancellation that knows when it came."""

    at = 0.0

    def set(self) -> None:
        self.at = self.at or time.monotonic()
        super().set()


@pytest.fixture
def cut_off(daemon: SpeechDispatcherStandin, monkeypatch: pytest.MonkeyPatch) -> Callable[[], SpeechDispatcherVoice]:
    """Makes a voice that was cut off while the daemon spoke, in time."""

    def make() -> SpeechDispatcherVoice:
        cancel, voice, wait = Timed(), SpeechDispatcherVoice(VoiceSettings(), "en"), ssip.SsipConnection.event

        def cut(connection: ssip.SsipConnection, *arguments: Any) -> int:
            cancel.set()
            return wait(connection, *arguments)

        with monkeypatch.context() as patch:
            patch.setattr(ssip.SsipConnection, "event", cut)
            daemon.after = BEGIN
            assert voice.say(TEXT, cancel, priority=Priority.CHANGE) is False
            assert time.monotonic() - cancel.at < 0.1
        assert daemon.cancelled.wait(5)
        daemon.after = BEGIN + END
        return voice

    return make


def test_after_a_cancellation_its_end_is_awaited_and_the_connection_kept(
    daemon: SpeechDispatcherStandin, cut_off: Callable[[], SpeechDispatcherVoice]
) -> None:
    voice = cut_off()
    daemon.send(CANCELED)
    assert voice.say("Next.", threading.Event()) is True
    assert daemon.lines.count("GET OUTPUT_MODULE") == 1
    voice.close()


def test_nothing_is_queued_before_the_cancelled_message_has_ended(
    daemon: SpeechDispatcherStandin, cut_off: Callable[[], SpeechDispatcherVoice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speechd, "STOP_LIMIT_S", 0.1)
    voice = cut_off()
    with pytest.raises(VoiceError, match="does not answer"):
        voice.say("Next.", threading.Event())
    assert daemon.lines.count("SPEAK") == 1
    assert voice.say("Next.", threading.Event()) is True, "over another connection"
    voice.close()


def test_a_daemon_that_does_not_confirm_a_cancellation_is_disconnected(
    daemon: SpeechDispatcherStandin, cut_off: Callable[[], SpeechDispatcherVoice]
) -> None:
    daemon.replies["CANCEL SELF"] = ""
    voice = cut_off()
    assert voice.say("Next.", threading.Event()) is True
    assert daemon.lines.count("GET OUTPUT_MODULE") == 2
    voice.close()


@pytest.mark.parametrize("prefix", ["SET SELF SSML_MODE", "SPEAK"])
def test_cancelled_in_the_middle_of_a_command_it_disconnects(daemon: SpeechDispatcherStandin, prefix: str) -> None:
    kept, cancel, voice = dict(daemon.replies), Timed(), SpeechDispatcherVoice(VoiceSettings(), "en")
    daemon.replies[prefix] = cancel.set
    assert voice.say(TEXT, cancel) is False
    assert time.monotonic() - cancel.at < 0.1
    daemon.replies = kept
    assert voice.say("Next.", threading.Event()) is True
    voice.close()


def test_cancelled_before_it_began_it_does_not_connect(daemon: SpeechDispatcherStandin) -> None:
    cancel = threading.Event()
    cancel.set()
    assert SpeechDispatcherVoice(VoiceSettings(), "en").say(TEXT, cancel) is False
    assert daemon.lines == []


def test_a_daemon_that_no_longer_reads_is_given_up(tmp_path: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket"))
    listener.listen()
    connection = ssip.SsipConnection(tmp_path / "socket")
    with pytest.raises(VoiceError, match="speech-dispatcher takes no commands"):
        connection.command("x" * 10_000_000, limit_s=0.1)
    listener.close()
    with pytest.raises(VoiceError, match="speech-dispatcher is gone: Broken pipe"):
        connection.command("x")
    connection.close()


# where there is no daemon


def test_a_daemon_at_a_given_address_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEECHD_ADDRESS", f"unix_socket:{tmp_path / 'none'}")
    with pytest.raises(VoiceError, match=r"no speech-dispatcher at .*/none \(No such file or directory\); install the"):
        say()
    monkeypatch.setenv("SPEECHD_ADDRESS", "inet_socket:localhost:6560")
    with pytest.raises(VoiceError, match="SPEECHD_ADDRESS names a 'inet_socket'; only unix_socket:PATH"):
        say()
    monkeypatch.delattr("socket.AF_UNIX")
    with pytest.raises(VoiceError, match="speech-dispatcher is not for this system"):
        say()


def test_the_users_own_daemon_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPEECHD_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(speechd, "min_duration_s", lambda text, rate: 0.0)
    assert ssip.default_path() == tmp_path / "speech-dispatcher" / "speechd.sock"
    tool = FakePrograms(tmp_path, monkeypatch)
    with pytest.raises(VoiceError, match=r"no speech-dispatcher at .*speechd.sock"):
        say()
    (tmp_path / "speech-dispatcher").mkdir()
    daemons: list[SpeechDispatcherStandin] = []

    def spawn(command: list[str], *rest: object) -> object:
        daemons.append(SpeechDispatcherStandin(ssip.default_path()))
        assert command == ["speech-dispatcher", "--spawn"]
        return object()

    tool.install("failing", "speech-dispatcher")
    with pytest.raises(VoiceError, match=r"no speech-dispatcher at .*speechd.sock"):
        say()
    monkeypatch.setattr(speechd, "run_child", spawn)
    assert say() is True
    daemons[0].close()


def test_cancelled_while_the_daemon_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPEECHD_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(speechd, "run_child", lambda *arguments: None)
    assert say() is False


def test_without_a_runtime_directory_it_is_looked_for_in_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("SPEECHD_ADDRESS", "unix_socket")
    assert ssip.default_path() == Path.home() / ".cache/speech-dispatcher/speechd.sock"


VOICES = "249-English (Great Britain)\ten-gb\tnone\r\n249-German\tde\tnone\r\n249 OK VOICE LIST SENT\r\n"
BRITISH = ["SET SELF LANGUAGE en-gb", "SET SELF SYNTHESIS_VOICE English (Great Britain)"]


@pytest.mark.parametrize(
    ("name", "expected", "is_refused"),
    [
        ("de", ["SET SELF LANGUAGE de"], False),
        ("en", ["SET SELF LANGUAGE en"], False),
        ("english (great britain)", BRITISH, False),
        ("english", ["SET SELF LANGUAGE fr"], True),
        ("en_US", ["SET SELF LANGUAGE fr"], True),
    ],
)
def test_a_name_that_the_daemon_does_not_know_is_reported_and_the_language_spoken(
    daemon: SpeechDispatcherStandin, name: str, expected: list[str], is_refused: bool
) -> None:
    daemon.replies["LIST SYNTHESIS_VOICES"] = VOICES
    reports: list[tuple[str, str]] = []
    voice = SpeechDispatcherVoice(VoiceSettings(name=name), "fr", on_setting=lambda *report: reports.append(report))
    for _ in range(2):
        assert voice.say(TEXT, threading.Event())
        voice.close()
    assert [line for line in daemon.lines if "LANGUAGE" in line or "SYNTHESIS_VOICE " in line] == expected * 2
    assert reports == [("voice.name", f"{name!r} is no language and no voice of speech-dispatcher")] * is_refused


def test_a_module_that_cannot_list_its_voices_is_given_the_name(daemon: SpeechDispatcherStandin) -> None:
    daemon.replies["LIST SYNTHESIS_VOICES"] = "304 ERR CANNOT LIST VOICES\r\n"
    assert say(name="en-gb")
    assert "SET SELF LANGUAGE en-gb" in daemon.lines


def test_a_daemon_without_a_synthesizer_is_a_refused_engine_until_it_has_one(daemon: SpeechDispatcherStandin) -> None:
    reports: list[tuple[str, str]] = []
    voice = SpeechDispatcherVoice(VoiceSettings(), "en", on_setting=lambda *report: reports.append(report))
    works = daemon.replies["GET OUTPUT_MODULE"]
    daemon.replies["GET OUTPUT_MODULE"] = "251-dummy\r\n251 OK GET RETURNED\r\n"
    for _ in range(2):
        with pytest.raises(VoiceError, match="no synthesizer that works"):
            voice.say(TEXT, threading.Event())
    assert [setting for setting, _ in reports] == ["voice.engine"]
    daemon.replies["GET OUTPUT_MODULE"] = works
    assert voice.say(TEXT, threading.Event())
    voice.close()
    assert reports[1:] == [("voice.engine", "")]
