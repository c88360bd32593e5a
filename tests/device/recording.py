"""The recording of the sound card's output: which sentences are in it, and when, by correlation of samples.

espeak-ng makes the same samples of the same text each time.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 22050
MIN_CORRELATION = 0.7
"""Correlation from which a sentence is found; another sentence of the same voice reaches 0.2."""
LOUD = 300
"""Peak of a tenth of a second, of 32767, from which it counts as sound."""


@dataclass(frozen=True)
class Recording:
    """One channel of sound."""

    samples: NDArray[np.float32]
    """At RATE, in units of int16."""
    times: NDArray[np.float64]
    """When the end of each tenth of a second arrived, seconds on the machine's clock."""

    @classmethod
    def load(cls, stem: Path) -> "Recording":
        samples = np.fromfile(stem.with_suffix(".raw"), np.int16).astype(np.float32)
        lines = stem.with_suffix(".times").read_text("utf-8").splitlines()
        return cls(samples, np.array([float(line.split()[0]) for line in lines if " " in line]))

    def at(self, sample: int) -> float:
        """When that sample was played, seconds on the machine's clock, to a tenth or two."""
        chunk = min(sample // (RATE // 10), len(self.times) - 1)
        return float(self.times[chunk]) - 0.1 + (sample % (RATE // 10)) / RATE

    def find(self, sentence: NDArray[np.float32]) -> list[tuple[float, float]]:
        """When the sentence was spoken, and the correlation with its samples; the first time first."""
        wanted = sentence / np.linalg.norm(sentence)
        size = 1 << int(np.ceil(np.log2(len(self.samples) + len(wanted))))
        product = np.fft.irfft(np.fft.rfft(self.samples, size) * np.conj(np.fft.rfft(wanted, size)), size)
        product = product[: len(self.samples) - len(wanted) + 1]
        energy = np.cumsum(np.concatenate(([0.0], self.samples.astype(np.float64) ** 2)))
        loudness = np.sqrt(np.maximum(energy[len(wanted) :] - energy[: -len(wanted)], 1.0))
        correlation = np.where(loudness > 0.3 * np.linalg.norm(sentence), product / loudness, 0.0)
        found = []
        while (best := int(correlation.argmax())) >= 0 and correlation[best] >= MIN_CORRELATION:
            found.append((self.at(best), float(correlation[best])))
            correlation[max(0, best - len(wanted) // 2) : best + len(wanted) // 2] = 0
        return sorted(found)

    def loud_s(self, begin: float, end: float) -> float:
        """Seconds of sound between two times of the machine's clock."""
        chunks = self.samples[: len(self.samples) // (RATE // 10) * (RATE // 10)].reshape(-1, RATE // 10)
        peaks = np.abs(chunks).max(axis=1)[: len(self.times)]
        within = (self.times[: len(peaks)] >= begin) & (self.times[: len(peaks)] < end)
        return float((peaks[within] >= LOUD).sum() / 10)


def synthesize(root: Path, text: str, rate_wpm: int = 175, voice: str = "en") -> NDArray[np.float32]:
    """The samples that the root's own espeak-ng makes of a sentence."""
    command = ["chroot", str(root), "/usr/bin/espeak-ng", "--stdin", "--stdout", "-b", "1", "-s", str(rate_wpm)]
    done = subprocess.run([*command, "-v", voice], input=text.encode(), capture_output=True, timeout=120, check=True)
    return np.frombuffer(done.stdout[44:], np.int16).astype(np.float32)
