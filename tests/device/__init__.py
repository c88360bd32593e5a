"""The real thing without a Pi: picamera2 in a Debian root, and the whole device on an emulated machine."""
