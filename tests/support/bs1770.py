"""A meter of loudness by ITU-R BS.1770-4, made of the standard's own figures, to check the assistant's by.

The standard tabulates the two filters at 48 kHz; here their frequency response is applied by a Fourier transform, which
suits any sample rate.
"""

import numpy as np

from assistant.voice.audio.player import Pcm

SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
TABLE_RATE = 48000
"""Tables 1 and 2 of BS.1770-4: numerator and denominator of each filter at this rate."""


def lufs(pcm: Pcm) -> float:
    """Integrated loudness of one channel; a sound shorter than a block of 0.4 s is filled up with silence."""
    values = np.frombuffer(pcm.samples, "<i2") / 32768
    block = round(0.4 * pcm.rate)
    values = np.concatenate((values, np.zeros(max(0, block - len(values)))))
    size = 2 * len(values)  # so that the filters' response does not wrap around
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(size, 1 / pcm.rate) / TABLE_RATE)
    response = np.ones_like(z)
    for numerator, denominator in (SHELF, HIGH_PASS):
        response *= np.polyval(numerator[::-1], z) / np.polyval(denominator[::-1], z)
    weighted = np.fft.irfft(np.fft.rfft(values, size) * response, size)[: len(values)]
    powers = np.array(
        [np.mean(weighted[at : at + block] ** 2) for at in range(0, len(values) - block + 1, pcm.rate // 10)]
    )
    levels = -0.691 + 10 * np.log10(powers + 1e-20)
    loud = powers[levels > -70]
    if not len(loud):
        return -np.inf
    gate = 10 * np.log10(loud.mean()) - 0.691 - 10
    loud = powers[(levels > -70) & (levels > gate)]
    return float(10 * np.log10(loud.mean()) - 0.691)
