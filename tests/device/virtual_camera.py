"""What picamera2 needs to work on libcamera's virtual camera: five patches, for tests alone. Runs inside the root.

The virtual camera has no display, no raw stream, no DMA heap and no frame rate, and does not report that a frame is
complete; everything else is picamera2's and libcamera's own.
"""

import contextlib
import mmap
import os
import sys
import time
import types
from typing import Any

SIZE = (640, 480)
FRAME_S, STARTS_S = 0.03, 2.0
"""Seconds between frames; the longest time that picamera2 takes to start, before which no frame may come."""


class _AnyName(type):
    """A class of which every attribute exists and is its own name."""

    def __getattr__(cls, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        return name


def patch() -> None:
    """Make `Picamera2()` work here; call it before picamera2 is imported."""
    display = types.ModuleType("pykms")  # picamera2 imports its preview on a display, shown or not
    display.PixelFormat = _AnyName("PixelFormat", (), {})  # type: ignore[attr-defined]
    sys.modules["pykms"] = display

    import libcamera
    from picamera2 import Picamera2, picamera2
    from picamera2.allocators.allocator import Allocator

    # The virtual camera refuses the raw stream that picamera2 asks every camera for.
    Picamera2._get_raw_modes = lambda self: [{"format": "NV12", "size": SIZE}]

    # The virtual camera fills all buffers at once, unlike a sensor: picamera2 loses requests that complete before its
    # `start` has returned.
    handle_request = picamera2.CameraManager.handle_request

    def paced(manager: Any, flushid: Any = None) -> None:
        time.sleep(FRAME_S)
        end_at = time.monotonic() + STARTS_S
        while time.monotonic() < end_at and not all(camera.started for camera in tuple(manager.cameras.values())):
            time.sleep(0.001)
        handle_request(manager, flushid)

    picamera2.CameraManager.handle_request = paced

    class Mapped:
        """A buffer's memory while it is read: picamera2's own cannot map two planes."""

        def __init__(self, allocator: Any, buffer: Any, write: bool) -> None:
            self._planes = buffer.planes

        def __enter__(self) -> mmap.mmap:
            length = sum(plane.length for plane in self._planes)
            self._map = mmap.mmap(self._planes[0].fd, length, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
            return self._map

        def __exit__(self, *error: object) -> None:
            with contextlib.suppress(BufferError):  # an array still uses it; it is freed with the array
                self._map.close()

    class Memory(Allocator):  # type: ignore[misc]
        """Frame buffers in plain memory, where there is no DMA heap."""

        def __init__(self) -> None:
            super().__init__()
            self.sync = Mapped
            self._buffers: dict[Any, list[Any]] = {}
            self._handles: list[int] = []

        def allocate(self, libcamera_config: Any, use_case: Any) -> None:
            self.cleanup()
            for stream in libcamera_config:
                luma = stream.stride * stream.size.height
                self._buffers[stream.stream] = [
                    self._good_buffer(luma, stream.frame_size) for _ in range(stream.buffer_count)
                ]

        def _good_buffer(self, luma: int, size: int) -> Any:
            """libcamera 0.4 never writes the status of a virtual frame: it keeps what the memory held before."""
            tried = []  # kept, so that the next one gets other memory
            while True:
                buffer = self._buffer(luma, size)
                if buffer.metadata.status == libcamera.FrameMetadata.Status.Success:
                    return buffer
                tried.append(buffer)

        def _buffer(self, luma: int, size: int) -> Any:
            handle = os.memfd_create("frame")
            self._handles.append(handle)
            os.ftruncate(handle, size)
            planes = []
            for offset, length in ((0, luma), (luma, size - luma)):  # with a single plane for both libcamera aborts
                plane = libcamera.FrameBuffer.Plane()
                plane.fd, plane.offset, plane.length = handle, offset, length
                planes.append(plane)
            return libcamera.FrameBuffer(planes)

        def buffers(self, stream: Any) -> list[Any]:
            return self._buffers[stream]

        def cleanup(self) -> None:
            """Close our file descriptors; libcamera has its own."""
            self._buffers.clear()
            while self._handles:
                os.close(self._handles.pop())

        def close(self) -> None:
            self.cleanup()

        def __del__(self) -> None:
            self.cleanup()

    picamera2.DmaAllocator = Memory  # by name: `close` makes a fresh one
