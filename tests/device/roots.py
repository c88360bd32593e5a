"""Debian roots for the tests, made once from packages and kept as tar files.

By hand: `python -m tests.device.roots machine arm64`.

The mirror and its settings are those of the machine that this runs on. Needs root, mmdebstrap and, for a foreign
processor, qemu-user-static; all of it is removed again but the tar file in the cache folder.
"""

import argparse
import configparser
import contextlib
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest.mock
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
SUITE = "trixie"
PACKAGES = {
    # A bootable system for the assistant; dkms and the headers build the camera's module for the guest's kernel.
    "machine": "systemd systemd-sysv dbus udev kmod linux-image-{arch} ca-certificates python3 python3-venv procps "
    "espeak-ng libespeak-ng1 alsa-utils linux-headers-{arch} v4l2loopback-dkms",
    # libcamera with its virtual camera, and the packages with which picamera2 is built and imported.
    "camera": "ca-certificates python3 python3-venv python3-libcamera libcamera-tools libcamera-ipa python3-dev gcc "
    "libc6-dev libcap-dev",
}
WHEELS = {"camera": "picamera2==0.3.38"}
"""Installed by pip into the root's /srv/venv, beside the requirements of the assistant."""
LEAN = ("path-exclude=/usr/share/man/*", "path-exclude=/usr/share/doc/*", "path-exclude=/usr/share/locale/*")
BINFMT = Path("/proc/sys/fs/binfmt_misc")
MACHINES = {"arm64": "aarch64", "amd64": "x86_64"}
"""Debian's name of a processor and the kernel's."""


class RootError(Exception):
    """A root cannot be made here; the message says what is missing."""


def cache() -> Path:
    """Where roots are kept: $EMOTION_CACHE, else ~/.cache/emotion-assistant."""
    folder = Path(os.environ.get("EMOTION_CACHE") or Path.home() / ".cache" / "emotion-assistant")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def native() -> str:
    """Debian's name of this machine's processor."""
    return {kernel: debian for debian, kernel in MACHINES.items()}.get(platform.machine(), platform.machine())


def missing(kind: str, arch: str) -> str:
    """Why a root cannot be made or unpacked here; empty if it can."""
    if os.geteuid() != 0:
        return "needs root"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        return "nothing may be mounted here"
    if not shutil.which("mmdebstrap") and not tar_of(kind, arch).exists():
        return "mmdebstrap is not installed: sudo apt install mmdebstrap arch-test qemu-user-static"
    return ""


def tar_of(kind: str, arch: str) -> Path:
    """The cached root's file; its name holds a hash of suite, packages and wheels."""
    recipe = " ".join((SUITE, arch, PACKAGES[kind], *LEAN, *wheels(kind)))
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:8]
    return cache() / f"{SUITE}-{kind}-{arch}-{digest}.tar"


def wheels(kind: str) -> list[str]:
    """The requirements that pip installs into a root of this kind."""
    if kind not in WHEELS:
        return []
    package = configparser.ConfigParser(interpolation=None)
    package.read(REPOSITORY / "setup.cfg", "utf-8")
    return [WHEELS[kind], *package["options"]["install_requires"].split()]


def make(kind: str, arch: str) -> Path:
    """The root as a tar file, from the cache or made now. Raises RootError."""
    tar = tar_of(kind, arch)
    if tar.exists():
        return tar
    if reason := missing(kind, arch):
        raise RootError(reason)
    part = tar.with_suffix(".part.tar")
    command = ["mmdebstrap", "--mode=root", "--variant=apt", f"--architectures={arch}", "--components=main"]
    command += [f"--aptopt={line}" for line in apt_settings()] + [f"--dpkgopt={line}" for line in LEAN]
    command += [f"--include={','.join(PACKAGES[kind].format(arch=arch).split())}"]
    command += [SUITE, str(part), f"deb {mirror()} {SUITE} main"]
    with foreign(arch):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        part.unlink(missing_ok=True)
        raise RootError(f"mmdebstrap ended with {done.returncode}; its last lines say why")
    if kind in WHEELS:
        with scratch() as root:
            unpack(part, root)
            install_wheels(root, wheels(kind))
            pack(root, part)
    return part.replace(tar)


def mirror() -> str:
    """Debian's archive as this machine's apt knows it. Raises RootError."""
    folder = Path("/etc/apt")
    files = [folder / "sources.list.d" / "debian.sources", folder / "sources.list"]
    files += sorted((folder / "sources.list.d").glob("*.sources")) + sorted((folder / "sources.list.d").glob("*.list"))
    for file in files:
        text = file.read_text("utf-8") if file.is_file() else ""
        found = re.search(r"^(?:URIs:|deb(?:\s+\[[^]]*\])?)\s+(\S+/debian/?)(?:\s|$)", text, re.MULTILINE)
        if found:
            return found[1]
    raise RootError("no Debian archive in /etc/apt; these roots are made of Debian's packages")


def apt_settings() -> list[str]:
    """This machine's settings of how apt reaches the archive, and no translations."""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    wanted = r"Acquire::(http|https|ftp|Check-|Retries|ForceIPv)"
    found = [line for line in dump.splitlines() if re.match(wanted, line, re.IGNORECASE) and not line.endswith('"";')]
    return [*found, 'Acquire::Languages "none"']


@contextlib.contextmanager
def foreign(arch: str) -> Iterator[None]:
    """Programs of another processor run by qemu-user while this lasts; nothing is left registered afterwards."""
    name = f"qemu-{MACHINES[arch]}"
    if arch == native():
        yield
        return
    rule = Path(f"/usr/lib/binfmt.d/{name}.conf")
    if not rule.exists():
        raise RootError(f"{rule} is missing: sudo apt install qemu-user-static")
    with contextlib.ExitStack() as undo:
        if not (BINFMT / "register").exists():
            subprocess.run(["mount", "-t", "binfmt_misc", "none", str(BINFMT)], check=True)
            undo.callback(subprocess.run, ["umount", str(BINFMT)], check=False)
        if not (BINFMT / name).exists():
            (BINFMT / "register").write_text(rule.read_text("utf-8").strip() + "\n", "utf-8")
            undo.callback((BINFMT / name).write_text, "-1", "utf-8")
        # The default processor signs every return address, and takes twice as long or more for it.
        with unittest.mock.patch.dict(os.environ, QEMU_CPU="cortex-a72"):
            yield


def install_wheels(root: Path, requirements: Sequence[str]) -> None:
    """pip as it is set up on this machine, run in the root's own /srv/venv. Raises RootError."""
    settings = pip_settings()
    paths = [Path(path) for value in settings.values() for path in re.findall(r"(?:file://|^|\s)(/[^\s']+)", value)]
    # A folder that is an index refers to files beside it.
    with mounted(root, *(path.parent if path.name == "simple" else path for path in paths)):
        inside(root, "python3", "-m", "venv", "--system-site-packages", "/srv/venv")
        command = ("/srv/venv/bin/pip", "install", "--no-cache-dir", "--disable-pip-version-check", *requirements)
        inside(root, *command, environment=settings, timeout=900)


def pip_settings() -> dict[str, str]:
    """This machine's pip settings as environment variables."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    found = re.findall(r"^[\w:]+\.([\w-]+)='(.*)'$", listed.stdout, re.MULTILINE)
    return {f"PIP_{name.upper().replace('-', '_')}": value for name, value in found}


def pack(root: Path, tar: Path) -> None:
    """A root as a tar file."""
    subprocess.run(["tar", "-cpf", str(tar), "-C", str(root), "--numeric-owner", "--one-file-system", "."], check=True)


def unpack(tar: Path, root: Path) -> None:
    """The root's files into a folder that is there."""
    subprocess.run(["tar", "-xpf", str(tar), "-C", str(root), "--numeric-owner"], check=True)


@contextlib.contextmanager
def mounted(root: Path, *paths: Path) -> Iterator[None]:
    """The root with this machine's /proc, a few devices, name service and these paths; all unmounted at the end."""
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    (root / "etc/resolv.conf").write_bytes(Path("/etc/resolv.conf").read_bytes())
    with contextlib.ExitStack() as stack:
        for path in (Path("/proc"), *(Path("/dev") / name for name in ("null", "zero", "random", "urandom")), *paths):
            if path.exists():
                stack.callback(_bound(path.resolve(), root / str(path).lstrip("/")))
        yield


def _bound(path: Path, at: Path) -> Callable[[], None]:
    """Bind a file or folder; returns a function that unbinds it."""
    is_new = not at.exists()
    if path.is_dir():
        at.mkdir(parents=True, exist_ok=True)
    elif is_new:
        at.parent.mkdir(parents=True, exist_ok=True)
        at.touch()
    subprocess.run(["mount", "--bind", str(path), str(at)], check=True)

    def undo() -> None:
        subprocess.run(["umount", "-l", str(at)], check=False)
        if is_new:
            at.rmdir() if at.is_dir() else at.unlink()

    return undo


def inside(
    root: Path, *command: str, timeout: float = 600, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a command in the root; its output comes back as text. Raises RootError if it fails."""
    variables = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root", **(environment or {})}
    variables |= {name: os.environ[name] for name in ("QEMU_CPU",) if name in os.environ}
    done = subprocess.run(["chroot", str(root), *command], env=variables, timeout=timeout, check=False, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
    if done.returncode:
        raise RootError(f"{' '.join(command)[:200]} ended with {done.returncode}:\n{done.stdout[-3000:]}")
    return done


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder beside the cached roots, removed at the end with all that is in it."""
    with tempfile.TemporaryDirectory(prefix="root-", dir=cache()) as folder:
        yield Path(folder)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(PACKAGES))
    parser.add_argument("arch", choices=sorted(MACHINES), nargs="?", default=native())
    options = parser.parse_args(arguments)
    start = time.monotonic()
    try:
        tar = make(options.kind, options.arch)
    except RootError as err:
        print(f"roots: {err}", file=sys.stderr)
        return 1
    print(f"{tar}: {tar.stat().st_size / 1e6:.0f} MB, {time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
