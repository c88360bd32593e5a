"""Runs in the machine: plays raw YUYV pictures into a v4l2loopback device, as a USB camera would.

Standard library only, and no decoding: the emulated processor has enough to do.
"""

import fcntl
import os
import struct
import sys
import time

SET_FORMAT = 0xC0D05605
"""VIDIOC_S_FMT of videodev2.h on 64-bit machines: v4l2_format has 208 bytes."""
OUTPUT, NO_FIELD, SRGB = 2, 1, 8


def main(device: str, file: str, width: int, height: int, fps: float) -> None:
    size = 2 * width * height
    handle = os.open(device, os.O_RDWR)
    fourcc = int.from_bytes(b"YUYV", "little")
    form = struct.pack("<IxxxxIIIIIIII", OUTPUT, width, height, fourcc, NO_FIELD, 2 * width, size, SRGB, 0)
    fcntl.ioctl(handle, SET_FORMAT, form.ljust(208, b"\0"))
    with open(file, "rb") as source:
        due = time.monotonic()
        while True:
            picture = source.read(size)
            if len(picture) < size:
                source.seek(0)
                continue
            os.write(handle, picture)
            due = max(due + 1 / fps, time.monotonic() - 1)
            time.sleep(max(0.0, due - time.monotonic()))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
