"""Video devices of Linux (Video4Linux): which there are, and whether another program uses one.

See the kernel's documentation of the Video for Linux API, part I, and include/uapi/linux/videodev2.h.
"""

import contextlib
import errno
import fcntl
import os
import re
import struct
from pathlib import Path

SYSTEM = Path("/sys")
NON_CAMERA_PREFIXES = ("bcm2835-", "rpivid", "rpi-hevc", "pispbe")
"""Name prefixes of a Raspberry Pi's codecs and image processor, which are video devices but no cameras."""
VIDIOC_REQBUFS = 0xC0145608
"""ioctl that asks for buffers; fails with EBUSY where another file holds some. Its argument is a struct
v4l2_requestbuffers, 20 bytes."""
VIDEO_CAPTURE, MMAP = 1, 1
"""Buffer type and memory type in that struct."""


def camera_numbers() -> list[str]:
    """The numbers of the video devices that may be cameras, as text, the lowest first. $EMOTION_ASSISTANT_SYS names
    another folder than /sys."""
    found = []
    for device in (Path(os.environ.get("EMOTION_ASSISTANT_SYS", SYSTEM)) / "class" / "video4linux").glob("video*"):
        name = ""
        with contextlib.suppress(OSError):
            name = (device / "name").read_text("utf-8", "replace")
        if (number := re.fullmatch(r"video(\d+)", device.name)) and not name.startswith(NON_CAMERA_PREFIXES):
            found.append(int(number[1]))
    return [str(number) for number in sorted(found)]


def is_busy(path: Path) -> bool:
    """Whether another program captures from a video device."""
    try:
        file = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError as err:
        return err.errno == errno.EBUSY
    try:
        request = bytearray(struct.pack("<III8x", 1, VIDEO_CAPTURE, MMAP))
        fcntl.ioctl(file, VIDIOC_REQBUFS, request)
    except OSError as err:
        return err.errno == errno.EBUSY
    finally:
        os.close(file)
    return False
