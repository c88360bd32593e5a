"""Runs in the machine: records what the sound card plays, from its loopback end. Standard library only.

FILE.raw gets the samples (16 bit, one channel), FILE.times one line for each tenth of a second: its arrival on the
monotonic clock and its peak.
"""

import array
import subprocess
import sys
import time

RATE = 22050
"""espeak-ng's own rate, in Hertz: its samples arrive unchanged."""
CHUNK = RATE // 10
"""Samples in a tenth of a second."""


def main(file: str) -> None:
    command = ["arecord", "-q", "-D", "hw:Loopback,1,0", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(RATE)]
    with open(f"{file}.raw", "wb", buffering=0) as samples, open(f"{file}.times", "w", buffering=1) as times:
        while True:
            with subprocess.Popen([*command, "--buffer-time=4000000"], stdout=subprocess.PIPE) as recorder:
                while recorder.stdout and len(chunk := recorder.stdout.read(2 * CHUNK)) == 2 * CHUNK:
                    at = time.monotonic()
                    samples.write(chunk)
                    values = array.array("h", chunk)
                    lowest, highest = min(values), max(values)
                    times.write(f"{at:.3f} {max(highest, -lowest)}\n")
            time.sleep(0.2)  # the card is not there yet


main(sys.argv[1])
