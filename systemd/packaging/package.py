"""Make the Debian packages, one for each architecture, and beside each a list of what is in it (CycloneDX).

    python3 systemd/packaging/package.py [amd64] [arm64]     `make package`: dist/emotion-assistant_VERSION_ARCH.deb,
    .cdx.json

A package carries every wheel and the installer; its postinst is the installer's offline mode.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import sbom
from lock import MACHINES
from wheels import build, fetch

from assistant import __version__

TREE = Path(__file__).resolve().parents[2]
HOME = "usr/lib/emotion-assistant"
MAINTAINER = "The emotion-assistant developers <emotion-assistant@localhost>"
CONTROL = f"""Package: emotion-assistant
Version: {{version}}
Architecture: {{arch}}
Maintainer: {MAINTAINER}
Section: misc
Priority: optional
Installed-Size: {{size}}
Depends: python3 (>= 3.11), python3 (<< 3.14), python3-venv, espeak-ng, alsa-utils, systemd, passwd
Recommends: python3-picamera2, python3-gpiozero, python3-lgpio, python3-evdev
Description: tells a visually impaired wearer how the person in front looks
 A Raspberry Pi with a camera and no screen says in a few spoken words who
 comes into view and how they look. Everything happens on the device, nothing
 leaves it, and no picture is ever stored.
"""
INSTALL = f"""#!/bin/sh
# Also after a change of picamera2's or NumPy's packages (triggered): an environment that no longer works is rebuilt.
set -e
case $1 in
configure | triggered) /{HOME}/systemd/install.sh --no-apt --offline /{HOME} ;;
esac
"""
REMOVE = f"""#!/bin/sh
set -e
case $1 in
remove | deconfigure) /{HOME}/systemd/uninstall.sh --keep-settings --keep-friends ;;
esac
"""
PURGE = """#!/bin/sh
set -e
case $1 in
purge) rm -rf /etc/emotion-assistant /var/lib/emotion-assistant /var/lib/emotion-assistant-* ;;
esac
"""
TRIGGERS = "".join(
    f"interest-noawait /usr/lib/python3/dist-packages/{name}\n" for name in ("picamera2", "simplejpeg", "numpy")
)
COPYRIGHT = "Apache-2.0, see LICENSE beside this file; what else is inside has licences of its own: sbom.cdx.json.\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("arch", nargs="*", choices=(*MACHINES, []), help="default: all")
    parser.add_argument("--to", type=Path, default=TREE / "dist", metavar="DIR", help="default: dist")
    parser.add_argument("--wheels", type=Path, metavar="DIR", help="a folder amd64/, arm64/ of wheels already fetched")
    options = parser.parse_args()
    if shutil.which("dpkg-deb") is None:
        parser.error("dpkg-deb is missing: sudo apt install dpkg")
    os.environ.setdefault("SOURCE_DATE_EPOCH", _committed_at())
    options.to.mkdir(exist_ok=True)
    for arch in options.arch or MACHINES:

        def get(folder: Path, arch: str = arch) -> None:
            if options.wheels:
                shutil.copytree(options.wheels / arch, folder, dirs_exist_ok=True)
            else:
                fetch(arch, folder)

        for made in package(arch, options.to, get):
            print(f"{made}: {made.stat().st_size / 1e6:.1f} MB")
    return 0


def package(arch: str, folder: Path, get_wheels: Callable[[Path], None]) -> tuple[Path, Path]:
    """Make the package and its list in `folder`; their paths. get_wheels(folder): puts the wheels into a folder."""
    with tempfile.TemporaryDirectory() as place:
        stage = Path(place)
        stage.chmod(0o755)
        home = stage / HOME
        (home / "wheels").mkdir(parents=True)
        get_wheels(home / "wheels")
        for setuptools in (home / "wheels").glob("setuptools-*.whl"):
            setuptools.unlink()  # needed only to make the assistant's own wheel, which is in the package
        build(home / "wheels")
        shutil.copytree(TREE / "systemd", home / "systemd", ignore=shutil.ignore_patterns("packaging"))
        for lock in (home / "systemd/locks").iterdir():
            if not lock.name.startswith(arch):
                lock.unlink()
        document = stage / "usr/share/doc/emotion-assistant"
        document.mkdir(parents=True)
        shutil.copy(TREE / "LICENSE", document)
        (document / "copyright").write_text(COPYRIGHT)
        (document / "sbom.cdx.json").write_text(sbom.make(home / "wheels", TREE / "models", arch))
        size = sum(file.stat().st_size for file in stage.rglob("*") if file.is_file()) // 1024
        _control(stage / "DEBIAN", CONTROL.format(version=__version__, arch=arch, size=size))
        subprocess.run(["chmod", "-R", "u+rwX,go+rX,go-w", stage], check=True)
        name = folder / f"emotion-assistant_{__version__}_{arch}"
        made, listed = name.with_name(f"{name.name}.deb"), name.with_name(f"{name.name}.cdx.json")
        # The wheels are compressed already.
        command = ["dpkg-deb", "--root-owner-group", "-Znone", "--build", stage, made]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        shutil.copy(document / "sbom.cdx.json", listed)
    return made, listed


def _control(folder: Path, control: str) -> None:
    folder.mkdir()
    (folder / "control").write_text(control)
    (folder / "triggers").write_text(TRIGGERS)
    for name, script in (("postinst", INSTALL), ("prerm", REMOVE), ("postrm", PURGE)):
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)


def _committed_at() -> str:
    command = ["git", "-C", str(TREE), "log", "-1", "--format=%ct"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.stdout.strip() or "0"


if __name__ == "__main__":
    sys.exit(main())
