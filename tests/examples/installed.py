"""Builds the source distribution from a copy of the tracked files, the wheel from that, and installs the wheel.

The wheel's dependencies are those that this environment has: TensorFlow is not fetched again.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Installed:
    """What was built and installed, all of it in one folder outside the checkout."""

    folder: Path

    @property
    def sdist(self) -> Path:
        """The source distribution."""
        return next(self.folder.glob("emotion_assistant-*.tar.gz"))

    @property
    def wheel(self) -> Path:
        """The wheel."""
        return next(self.folder.glob("emotion_assistant-*.whl"))

    @property
    def source(self) -> Path:
        """The source distribution, unpacked."""
        return self.folder / "unpacked"

    @property
    def environment(self) -> Path:
        """A virtual environment in which the wheel is installed."""
        return self.folder / "venv"

    @property
    def packages(self) -> Path:
        """Its site-packages."""
        return Path(sysconfig.get_path("purelib", "venv", {"base": str(self.environment)}))


def build(folder: Path) -> Installed:
    """Build and install all of it in a new folder."""
    made, checkout, builder = Installed(folder), folder / "checkout", folder / "builder"
    _copy_tracked(checkout)
    venv.create(builder, symlinks=True, with_pip=True)
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]
    pip = [builder / "bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
    _run(*pip, "install", *needed, cwd=folder)
    hook = "import setuptools.build_meta as backend; backend.build_{}({!r})"
    _run(builder / "bin/python", "-c", hook.format("sdist", str(folder)), cwd=checkout)
    with tarfile.open(made.sdist) as archive:
        archive.extractall(folder, filter="data")
    (folder / made.sdist.name.removesuffix(".tar.gz")).rename(made.source)
    tree = folder / "wheel-tree"  # building writes into the tree
    shutil.copytree(made.source, tree)
    _run(builder / "bin/python", "-c", hook.format("wheel", str(folder)), cwd=tree)
    venv.create(made.environment, symlinks=True)
    target = ["install", "--no-deps", "--no-index", "--prefix", made.environment, made.wheel]
    _run(*pip, "--python", made.environment / "bin/python", *target, cwd=folder)
    # A .pth file in a folder that stands in one is not read: the checkout, installed here as editable, is not found.
    (made.packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return made


def _copy_tracked(folder: Path) -> None:
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], check=True, capture_output=True).stdout
    for name in filter(None, os.fsdecode(listed).split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def _run(*command: object, cwd: Path) -> None:
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
