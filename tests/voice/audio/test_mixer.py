"""The sound card's own volume: controls that are too low are raised, and no others."""

from pathlib import Path

import pytest

from assistant.voice.audio.mixer import raise_volume
from tests.support.captured_audio import FakePrograms

AMIXER = """#!/bin/sh
echo "$@" >> {folder}/asked
case "$*" in *scontents) {cat} <<'END'
Simple mixer control 'Headphone',0
  Capabilities: pvolume pvolume-joined pswitch pswitch-joined
  Playback channels: Mono
  Limits: Playback -10239 - 400
  Mono: Playback HEADPHONE
Simple mixer control 'Mic',0
  Capabilities: cvolume cswitch
  Mono: Capture 0 [0%] [-12.00dB] [off]
Simple mixer control 'Master',1
  Capabilities: pvolume pswitch
  Front Left: Playback MASTER
  Front Right: Playback MASTER
END
esac
"""


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePrograms:
    return FakePrograms(tmp_path, monkeypatch)


def asked(tool: FakePrograms) -> list[str]:
    return (tool.folder / "asked").read_text().splitlines()


@pytest.mark.parametrize(
    ("headphone", "master", "raised"),
    [
        ("-1000 [80%] [-10.00dB] [on]", "60 [60%] [on]", []),
        ("-9000 [4%] [-90.00dB] [on]", "60 [60%] [on]", ["Headphone,0"]),
        ("-1000 [80%] [-10.00dB] [off]", "20 [20%] [on]", ["Headphone,0", "Master,1"]),
        ("-1000 [80%]", "30 [30%] [on]", []),
    ],
)
def test_muted_or_low_controls_are_raised(tool: FakePrograms, headphone: str, master: str, raised: list[str]) -> None:
    tool.install(AMIXER.replace("HEADPHONE", headphone).replace("MASTER", master), "amixer")
    assert raise_volume("") is bool(raised)
    assert asked(tool) == ["scontents", *(f"-q sset {name} 30% unmute" for name in raised)]


@pytest.mark.parametrize("device", ["Headphones", "plughw:CARD=Headphones,DEV=0"])
def test_the_configured_card_is_used(tool: FakePrograms, device: str) -> None:
    tool.install(AMIXER.replace("HEADPHONE", "0 [0%] [on]").replace("MASTER", "60 [60%] [on]"), "amixer")
    assert raise_volume(device)
    assert asked(tool) == ["-c Headphones scontents", "-q -c Headphones sset Headphone,0 30% unmute"]


@pytest.mark.parametrize("behaviour", [None, "failing", "instant"])
def test_if_the_mixer_cannot_be_read_nothing_is_done(tool: FakePrograms, behaviour: str | None) -> None:
    if behaviour:
        tool.install(behaviour, "amixer")
    assert not raise_volume("")
