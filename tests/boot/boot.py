"""Installs the assistant in a clean Debian, boots it, kills and hangs its processes, and removes it.

    python tests/boot/boot.py --suite trixie      `make boot-test`; as root, see EMOTION_BOOT_CACHE below

No network but for filling the cache. The sound card is a stand-in that takes its time, the camera a folder of pictures.
"""

import argparse
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.boot.card import card
from tests.boot.life import VISION, VOICE, asks_a_skill, boots, check, comes_back, goes_down, processes, updates
from tests.boot.listing import difference, listing
from tests.boot.machine import BootError, Root
from tests.boot.sound_log import SAMPLES_PROGRAM, SoundLog
from tests.boot.table import Table

TREE = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("EMOTION_BOOT_CACHE", "~/.cache/emotion-assistant/boot")).expanduser()
TOOLS = ("mmdebstrap", "systemd-nspawn", "nsenter", "unshare", "apt-get")
INSTALL = "/mnt/tree/systemd/install.sh --offline /mnt/offline"
SCRIPTS = ("install.sh", INSTALL, "uninstall.sh", "/mnt/tree/systemd/uninstall.sh")
DEBIAN = ("dpkg -i", "dpkg -i /mnt/offline/package.deb", "dpkg --purge", "dpkg --purge emotion-assistant")
"""Installation and removal: the name and the command of each."""
PHOTOGRAPHS = (("skimage", "data/astronaut.png"), ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"))
MAX_MB = 300
"""Megabytes that an installation adds to a Debian with Python, the system's packages included."""
YOLOX = "yolox_nano.onnx"
"""The weights of the skill that is tried, from the folder that EMOTION_WEIGHTS names."""
SETTINGS = """
[camera]
driver = "folder"
source = "/srv/faces"
picture_s = 5.0
"""


def main() -> int:
    parser = argparse.ArgumentParser(description="Boot the installed assistant in a container.")
    parser.add_argument("--suite", default="trixie", choices=("trixie", "bookworm"))
    parser.add_argument("--faces", type=Path, help="a folder with pictures of faces; default: the demo's photographs")
    parser.add_argument("--deb", type=Path, help="install this package instead of running install.sh")
    parser.add_argument("--card", action="store_true", help="by a prepared card instead of install.sh")
    options = parser.parse_args()
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        print(f"boot test skipped: no {', '.join(missing)} here")
        return 0
    if os.geteuid():
        print("boot test skipped: it must run as root")
        return 0
    began = time.monotonic()
    table = Table()
    with table.step(f"cache for {options.suite}") as notes:
        try:
            notes.append(fill_cache(options.suite))
        except (OSError, subprocess.SubprocessError) as err:
            print(f"boot test skipped: what it starts from cannot be made here: {err}")
            return 0
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="run-") as folder:
        try:
            whole(Path(folder), options, table)
        except (BootError, subprocess.SubprocessError) as err:
            print(f"boot test failed: {err}")
            return 1
    print(f"boot test passed: {options.suite}, {len(table.rows)} steps, {time.monotonic() - began:.0f} s")
    return 0


def fill_cache(suite: str) -> str:
    """The bare root, the system's packages and the wheels, as far as they are not there yet."""
    CACHE.mkdir(parents=True, exist_ok=True)
    subprocess.run([TREE / "tests/boot/cache.sh", CACHE, suite], check=True)
    locks = sorted((TREE / "systemd/locks").glob("*.txt"))
    mark, wanted = CACHE / "wheels/locks", "".join(lock.read_text() for lock in locks)
    if not mark.exists() or mark.read_text() != wanted:
        shutil.rmtree(CACHE / "wheels", ignore_errors=True)
        fetch = [sys.executable, TREE / "systemd/packaging/wheels.py", "amd64", CACHE / "wheels/amd64"]
        subprocess.run(fetch, check=True)
        mark.write_text(wanted)
    return f"made {(CACHE / suite / 'ready').read_text().strip()}"


def disk_mb(place: Path) -> int:
    """Megabytes on the disk, without what is mounted there."""
    done = subprocess.run(["du", "-smx", place], check=True, capture_output=True, text=True)
    return int(done.stdout.split()[0])


def whole(folder: Path, options: argparse.Namespace, table: Table) -> None:
    offline = folder / "offline"
    (offline / "wheels").mkdir(parents=True)
    for wheel in (CACHE / "wheels/amd64").glob("*.whl"):
        os.link(wheel, offline / "wheels" / wheel.name)
    shutil.copytree(CACHE / options.suite / "debs", offline / "debs", copy_function=os.link)
    if options.deb:
        shutil.copy(options.deb, offline / "package.deb")
        shutil.rmtree(offline / "wheels")  # it must have them all
    weights = os.environ.get("EMOTION_WEIGHTS")
    if weights is None:
        print("boot test: without a skill: EMOTION_WEIGHTS names no folder: it holds the detector of things")
    else:
        shutil.copy(Path(weights) / YOLOX, offline)
    come, install, go, remove = DEBIAN if options.deb else SCRIPTS
    root = Root(folder / "root", TREE, offline)
    sound_log = SoundLog(root.path)

    with table.step("unpack a clean root"):
        root.path.mkdir()
        subprocess.run(["tar", "-C", root.path, "-xf", CACHE / options.suite / "root.tar"], check=True)
    if options.card:
        card(root, sound_log, options.faces or photographs(folder), table)
        return
    bare_mb = disk_mb(root.path)
    with table.step("the system's packages, offline"):
        (offline / "wheels").mkdir(exist_ok=True)
        root.chroot(f"{INSTALL} --only-packages")
    before = listing(root.path)
    with table.step(f"{come}, offline") as notes:
        notes.append(next(line.strip() for line in root.chroot(install).splitlines() if "NumPy" in line))
        added_mb = disk_mb(root.path) - bare_mb
        notes.append(f"{added_mb} MB with the system's packages")
        check("the size", [] if options.deb or added_mb <= MAX_MB else [f"{added_mb} MB; at most {MAX_MB}"])
    with table.step(f"{come} again changes nothing") as notes:
        installed = listing(root.path)
        root.chroot(install)
        check("the second run", difference(installed, listing(root.path)))
        notes.append(f"{len(installed.keys() - before.keys())} files were added by the first run")
    sound_log.prepare()
    sound_log.learn(root.chroot(f"/opt/emotion-assistant/venv/bin/python -I -c '{SAMPLES_PROGRAM}'"))
    settings = root.path / "etc/emotion-assistant/config.toml"
    settings.write_text(SETTINGS)
    shutil.copytree(options.faces or photographs(folder), root.path / "srv/faces")

    with root.booted() as machine:
        boots(machine, sound_log, table, "boot")
        with table.step("reboot"):
            machine.reboot()
        boots(machine, sound_log, table, "second boot")
        with table.step(f"{come} in the running system") as notes:
            pids = processes(machine)
            machine.run(install)
            check("services restarted for nothing", [] if processes(machine) == pids else ["new processes"])
            check("an edited file was written", [] if settings.read_text() == SETTINGS else [str(settings)])
            notes.append("same processes, edited settings kept")
        if not options.deb:
            updates(machine, sound_log, table, offline)
        for unit, number in (
            (VISION, signal.SIGKILL),
            (VISION, signal.SIGSTOP),
            (VOICE, signal.SIGKILL),
            (VOICE, signal.SIGSTOP),
        ):
            comes_back(machine, sound_log, table, unit, number)
        if weights is not None and not options.deb:
            asks_a_skill(machine, table, f"{INSTALL} --things")
        goes_down(machine, sound_log, table)
        boots(machine, sound_log, table, "third boot")
        with table.step(go):
            machine.run(remove)
        check("still running", [unit for unit in (VISION, VOICE) if machine.main_process(unit)])
    with table.step("the files are those of before") as notes:
        sound_log.remove()
        check("left behind or lost", difference(before, listing(root.path)))
        notes.append(f"{len(before)} compared")


def photographs(folder: Path) -> Path:
    """The demo's two photographs, as a folder."""
    place = folder / "faces"
    place.mkdir()
    for package, inner in PHOTOGRAPHS:
        found = importlib.util.find_spec(package)
        if found is None or not found.submodule_search_locations:
            raise BootError(f"the demo's photographs are not here ({package}); give --faces, or use make boot-test")
        shutil.copy(Path(found.submodule_search_locations[0], inner), place)
    return place


if __name__ == "__main__":
    sys.exit(main())
