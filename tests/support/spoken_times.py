"""When a text and each of its words sound, by the library of espeak-ng itself: its events stand beside its samples."""

import json
import subprocess
import sys
from dataclasses import dataclass

import espeakng_loader

PROGRAM = """
import array, ctypes, json, os, sys
IN_THIS_THREAD, DONT_EXIT, RATE, UTF8, WORD = 2, 0x8000, 1, 1, 1  # of speak_lib.h
order = json.load(sys.stdin)
number, text = ctypes.c_int, ctypes.c_char * 8
class Event(ctypes.Structure):
    _fields_ = [("type", number), ("id", ctypes.c_uint), ("position", number), ("length", number), ("at_ms", number),
                ("sample", number), ("user", ctypes.c_void_p), ("name", text)]
library = ctypes.CDLL(order["library"])
rate = library.espeak_Initialize(IN_THIS_THREAD, 0, order["data"].encode(), DONT_EXIT)
assert library.espeak_SetVoiceByName(order["voice"].encode()) == 0
library.espeak_SetParameter(RATE, order["rate_wpm"], 0)
words, samples = [], bytearray()
@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(Event))
def take(wave, count, events):
    if wave:
        samples.extend(ctypes.string_at(wave, 2 * count))
    at = 0
    while events[at].type:
        if events[at].type == WORD:
            words.append((events[at].position - 1, events[at].at_ms / 1000))
        at += 1
    return 0
library.espeak_SetSynthCallback(take)
for text in order["texts"]:
    words.clear(), samples.clear()
    encoded = text.encode() + bytes(1)
    library.espeak_Synth(encoded, ctypes.c_size_t(len(encoded)), 0, 0, 0, UTF8, None, None)
    loud = [at for at, value in enumerate(array.array("h", bytes(samples))) if abs(value) > 300]
    print(json.dumps([words, loud[0] / rate, loud[-1] / rate]), flush=True)
os._exit(0)  # the library is not taken down: that is where it crashes
"""


@dataclass(frozen=True)
class SpokenTimes:
    """Seconds from the beginning of the samples."""

    words: dict[int, float]
    """When the word begins that stands at each position of the text."""
    begins: float
    """When the first sound is heard that is no silence."""
    ends: float
    """When the last one is."""


def spoken_times(texts: list[str], voice: str, rate_wpm: int) -> list[SpokenTimes]:
    """The times of each text, all spoken by one process."""
    library, data = espeakng_loader.get_library_path(), espeakng_loader.get_data_path()
    order = {"library": library, "data": data, "voice": voice, "rate_wpm": rate_wpm, "texts": texts}
    command = [sys.executable, "-I", "-S", "-c", PROGRAM]
    done = subprocess.run(command, input=json.dumps(order), capture_output=True, text=True, check=True)
    made = [json.loads(line) for line in done.stdout.splitlines()]
    return [SpokenTimes(dict(map(tuple, words)), begins, ends) for words, begins, ends in made]
