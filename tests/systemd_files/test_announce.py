"""The last resort: a recording is played by a script that needs no Python, on whatever card takes it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.records import FaultName
from assistant.voice.audio.player import to_wav
from assistant.voice.voices.recorded import ALARM
from tests.support.captured_audio import beep

SCRIPT = Path(__file__).parents[2] / "systemd" / "announce"
APLAY = """#!/bin/sh
if [ "$1" = -l ] && [ "$LC_ALL" != C ]; then
    echo "Karte 1: Headphones [bcm2835 Headphones], Gerät 0: bcm2835 [bcm2835]"
    exit 0
elif [ "$1" = -l ]; then
    echo "card 0: vc4hdmi [vc4-hdmi], device 0: MAI PCM [MAI PCM]"
    echo "card 1: Headphones [bcm2835 Headphones], device 0: bcm2835 [bcm2835]"
    [ -e FOLDER/headset ] && echo "card 2: Headset [Plantronics USB Headset], device 0: USB Audio [USB Audio]"
    exit 0
fi
echo "$3 ${4##*/}" >> FOLDER/played
case $3 in WORKS) exit 0 ;; *) exit 1 ;; esac
"""

pytestmark = pytest.mark.skipif(shutil.which("sed") is None, reason="there is no shell here")


class Box:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "recorded").mkdir()
        for name in ("faults.voice.wav", "faults.damaged.wav", ALARM):
            (folder / "recorded" / name).write_bytes(to_wav(beep(0.1)))

    def announce(self, name: str, *, works: str = "*", python: str = sys.executable) -> tuple[int, list[str]]:
        """The exit code, and what was tried on which card."""
        (self.folder / "aplay").write_text(APLAY.replace("FOLDER", str(self.folder)).replace("WORKS", works))
        (self.folder / "aplay").chmod(0o755)
        done = subprocess.run(
            [SCRIPT, name],
            env={
                "PATH": f"{self.folder}:{os.environ['PATH']}",
                "EMOTION_ASSISTANT_RECORDED": str(self.folder / "recorded"),
                "EMOTION_ASSISTANT_SETTINGS": f"{self.folder / 'boot.toml'} {self.folder / 'config.toml'}",
                "LANG": "de_DE.UTF-8",
                "EMOTION_ASSISTANT_PYTHON": python,
            },
            capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        played = self.folder / "played"
        return done.returncode, played.read_text().splitlines() if played.exists() else []


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_the_recording_is_played_on_the_default_card(box: Box, tmp_path: Path) -> None:
    # -I leaves the checkout out of the path: what can be imported there is the installed assistant, if there is one.
    box.folder.joinpath("python").write_text("#!/bin/sh\nexit 0\n")
    box.folder.joinpath("python").chmod(0o755)
    assert box.announce("voice", python=str(box.folder / "python")) == (0, ["default faults.voice.wav"])


@pytest.mark.parametrize("settings", ["", '[voice]\ndevice = "auto"\n'])
def test_a_usb_headset_goes_before_the_default_card(box: Box, settings: str) -> None:
    (box.folder / "headset").touch()
    (box.folder / "config.toml").write_text(settings)
    assert box.announce("voice", python="/nowhere/python") == (
        0, ["plughw:CARD=Headset,DEV=0 faults.damaged.wav"]
    )  # fmt: skip


def test_a_program_that_cannot_be_loaded_is_announced_instead(box: Box) -> None:
    assert box.announce("voice", python="/nowhere/python") == (0, ["default faults.damaged.wav"])


def test_the_card_of_the_settings_goes_first_and_every_other_one_after_it(box: Box) -> None:
    (box.folder / "config.toml").write_text('[voice]\nengine = "auto"\ndevice = "Device" # mine\n')
    code, tried = box.announce("voice", works="*Headphones*", python="/nowhere/python")
    assert code == 0
    assert [line.split()[0] for line in tried] == [
        "plughw:CARD=Device", "plughw:CARD=vc4hdmi,DEV=0", "plughw:CARD=Headphones,DEV=0",
    ]  # fmt: skip


@pytest.mark.parametrize(("on_the_card", "first"), [("Headphones", "plughw:CARD=Headphones"), ("", "default")])
def test_the_settings_on_the_card_go_before_the_installed_ones(box: Box, on_the_card: str, first: str) -> None:
    (box.folder / "config.toml").write_text('[voice]\ndevice = "Device"\n')
    (box.folder / "boot.toml").write_text(f'[voice]\ndevice = "{on_the_card}"\n')
    assert box.announce("voice", python="/nowhere/python")[1] == [f"{first} faults.damaged.wav"]


def test_without_a_recording_there_are_beeps(box: Box) -> None:
    (box.folder / "recorded" / "faults.damaged.wav").write_bytes(b"")
    assert box.announce("voice", python="/nowhere/python") == (0, [f"default {ALARM}"])


def test_where_no_card_plays_it_fails_in_one_line(box: Box) -> None:
    assert box.announce("voice", works="none", python="/nowhere/python")[0] == 1


def test_the_announced_faults_exist() -> None:
    assert {"voice", "vision", "damaged"} <= set(FaultName)
