"""Rows C: speech and sound."""

import shutil
import stat
import subprocess
import sys
import threading
import time
import wave
from pathlib import Path

import pytest

from assistant.ipc.link import LinkClient
from assistant.records import Priority, Utterance
from assistant.voice.audio.player import CommandPlayer, with_lead_in
from assistant.voice.voices.espeak import EspeakProgram
from tests.faults.box import ROOT, BoxUnderTest, Row, skip
from tests.faults.sound_capture import BEEPS

USB_BESIDE_THE_JACK = """card 0: Headphones [bcm2835 Headphones], device 0: bcm2835 Headphones [bcm2835 Headphones]
card 1: vc4hdmi0 [vc4-hdmi-0], device 0: MAI PCM i2s-hifi-0 [MAI PCM i2s-hifi-0]
card 2: Headset [Plantronics USB Headset], device 0: USB Audio [USB Audio]
"""
HAPTICS = """[haptics]
device = "{device}"
"""
SYSTEM_ALSA = Path("/usr/share/alsa/alsa.conf")


def espeak(box: BoxUnderTest, script: str) -> None:
    """Put another espeak-ng before the real one, and hide the library of the wheel."""
    (box.folder / "bin/espeak-ng").write_text(f"#!/bin/sh\n{script}\n")
    (box.folder / "bin/espeak-ng").chmod(0o755)
    box.steer("no espeak library", "yes")


@pytest.mark.fault("C1", "no sound card at boot", recover_s=2.5)
def test_c1(box: BoxUnderTest, row: Row) -> None:
    box.sound()
    box.start()
    time.sleep(6)
    since = box.sound(default="works")
    sound = box.capture.wait_for("I had no sound.")
    row.announced(sound, since)
    row.recovered(sound.at, since)
    row.announced(box.capture.wait_for("Ready."), since)


@pytest.mark.fault("C2", "the sound device goes, and returns", announce_s=4, recover_s=5)
def test_c2(ready: BoxUnderTest, row: Row) -> None:
    jack = ready.cards("Headphones")["Headphones"]
    ready.sound(**{jack: "works"})
    since = moved = time.monotonic()
    ready.command("status")
    assert ready.capture.wait_for("Running.").device == jack
    row.announced(ready.capture.wait_for("Sound moved to another device."), since)
    since = ready.sound(default="works", **{jack: "works"})
    time.sleep(max(0.0, moved + 5.5 - time.monotonic()))  # the card that is set is tried again after five seconds
    ready.command("status")
    row.recovered(ready.capture.wait_for("Running.").at, since)
    assert ready.capture.wait_for("Sound is back where it was.").device == "default"


@pytest.mark.fault("C3", "the player hangs", announce_s=5)
def test_c3(ready: BoxUnderTest, row: Row) -> None:
    jack = ready.cards("Headphones")["Headphones"]
    ready.sound(default="hangs", **{jack: "works"})
    since = time.monotonic()
    ready.command("status")
    sound = ready.capture.wait_for("Running.")
    assert sound.device == jack
    row.announced(sound, since)


@pytest.mark.fault("C4", "a device that throws sound away", announce_s=3)
def test_c4(ready: BoxUnderTest, row: Row) -> None:
    jack = ready.cards("Headphones")["Headphones"]
    ready.sound(default="throws it away", **{jack: "works"})
    since = time.monotonic()
    ready.command("status")
    sound = ready.capture.wait_for("Running.")
    assert sound.device == jack
    row.announced(sound, since)


@pytest.mark.fault("C5", "the card's volume is off", announce_s=4)
def test_c5(box: BoxUnderTest, row: Row) -> None:
    mixer = "Simple mixer control 'Master',0\n  Capabilities: pvolume pswitch\n  Mono: Playback 0 [0%] [off]\n"
    (box.folder / "bin/amixer").write_text(f"#!/bin/sh\necho $@ >> {box.folder}/mixer\ncat <<'END'\n{mixer}END\n")
    (box.folder / "bin/amixer").chmod(0o755)
    since = box.start()
    row.announced(box.capture.wait_for("Volume was off."), since)
    assert "-q sset Master,0 30% unmute" in (box.folder / "mixer").read_text()


def recorded(box: BoxUnderTest, row: Row, script: str) -> None:
    """espeak-ng does not work any more; a fault is played all the same, from a recording made while it did."""
    assert box.command("record").returncode == 0
    box.ready()
    box.stop()
    espeak(box, script)
    box.start()
    box.capture.wait_for("Ready.")
    since = box.steer("camera", "gone")
    row.announced(box.capture.wait_for("Camera lost."), since)
    since = time.monotonic()
    (box.folder / "bin/espeak-ng").unlink()
    box.steer("camera")
    row.recovered(box.capture.wait_for("The camera is back.").at, since)


@pytest.mark.fault("C6", "espeak-ng is not there, crashes, hangs", announce_s=6, recover_s=6)
@pytest.mark.parametrize("script", ["exit 127", "kill -SEGV $$", "sleep 1000"])
def test_c6(box: BoxUnderTest, row: Row, script: str) -> None:
    recorded(box, row, script)


@pytest.mark.fault("C7", "espeak-ng reports success, and made nothing", announce_s=4, recover_s=5)
@pytest.mark.parametrize("script", ["exit 0", "printf RIFF", "head -c 200 /dev/zero"])
def test_c7(box: BoxUnderTest, row: Row, script: str) -> None:
    recorded(box, row, script)


@pytest.mark.fault("C8", "neither espeak-ng nor recordings", announce_s=4)
def test_c8(box: BoxUnderTest, row: Row) -> None:
    espeak(box, "exit 1")
    box.start()
    box.capture.wait_for(BEEPS)
    since = box.steer("camera", "gone")
    row.announced(box.capture.wait_for(BEEPS), since)


@pytest.mark.fault("C9", "another program holds the card", announce_s=4)
def test_c9(ready: BoxUnderTest, row: Row) -> None:
    ready.sound(default="busy")
    since = time.monotonic()
    ready.command("status")
    threading.Timer(1.5, lambda: ready.sound(default="works")).start()
    row.announced(ready.capture.wait_for("Running."), since)


@pytest.mark.fault("C10", "no sound at all for a while", recover_s=2.5)
def test_c10(ready: BoxUnderTest, row: Row) -> None:
    ready.sound()
    ready.steer("camera", "gone")
    time.sleep(8)
    since = ready.sound(default="works")
    sound = ready.capture.wait_for("I had no sound.")
    row.announced(sound, since)
    row.recovered(sound.at, since)
    row.announced(ready.capture.wait_for("Camera lost."), since)


@pytest.mark.fault("C11", "a thousand utterances a second")
def test_c11(box: BoxUnderTest, row: Row) -> None:
    box.steer("camera", "room")
    socket = box.folder / "run/emotion-assistant/voice.sock"
    box.start(command="voice")
    while not socket.exists():
        time.sleep(0.02)
    client = LinkClient(socket)
    began = time.monotonic()
    for number in range(3000):
        now = time.monotonic()
        client.speak(Utterance("One person looks happy.", Priority.CHANGE, f"person {number % 5}", now + 1.5))
        time.sleep(max(0.0, began + number / 1000 - time.monotonic()))
    ended = time.monotonic()
    assert box.command("status").returncode == 0
    sound = box.capture.wait_for("I cannot see at the moment.", 5)
    row.texts.append(sound.text)
    assert not [each for each in box.capture.collect(4) if each.at > ended + 2], "nothing of it is spoken late"
    assert len(box.capture.all) <= 6, "four unasked in a minute"
    client.close()


@pytest.mark.fault("C12", "hostile text")
def test_c12(box: BoxUnderTest, row: Row) -> None:
    socket = box.folder / "run/emotion-assistant/voice.sock"
    box.start(command="voice")
    while not socket.exists():
        time.sleep(0.02)
    client = LinkClient(socket)
    place = box.folder
    evil = (
        f"-w {place}/evil.wav", f"--path={place}", f"$(touch {place}/evil)", f"`touch {place}/evil`",
        f"<speak><audio src='{place}'/></speak>", "[[h@'loU]]", "\0\x1b[2J\a", "😀" * 3, "without end " * 400,
        "\u202e\ufeff",
    )  # fmt: skip
    for text in evil:
        client.speak(Utterance(text, Priority.FAULT, f"evil {text[:9]}"))
    client.speak(Utterance("Ready.", Priority.FAULT, "last"))
    row.texts.append(box.capture.wait_for("Ready.", 100).text)
    assert not list(box.folder.rglob("evil*"))
    client.close()


@pytest.mark.fault("C13", "the first syllable is swallowed")
def test_c13(box: BoxUnderTest, row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    if not SYSTEM_ALSA.exists() or not shutil.which("aplay"):
        skip("alsa-utils is not installed", row)
    kept = f'type file slave.pcm null file "{box.folder}/heard.wav" format wav'
    (box.folder / "asoundrc").write_text(f"pcm.!default {{ {kept} }}\npcm.null {{ type null }}\n")
    monkeypatch.setenv("ALSA_CONFIG_PATH", f"{SYSTEM_ALSA}:{box.folder}/asoundrc")
    speech = EspeakProgram("en", 175)("Ready.", threading.Event())
    assert speech
    CommandPlayer(min_play_share=0).play(with_lead_in(speech, 300), threading.Event())
    with wave.open(str(box.folder / "heard.wav")) as source:
        rate, content = source.getframerate(), source.readframes(source.getnframes())
    assert rate == speech.rate
    silent = 2 * round(0.3 * rate)
    assert not any(content[:silent]), "three tenths of a second of nothing"
    assert content[silent : silent + len(speech.samples)] == speech.samples, "then every sample, none swallowed"
    row.texts.append("Ready.")


@pytest.mark.fault("C14", "what is said is left in a file")
def test_c14(box: BoxUnderTest, row: Row) -> None:
    if not shutil.which("strace"):
        skip("strace is not installed", row)
    trace = box.folder / "trace"
    done = subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=open,openat,creat", "-o", trace,
         sys.executable, "-B", "-m", "assistant", "say", "Looks happy."],
        env=box.environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    row.texts.append("Looks happy.")
    opened = [line for line in trace.read_text().splitlines() if "O_WRONLY" in line or "O_RDWR" in line]
    assert len(trace.read_text().splitlines()) > 50
    kept = [line for line in opened if stat.S_ISREG(_mode(line.split('"')[1]))]
    assert kept == []


@pytest.mark.fault("C15", "a voice that the speech program does not know", announce_s=8)
@pytest.mark.parametrize("name", ["english", "en_US"])
def test_c15(box: BoxUnderTest, row: Row, name: str) -> None:
    (box.folder / "my.toml").write_text(f'[voice]\nname = "{name}"\n')
    since = box.start("--config", box.folder / "my.toml")
    assert box.capture.wait_for("Ready."), "words, not beeps"
    row.announced(box.capture.wait_for("The setting for the voice is wrong."), since)
    row.texts.append(box.capture.wait_for("One person").text)
    box.command("status")
    assert box.capture.wait_for("Running.")
    heard = [each.text for each in (*box.capture.all, *box.capture.collect(2))]
    assert heard.count("The setting for the voice is wrong.") == 1
    assert BEEPS not in heard
    assert box.log().count("voice_name: ") == 1, "the log tells it once too"


@pytest.mark.fault("C16", "a USB headset beside the jack", announce_s=6, recover_s=6)
def test_c16(box: BoxUnderTest, row: Row) -> None:
    jack, screen, headset = (f"plughw:CARD={name},DEV=0" for name in ("Headphones", "vc4hdmi0", "Headset"))
    box.steer("cards", USB_BESIDE_THE_JACK)
    box.sound(default="works", **dict.fromkeys((jack, screen, headset), "works"))
    box.ready()
    box.capture.wait_for("One person")
    assert {each.device for each in box.capture.all} == {headset}, "nothing goes to the jack"
    box.steer("cards", USB_BESIDE_THE_JACK[: USB_BESIDE_THE_JACK.index("card 2")])
    since = box.sound(default="works", **dict.fromkeys((jack, screen), "works"))
    box.command("status")
    sound = box.capture.wait_for("Sound moved to another device.")
    assert sound.device == jack
    row.announced(sound, since)
    since = box.sound(default="works", **dict.fromkeys((jack, screen, headset), "works"))
    box.steer("cards", USB_BESIDE_THE_JACK)
    box.capture.collect(5.5)  # the headset is looked for every five seconds
    box.command("status")
    sound = box.capture.wait_for("Running.")
    assert sound.device == headset
    row.recovered(sound.at, since + 5.5)


def _mode(path: str) -> int:
    try:
        return Path(path).stat().st_mode
    except OSError:
        return 0


@pytest.mark.fault("C17", "what vibrates: its pin in use, gpiozero missing, its sound card gone", announce_s=8)
@pytest.mark.parametrize("how", ["pin in use", "not installed", "card gone"])
def test_c17(how: str, box: BoxUnderTest, row: Row) -> None:
    file = box.folder / "my.toml"
    file.write_text(HAPTICS.format(device="Pads" if how == "card gone" else "gpio:18"))
    if how != "card gone":
        (box.folder / "site").mkdir()
        what = (
            "class GPIOZeroError(Exception): ...\ndef PWMOutputDevice(*_, **__): raise GPIOZeroError('pin 18 in use')\n"
        )
        (box.folder / "site/gpiozero.py").write_text(
            what if how == "pin in use" else "raise ImportError('no gpiozero')\n"
        )
        box.environment["PYTHONPATH"] = f"{box.folder / 'site'}:{box.environment['PYTHONPATH']}"
        box.environment["GPIOZERO_PIN_FACTORY"] = "mock"
    box.start("--config", file)
    since = box.wait_for_voice()
    if how == "card gone":  # it is found out by the first smile, that of the picture
        since = box.capture.wait_for("Ready.").at
    row.announced(box.capture.wait_for("The vibration does not work."), since)
    box.command("status")
    assert "The vibration does not work." not in [each.text for each in box.capture.collect(2)], "told once"
