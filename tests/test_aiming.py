"""Aiming from end to end: `aim` at the control socket, vision's positions over the link, the tone that is played, and
the last words. Voice and vision each run in a thread, with a detector whose face comes to the middle."""

import itertools
import threading
from collections.abc import Iterable
from pathlib import Path
from queue import SimpleQueue

import cv2
import pytest

from assistant.config.settings import CameraSettings, ControlSettings, Settings, VoiceSettings
from assistant.ipc import control_client
from assistant.records import Face, Fate, Utterance
from assistant.vision import process
from assistant.vision.factory import VisionParts, load_phrases
from assistant.vision.loop import VisionLoop
from assistant.voice.audio.aim_tone import CHUNK_S, RATE
from assistant.voice.audio.player import NullPlayer, Pcm
from assistant.voice.process import run_voice
from tests.support.standins import ScriptedClassifier, ScriptedDetector, face, picture
from tests.voice.audio.test_aim_tone import hertz, power, sides

pytest.importorskip("espeakng_loader", reason="no voice is installed: pip install espeakng-loader")
WAIT_S, WINDOW_S, STEP_PX = 20.0, 0.25, 10.0


class TonePlayer(NullPlayer):
    """A player that stores the tone that it is given while it is made, and takes no time for what else it plays."""

    def __init__(self) -> None:
        self.tone, self.began = b"", threading.Event()

    def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
        return not cancel.is_set()

    def stream(
        self, chunks: Iterable[bytes], chunk_s: float, rate: int, channels: int, cancel: threading.Event
    ) -> bool:
        assert (chunk_s, rate, channels) == (CHUNK_S, RATE, 2)

        def stored() -> Iterable[bytes]:
            for chunk in chunks:
                self.tone += chunk
                self.began.set()
                yield chunk

        return super().stream(stored(), chunk_s, rate, channels, cancel)


def test_from_the_command_to_the_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    player, stop, known = TonePlayer(), threading.Event(), threading.Event()
    ended: SimpleQueue[tuple[Utterance, Fate]] = SimpleQueue()
    lefts = itertools.count(540.0, -STEP_PX)

    def seen(number: int) -> list[Face]:
        """A face at the right edge, which comes to the middle once the tone is heard."""
        if number == 20:
            known.set()
        left = max(280.0, next(lefts)) if player.began.is_set() else 540.0
        return [face(left, 200.0)]

    def note(loop: VisionLoop, utterance: Utterance, fate: Fate) -> None:
        ended.put((utterance, fate))

    monkeypatch.setattr(VisionLoop, "ended", note)
    parts = VisionParts(ScriptedDetector(seen), ScriptedClassifier())
    monkeypatch.setattr("assistant.vision.factory.best_parts", lambda settings: (parts, {}))
    monkeypatch.setattr("assistant.ipc.socket_paths.runtime_socket", lambda: tmp_path / "voice.sock")
    monkeypatch.setenv("EMOTION_ASSISTANT_CONTROL", str(tmp_path / "control.sock"))
    cv2.imwrite(str(tmp_path / "1.png"), picture("happy"))
    settings = Settings(
        camera=CameraSettings(driver="folder", source=str(tmp_path)),
        voice=VoiceSettings(engine="espeak", channels="stereo"),
        controls=ControlSettings(keys="off"),
    )
    voice = threading.Thread(
        target=run_voice,
        args=(settings, tmp_path / "voice.sock", load_phrases(settings), stop),
        kwargs={"player": player},
    )
    vision = threading.Thread(target=process.run_vision, args=(settings, stop))
    voice.start()
    vision.start()
    try:
        assert known.wait(WAIT_S)
        assert control_client.send_command("aim", tmp_path / "control.sock").ok
        while True:
            utterance, fate = ended.get(timeout=WAIT_S)
            if utterance.text == "Centred.":
                break
        assert fate is Fate.SPOKEN
    finally:
        stop.set()
        vision.join(WAIT_S)
        voice.join(WAIT_S)
    left, right = sides(player.tone)
    window = round(WINDOW_S * RATE)
    starts = [at for at in range(0, len(right) - window, window) if power(right[at : at + window]) > 1000]
    pitches = [hertz(right[at : at + window]) for at in starts]
    assert pitches[0] < 440, "at the edge"
    assert pitches[-1] > 680, "no farther off than a fifth, from where on the face is in the middle"
    assert all(later > 0.98 * earlier for earlier, later in itertools.pairwise(pitches)), pitches
    assert power(right[:window]) > 4 * power(left[:window]), "it comes from the right"
