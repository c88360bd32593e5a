"""A machine's root with the assistant installed as its installer does it, and with the test's own units beside it."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.device import roots

SIZE, FPS = (640, 480), 10.0
UNITS = {
    # Camera and recorder start before the assistant, as a wired camera and a sound card would.
    "device-camera.service": """\
[Unit]
DefaultDependencies=no
After=systemd-modules-load.service local-fs.target
Before=emotion-assistant.service
[Service]
Type=exec
ExecStart=/usr/bin/python3 -I /srv/test/camera.py /dev/video0 /srv/test/clip.yuyv {width} {height} {fps}
Restart=on-failure
RestartSec=0.5
[Install]
WantedBy=multi-user.target
""",
    "device-recorder.service": """\
[Unit]
DefaultDependencies=no
After=systemd-modules-load.service local-fs.target
Before=emotion-assistant-voice.service
[Service]
Type=exec
ExecStart=/usr/bin/python3 -I /srv/test/recorder.py /srv/test/sound
[Install]
WantedBy=multi-user.target
""",
    "device-sequence.service": """\
[Unit]
After=multi-user.target
RequiresMountsFor=/out
[Service]
Type=oneshot
TimeoutStartSec=1500
ExecStart=/usr/bin/python3 -I /srv/test/sequence.py /srv/test/sound /out {limit_s:.0f}
ExecStopPost=/usr/bin/systemctl poweroff --no-block
[Install]
WantedBy=graphical.target
""",
    # The times of the stages are logged at this level only.
    "emotion-assistant.service.d/test.conf": """\
[Service]
ExecStart=
ExecStart=/opt/emotion-assistant/venv/bin/python -I -X faulthandler -m assistant --log-level debug run
""",
}
FILES = {
    "etc/fstab": "/dev/vda / ext4 defaults,noatime 0 1\n"
    "out /out 9p trans=virtio,version=9p2000.L,nofail,x-systemd.device-timeout=10,msize=262144 0 0\n",
    "etc/hostname": "device\n",
    "etc/hosts": "127.0.0.1 localhost device\n",
    "etc/machine-id": "",
    "etc/modules-load.d/device.conf": "v4l2loopback\nsnd-aloop\n",
    "etc/modprobe.d/device.conf": "options v4l2loopback devices=1 video_nr=0 exclusive_caps=1 card_label=camera\n"
    "options snd-aloop index=0 pcm_substreams=1\n",
}


def furnish(root: Path, arch: str, clip: Path, settings: str, limit_s: float) -> None:
    """Install the assistant into the root, set up the machine, and put the clip and the test's programs into it.

    Raises RootError.
    """
    install(root, arch)
    for name, text in FILES.items():
        (root / name).write_text(text, "utf-8")
    (root / "out").mkdir()
    (root / "etc/emotion-assistant").mkdir(exist_ok=True)
    (root / "etc/emotion-assistant/config.toml").write_text(settings, "utf-8")
    (root / "etc/emotion-assistant/config.toml").chmod(0o644)
    test = root / "srv/test"
    test.mkdir()
    for file in (Path(__file__).parent / "guest").glob("*.py"):
        shutil.copy(file, test)
    (test / "clip.yuyv").write_bytes(b"".join(yuyv(picture).tobytes() for picture in pictures(clip)))
    values = {"width": SIZE[0], "height": SIZE[1], "fps": FPS, "limit_s": limit_s}
    for name, text in UNITS.items():
        file = root / "etc/systemd/system" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text.format(**values), "utf-8")
        if "[Install]" in text:
            roots.inside(root, "systemctl", "enable", "--quiet", name)


def install(root: Path, arch: str) -> None:
    """Install this source tree and wheels that pip on this machine fetches with `systemd/install.sh --offline`."""
    source, offline = root / "srv/source", root / "srv/offline"
    version = roots.inside(root, "python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])").stdout.strip()
    fetch_wheels(arch, version, offline / "wheels")
    (offline / "debs").mkdir()
    for part in ("assistant", "convert", "models", "systemd"):
        shutil.copytree(roots.REPOSITORY / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
    with roots.mounted(root):
        done = roots.inside(root, "bash", "/srv/source/systemd/install.sh", "--offline", "/srv/offline", timeout=1800)
    print(done.stdout)
    shutil.rmtree(source)
    shutil.rmtree(offline)


def fetch_wheels(arch: str, version: str, to: Path) -> None:
    """The locked wheels for that processor and Python, and the assistant's own, into a folder."""
    pip = [sys.executable, "-m", "pip"]
    tags = ["manylinux2014", *(f"manylinux_2_{minor}" for minor in range(17, 42))]
    platforms = [f"--platform={tag}_{roots.MACHINES[arch]}" for tag in tags]
    lock = roots.REPOSITORY / "systemd" / "locks" / f"{arch}.txt"
    command = [*pip, "download", "--quiet", "--no-deps", "--only-binary=:all:", "--implementation=cp", *platforms]
    _run([*command, f"--python-version={version}", "--require-hashes", "-r", str(lock), "-d", str(to)])
    with tempfile.TemporaryDirectory() as folder:  # pip leaves a `build` behind where it builds
        copy = Path(folder) / "source"
        shutil.copytree(roots.REPOSITORY, copy, ignore=shutil.ignore_patterns(".*", "build", "__pycache__"))
        _run([*pip, "wheel", "--quiet", "--no-deps", "-w", str(to), str(copy)])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise roots.RootError(f"{' '.join(command)[:160]} …: {(done.stderr or done.stdout)[-2000:]}")


def pictures(clip: Path) -> list[NDArray[np.uint8]]:
    """The clip's pictures, BGR, enlarged and cut to SIZE."""
    found, capture = [], cv2.VideoCapture(str(clip))
    while (read := capture.read())[0]:
        height, width = read[1].shape[:2]
        factor = max(SIZE[0] / width, SIZE[1] / height)
        large = cv2.resize(read[1], (round(width * factor), round(height * factor)), interpolation=cv2.INTER_CUBIC)
        left, top = (large.shape[1] - SIZE[0]) // 2, (large.shape[0] - SIZE[1]) // 2
        found.append(large[top : top + SIZE[1], left : left + SIZE[0]].astype(np.uint8, copy=False))
    assert found, clip
    return found


def yuyv(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """BGR [H, W, 3] as a camera's YUYV [H, W, 2]: two pixels share a colour; black is 16, as in all of video."""
    y, cr, cb = np.moveaxis(cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb).astype(np.float32), -1, 0)
    packed = np.empty((*y.shape, 2), np.float32)
    packed[..., 0] = 16 + y * (219 / 255)
    for index, colour in enumerate((cb, cr)):
        packed[:, index::2, 1] = 128 + ((colour[:, 0::2] + colour[:, 1::2]) / 2 - 128) * (224 / 255)
    return np.round(packed).astype(np.uint8)
