"""The sounds of a system without a sound card: its `aplay` takes as long as a card would, and writes the samples to a
log.

Sentences are recognized by their samples: the same text, spoken by the same espeak-ng, is the same sound.
"""

import base64
import hashlib
import json
import time
import wave
from dataclasses import dataclass
from pathlib import Path

PLAYER = """#!/usr/bin/python3 -IS
# Stands in for a sound card: as long as the sound, and every sample written in lines short enough to be written whole.
import base64, json, os, sys, time, wave
began, arguments, rate = time.monotonic(), sys.argv[1:], 22050
if "-l" in arguments:
    sys.exit(0)  # the cards: none by name
files = [each for each in arguments if each.endswith(".wav")]
if files:
    with wave.open(files[0]) as source:
        rate, samples = source.getframerate(), source.readframes(source.getnframes())
else:
    samples = sys.stdin.buffer.read()
    if samples[:4] == b"RIFF":
        rate, samples = int.from_bytes(samples[24:28], "little"), samples[44:]
    elif "-r" in arguments:
        rate = int(arguments[arguments.index("-r") + 1])
pipe = os.open("/srv/sound", os.O_WRONLY)
for at in range(0, len(samples) or 1, 2400):
    part = base64.b64encode(samples[at:at + 2400]).decode()
    line = {"player": os.getpid(), "began": began, "rate": rate, "part": part, "is_last": at + 2400 >= len(samples)}
    os.write(pipe, json.dumps(line).encode() + b"\\n")
time.sleep(max(0, began + len(samples) / 2 / rate - time.monotonic()))
"""
RECORDER = """[Unit]
Description=logs the samples that are played
DefaultDependencies=no
[Service]
ExecStartPre=/bin/sh -c '[ -p /srv/sound ] || mkfifo -m 666 /srv/sound; chmod 666 /srv/sound'
ExecStart=/bin/sh -c 'exec cat 0<>/srv/sound >>/srv/sound.log'
[Install]
WantedBy=sysinit.target
"""
SAMPLES_PROGRAM = """
import json, sys, threading
from assistant import phrases
from assistant.sentences import Sentence
from assistant.voice.audio.loudness import at_volume
from assistant.voice.voices import sanitize_text
from assistant.voice.voices.espeak import EspeakProgram
english, say, found = phrases.load("en"), EspeakProgram("en", 175), {}
def played(text):
    return at_volume(say(sanitize_text(text), threading.Event()), 100).samples.hex()
for table in ("status", "faults", "faults_over", "sounds"):
    for text in english.tables[table].values():
        found[text] = played(text)
for name in english.tables["emotion"]:
    for sentence in (Sentence.ARRIVED, Sentence.LOOKS, Sentence.NO_LONGER):
        text = english.announcement(sentence, expression=name)
        found[text] = played(text)
for name in Sentence:
    if not name.is_presence:
        continue
    found[english.announcement(name)] = played(english.announcement(name))
for number in range(1, 10):
    found[english.wrong_line(number)] = played(english.wrong_line(number))
json.dump(found, sys.stdout)
"""
"""Python program that prints the samples of every sentence as JSON."""


@dataclass(frozen=True)
class Sound:
    """A sound that was played."""

    at: float
    """Monotonic seconds of its beginning."""
    seconds: float
    """Its duration."""
    text: str
    """The sentence; empty where it is not a known one."""


class SoundLog:
    """The sounds that were played in the system in `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, str] = {}

    def prepare(self) -> None:
        """Put player and recorder in place."""
        player, unit = self._root / "usr/local/bin/aplay", self._root / "etc/systemd/system/sound-log.service"
        player.write_text(PLAYER)
        player.chmod(0o755)
        unit.write_text(RECORDER)
        wanted = unit.parent / "sysinit.target.wants/sound-log.service"
        wanted.parent.mkdir(exist_ok=True)
        wanted.symlink_to("../sound-log.service")

    def remove(self) -> None:
        for name in (
            "usr/local/bin/aplay",
            "etc/systemd/system/sound-log.service",
            "etc/systemd/system/sysinit.target.wants/sound-log.service",
            "srv/sound",
            "srv/sound.log",
        ):
            (self._root / name).unlink(missing_ok=True)

    def learn(self, samples: str) -> None:
        """Add the sentences as SAMPLES_PROGRAM prints them."""
        self._known |= {_digest(bytes.fromhex(value)): text for text, value in json.loads(samples).items()}

    def learn_files(self, folder: Path) -> None:
        """Add the sounds of a folder of WAV files, by their names."""
        for file in folder.glob("*.wav"):
            with wave.open(str(file)) as source:
                self._known[_digest(source.readframes(source.getnframes()))] = file.stem

    def sounds(self, since: float = 0.0) -> list[Sound]:
        """All sounds that began after a monotonic time, whole ones only."""
        try:
            lines = (self._root / "srv/sound.log").read_text().splitlines()
        except OSError:
            return []
        parts: dict[tuple[int, float], bytes] = {}
        found = []
        for line in lines:
            try:
                item = json.loads(line)
            except ValueError:
                continue  # being written
            key = item["player"], item["began"]
            parts[key] = parts.get(key, b"") + base64.b64decode(item["part"])
            if item["is_last"] and item["began"] >= since:
                samples = parts[key]
                seconds = len(samples) / 2 / item["rate"]
                found.append(Sound(item["began"], seconds, self._known.get(_digest(samples), "")))
        return sorted(found, key=lambda sound: sound.at)

    def texts(self, since: float) -> list[str]:
        return [sound.text for sound in self.sounds(since)]


def now() -> float:
    return time.monotonic()


def _digest(samples: bytes) -> str:
    return hashlib.sha256(samples.strip(b"\0")).hexdigest()
