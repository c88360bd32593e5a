"""The installer's steps, each alone, with stand-ins for the programs that would change this machine."""

import configparser
import hashlib
import importlib
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from assistant.config.settings import Settings
from assistant.config.settings_file import override_settings, parse_settings, to_toml
from assistant.skills.friends import recognizer, weights
from assistant.skills.reading import tesseract
from assistant.skills.things import yolox
from assistant.skills.things.weights import INSTALLED as INSTALLED_DETECTOR

ROOT = Path(__file__).parents[2]
SYSTEMD = ROOT / "systemd"
LOCKS = SYSTEMD / "locks"
SCRIPTS = [*sorted(SYSTEMD.glob("*.sh")), *sorted(SYSTEMD.glob("steps/*.sh")), ROOT / "tests/boot/cache.sh"]
HEADSET = "AA:BB:CC:DD:EE:FF"
BLUETOOTHCTL = f"""
case "$*" in
"devices Paired") [ ! -e {{folder}}/paired ] || echo "Device {HEADSET} Shock" ;;
devices) echo "Device 11:22:33:44:55:66 Scales"; [ ! -e {{folder}}/near ] || echo "Device {HEADSET} Shock" ;;
"info {HEADSET}") printf '\\tName: Shock\\n\\tIcon: audio-headset\\n' ;;
info*) printf '\\tName: Scales\\n' ;;
esac
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux" or shutil.which("bash") is None, reason="no bash here")


class Bench:
    """The steps read into a bash whose programs are stand-ins; each writes down how it was called."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin = folder, folder / "bin"
        self.settings, self.prefix = folder / "etc/config.toml", folder / "opt"
        for place in (self.bin, self.settings.parent, self.prefix / "venv/bin", folder / "work"):
            place.mkdir(parents=True)
        self.settings.write_text(to_toml(Settings()))
        for name in ("espeak-ng", "aplay", "systemctl", "dpkg-query", "apt-get", "bluetoothctl"):
            self.install(name)
        self.install("dpkg-query", "echo installed")
        for python in (self.prefix / "venv/bin/python", self.builder):
            python.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.bin / "systemctl", python)

    @property
    def builder(self) -> Path:
        """The Python whose pip adds packages to the environment."""
        return self.folder / "work/build/bin/python"

    def install(self, name: str, script: str = "") -> None:
        """A program that notes its arguments and, for a player, what it was given."""
        text = f'#!/bin/bash\necho "{name} $*" >>{self.folder}/calls\n{script.replace("{folder}", str(self.folder))}\n'
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def run(self, command: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        place = {"HERE": SYSTEMD, "PREFIX": self.prefix, "WORK": self.folder / "work", "PYTHON": sys.executable}
        steps = "\n".join(f". {step}" for step in SCRIPTS if step.parent.name == "steps")
        first = "\n".join(
            f"{name}={value}" for name, value in (place | {"WHEELS": "''", "DEBS": "''", "APT": "yes"}).items()
        )
        then = f"SETTINGS={self.settings} PYTHON={sys.executable}\nSEARCH_S=0\n"
        then += "\n".join(f"{name}={value}" for name, value in variables.items())
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"{first}\n{steps}\n{then}\n{command}"],
            check=False, capture_output=True, text=True, timeout=60,
            env={"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(self.folder)},
        )  # fmt: skip

    def calls(self, name: str) -> list[str]:
        file = self.folder / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        return [line.removeprefix(f"{name} ") for line in lines if line.startswith(f"{name} ")]

    def played(self) -> list[str]:
        """The calls of aplay that play something."""
        return [call for call in self.calls("aplay") if call != "-l"]

    def read(self) -> Settings:
        return parse_settings(self.settings.read_text())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_shellcheck_finds_nothing() -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    done = subprocess.run(["shellcheck", *SCRIPTS], check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout + done.stderr == ""


@pytest.mark.parametrize("lock", sorted(LOCKS.glob("*.txt")), ids=lambda lock: lock.stem)
def test_every_locked_wheel_has_a_hash_and_a_version(lock: Path) -> None:
    text = re.sub(r" \\\n", " ", "\n".join(line for line in lock.read_text().splitlines() if line[0] != "#"))
    for line in text.splitlines():
        assert re.fullmatch(r"[a-z0-9.-]+==[0-9.]+(post[0-9]+)?( +--hash=sha256:[0-9a-f]{64})+", line), line


@pytest.mark.parametrize("variant", ["", "-numpy1"])
def test_both_machines_get_the_same_versions(variant: str) -> None:
    names = [
        re.findall(r"^\S+==\S+", (LOCKS / f"{arch}{variant}.txt").read_text(), re.M) for arch in ("amd64", "arm64")
    ]
    assert names[0] == names[1]
    needed = re.findall(
        r"^    ([a-z-]+)[<>=]", (ROOT / "setup.cfg").read_text().split("[options.package_data]")[0], re.M
    )
    assert {"numpy", "opencv-python-headless", "ai-edge-litert"} == set(needed)
    assert set(needed) <= {name.split("==")[0] for name in names[0]}


def test_the_wheel_is_built_from_the_same_parts_everywhere() -> None:
    """What setup.cfg names is copied by the installer, for the Debian packages and for an update of the boot test."""
    step = (SYSTEMD / "steps/environment.sh").read_text("utf-8")
    parts = re.findall(r"^PARTS=\((.*)\)$", step, re.M)[0].split()
    wheels = (SYSTEMD / "packaging/wheels.py").read_text("utf-8").partition("PARTS = (")[2].partition(")")[0]
    assert re.findall(r'"(\S+)"', wheels) == parts
    update = (ROOT / "tests/boot/life.py").read_text("utf-8").partition("for part in (")[2].partition(")")[0]
    assert set(re.findall(r'"(\S+)"', update)) == {"systemd", *parts}
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", "utf-8")
    named = {f"{each}.py" for each in setup["options"]["py_modules"].split()}
    named |= {each.partition(".")[0] for each in setup["options"]["packages"].split()} | {"models", "share"}
    assert {"setup.cfg", "pyproject.toml", "README.md", "LICENSE"} | named == set(parts)


def test_a_failure_is_written_and_spoken_with_what_to_do(bench: Bench) -> None:
    done = bench.run('fail "The disk is full" "make room, and run this again"')
    assert done.returncode == 1
    assert done.stderr == "install.sh: The disk is full; make room, and run this again\n"
    assert bench.calls("espeak-ng") == [
        "--stdout -s 160 -- Installation failed. The disk is full. make room, and run this again."
    ]
    assert bench.played() == ["-q -"]


@pytest.mark.parametrize("is_mended", [True, False])
def test_a_list_of_packages_that_is_too_old_is_renewed_before_it_gives_up(bench: Bench, is_mended: bool) -> None:
    renewed = "touch {folder}/renewed" if is_mended else "true"
    bench.install("apt-get", f'if [ "$1" = update ]; then {renewed}; else [ -e {{folder}}/renewed ]; fi')
    done = bench.run("fetch_packages espeak-ng")
    assert [call.split()[0] for call in bench.calls("apt-get")] == ["install", "update", "install"]
    assert (done.returncode == 0) == is_mended
    assert is_mended or "apt could not install espeak-ng" in done.stderr


def test_it_speaks_on_the_card_of_the_settings(bench: Bench) -> None:
    bench.settings.write_text('[voice]\ndevice = "Headphones" # by name\n')
    bench.run('speak "Hello"')
    bench.settings.write_text('[voice]\ndevice = "bluealsa:DEV=x"\n')
    bench.run('speak "Hello"')
    assert bench.played() == ["-q -D plughw:CARD=Headphones -", "-q -D bluealsa:DEV=x -"]


@pytest.mark.parametrize("settings", ["", '[voice]\ndevice = "auto"\n'])
def test_it_speaks_on_the_usb_card_where_the_settings_leave_the_choice(bench: Bench, settings: str) -> None:
    bench.install(
        "aplay",
        "[ \"$1\" != -l ] || printf '%s\\n' 'card 0: Headphones [bcm2835 Headphones], device 0: x [x]' "
        "'card 2: Headset [Plantronics USB Headset], device 0: USB Audio [USB Audio]'",
    )
    bench.settings.write_text(settings)
    assert bench.run('speak "Hello"').returncode == 0
    assert bench.played() == ["-q -D plughw:CARD=Headset,DEV=0 -"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (to_toml(Settings()), Settings()),
        ("", Settings()),
        ("[voice]\nvolume = 30\n\n[camera]\nfps = 5.0", None),
        ("[camera]\nfps = 5.0\n[voice]", None),
    ],
)
def test_one_setting_is_set_and_the_others_stay(bench: Bench, text: str, kept: Settings | None) -> None:
    bench.settings.write_text(text)
    before = kept or bench.read()
    assert bench.run("set_setting voice device '\"Headphones\"'").returncode == 0
    after = bench.read()
    assert after.voice.device == "Headphones"
    assert override_settings(after, {"voice": {"device": "auto"}}) == before
    assert len(bench.settings.read_text().splitlines()) <= len(text.splitlines()) + 4


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    (tmp_path / "served").mkdir()
    for name in ("yunet.onnx", "sface.onnx", "yolox.onnx"):
        (tmp_path / "served" / name).write_bytes(b"a network")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "served"))) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_what_a_script_imports_of_the_assistant_is_there(script: Path) -> None:
    for module, names in re.findall(r"from (assistant[\w.]*) import ([\w, ]+)", script.read_text("utf-8")):
        for name in names.split(", "):
            assert hasattr(importlib.import_module(module), name), f"{module}.{name}"


def test_yunet_is_fetched_and_used(bench: Bench, server: str) -> None:
    known = hashlib.sha256(b"a network").hexdigest()
    done = bench.run("install_yunet", YUNET_URL=f"{server}/yunet.onnx", YUNET_SHA256=known)
    assert done.returncode == 0, done.stderr
    assert (bench.prefix / "yunet_n_320_320.onnx").read_bytes() == b"a network"
    detector = bench.read().detector
    assert (detector.driver, detector.model) == ("yunet", str(bench.prefix / "yunet_n_320_320.onnx"))


@pytest.mark.parametrize(
    ("name", "why"), [("yunet.onnx", "not the file whose hash"), ("none.onnx", "404"), (":0/", "URLError|urlopen")]
)
def test_without_yunet_the_installation_goes_on_with_a_warning(bench: Bench, server: str, name: str, why: str) -> None:
    url = f"http://127.0.0.1{name}" if name.startswith(":") else f"{server}/{name}"
    done = bench.run("install_yunet; echo went on", YUNET_URL=url)
    assert done.stdout.endswith("went on\n")
    assert re.search(why, done.stderr)
    assert "The built-in face detector is used" in done.stderr
    assert not (bench.prefix / "yunet_n_320_320.onnx").exists()
    assert bench.read() == Settings()


SFACE = "face_recognition_sface_2021dec_int8bq.onnx"


def test_the_face_recognizer_is_fetched_and_friends_are_named(bench: Bench, server: str) -> None:
    known = hashlib.sha256(b"a network").hexdigest()
    done = bench.run("install_friends", SFACE_URL=f"{server}/sface.onnx", SFACE_SHA256=known)
    assert done.returncode == 0, done.stderr
    assert (bench.prefix / SFACE).read_bytes() == b"a network"
    assert bench.read().friends.enabled
    assert "friends add NAME" in done.stdout
    again = bench.run("install_friends", SFACE_URL="http://127.0.0.1:0/", SFACE_SHA256=known)  # it is there already
    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize(
    ("name", "why"), [("sface.onnx", "not the file whose hash"), ("none.onnx", "404"), (":0/", "URLError|urlopen")]
)
def test_without_the_face_recognizer_nobody_is_named(bench: Bench, server: str, name: str, why: str) -> None:
    url = f"http://127.0.0.1{name}" if name.startswith(":") else f"{server}/{name}"
    done = bench.run("install_friends; echo went on", SFACE_URL=url)
    assert done.stdout.endswith("went on\n")
    assert re.search(why, done.stderr)
    assert "Nobody is named; try again later with --friends" in done.stderr
    assert not (bench.prefix / SFACE).exists()
    assert bench.read() == Settings()


def test_a_face_recognizer_that_does_not_work_is_taken_away(bench: Bench, server: str) -> None:
    (bench.prefix / "venv/bin/python").write_text("#!/bin/sh\necho no OpenCV >&2\nexit 1\n")
    known = hashlib.sha256(b"a network").hexdigest()
    done = bench.run("install_friends", SFACE_URL=f"{server}/sface.onnx", SFACE_SHA256=known)
    assert "no OpenCV. Nobody is named" in done.stderr
    assert not (bench.prefix / SFACE).exists()
    assert bench.read() == Settings()


def test_offline_the_face_recognizer_comes_from_the_folder(bench: Bench) -> None:
    offline = bench.folder / "offline"
    (offline / "wheels").mkdir(parents=True)
    known = hashlib.sha256(b"a network").hexdigest()
    places = {"WHEELS": str(offline / "wheels"), "DEBS": str(offline / "debs"), "SFACE_SHA256": known}
    done = bench.run("install_friends", **places)
    assert "is not in the offline folder" in done.stderr
    (offline / SFACE).write_bytes(b"a network")
    done = bench.run("install_friends", **places)
    assert done.returncode == 0, done.stderr
    assert bench.read().friends.enabled


def test_the_pinned_recognizer_is_the_one_that_the_assistant_knows() -> None:
    step = (SYSTEMD / "steps/friends.sh").read_text("utf-8")
    assert f"SFACE_SHA256={recognizer.SFACE_SHA256}" in step
    assert f"SFACE={weights.FILE_NAME}" in step
    assert Path("/opt/emotion-assistant") / weights.FILE_NAME == weights.INSTALLED


def test_the_detector_of_things_is_fetched_and_turned_on(bench: Bench, server: str) -> None:
    known = hashlib.sha256(b"a network").hexdigest()
    done = bench.run("install_things", YOLOX_URL=f"{server}/yolox.onnx", YOLOX_SHA256=known)
    assert done.returncode == 0, done.stderr
    assert (bench.prefix / yolox.FILE).read_bytes() == b"a network"
    assert bench.read().things.enabled
    assert "emotion-assistant find cup" in done.stdout


@pytest.mark.parametrize(
    ("name", "why"), [("yolox.onnx", "not the file whose hash"), ("none.onnx", "404"), (":0/", "URLError|urlopen")]
)
def test_without_the_detector_of_things_the_installation_goes_on(
    bench: Bench, server: str, name: str, why: str
) -> None:
    url = f"http://127.0.0.1{name}" if name.startswith(":") else f"{server}/{name}"
    done = bench.run("install_things; echo went on", YOLOX_URL=url)
    assert done.stdout.endswith("went on\n")
    assert re.search(why, done.stderr)
    assert "try again later with --things" in done.stderr
    assert not (bench.prefix / yolox.FILE).exists()
    assert bench.read() == Settings()


def test_a_detector_of_things_that_does_not_work_is_taken_away(bench: Bench, server: str) -> None:
    (bench.prefix / "venv/bin/python").write_text("#!/bin/sh\necho it sees nothing >&2\nexit 1\n")
    known = hashlib.sha256(b"a network").hexdigest()
    done = bench.run("install_things", YOLOX_URL=f"{server}/yolox.onnx", YOLOX_SHA256=known)
    assert "it sees nothing. Nothing is looked for" in done.stderr
    assert not (bench.prefix / yolox.FILE).exists()
    assert bench.read() == Settings()


def test_the_pinned_detector_of_things_is_the_one_that_the_assistant_knows() -> None:
    step = (SYSTEMD / "steps/things.sh").read_text("utf-8")
    assert f"YOLOX_SHA256={yolox.SHA256}" in step
    assert f"YOLOX={yolox.FILE}" in step
    assert Path("/opt/emotion-assistant") / yolox.FILE == INSTALLED_DETECTOR


@pytest.mark.parametrize("keeps_settings", ["yes", "no"])
@pytest.mark.parametrize("keeps_friends", ["yes", "no"])
def test_friends_are_deleted_unless_they_are_kept(bench: Bench, keeps_settings: str, keeps_friends: str) -> None:
    state = bench.folder / "lib"
    for name in ("emotion-assistant", "emotion-assistant-vision", "emotion-assistant-friends"):
        (state / name).mkdir(parents=True)
    done = bench.run(f"remove_state {keeps_settings} {keeps_friends}", STATE=str(state))
    assert done.returncode == 0, done.stderr
    left = {each.name for each in state.iterdir()}
    assert ("emotion-assistant-friends" in left) == (keeps_friends == "yes")
    assert ("emotion-assistant-vision" in left) == ("emotion-assistant" in left) == (keeps_settings == "yes")
    assert bench.settings.exists() == (keeps_settings == "yes")


def test_listening_is_installed_by_its_hash_and_turned_on(bench: Bench) -> None:
    done = bench.run("install_listening", ARCH="arm64")
    assert done.returncode == 0, done.stderr
    (call,) = bench.calls("systemctl")  # it stands for every program of the environment
    assert "--require-hashes" in call
    assert call.endswith("locks/arm64-listen.txt")
    assert bench.read().listen.enabled


def test_without_the_package_for_listening_the_installation_goes_on(bench: Bench) -> None:
    bench.builder.write_text("#!/bin/sh\necho no network >&2\nexit 1\n")
    done = bench.run("install_listening; echo went on", ARCH="arm64")
    assert done.stdout.endswith("went on\n")
    assert "no network" in done.stderr
    assert bench.read() == Settings()


def test_after_an_update_the_new_environment_has_the_extras_of_the_last_one(bench: Bench) -> None:
    assert bench.run("installed_extras").stdout == ""
    done = bench.run("add_extras piper nanodet; add_extra piper; installed_extras", ARCH="arm64")
    assert done.stdout.splitlines() == ["piper", "nanodet"]
    assert [call.rpartition("/")[2] for call in bench.calls("systemctl")] == ["arm64-piper.txt", "arm64-nanodet.txt"]
    assert all("--require-hashes" in call for call in bench.calls("systemctl"))
    update = (
        "mapfile -t before < <(installed_extras)",
        'mkdir "$PREFIX/new" && mv -T "$PREFIX/new" "$PREFIX/other" && rm "$PREFIX/venv/extras"',
        'add_extras "${before[@]}"; installed_extras',
    )
    assert bench.run("; ".join(update), ARCH="arm64").stdout.splitlines() == ["piper", "nanodet"]


def test_without_an_extra_the_installation_goes_on_with_a_warning(bench: Bench) -> None:
    bench.builder.write_text("#!/bin/sh\necho no network >&2\nexit 1\n")
    done = bench.run("add_extras piper; installed_extras; echo went on", ARCH="arm64")
    assert done.stdout == "went on\n"
    assert "piper (the voice piper) could not be had: no network; try again later with --extra piper" in done.stderr


@pytest.mark.parametrize("arch", ["amd64", "arm64"])
def test_every_extra_has_its_lock_which_leaves_the_environment_as_it_is(arch: str) -> None:
    step = (SYSTEMD / "steps/extras.sh").read_text("utf-8")
    names = re.findall(r"\[(\w+)\]=", step)
    assert set(names) == {lock.stem.partition("-")[2] for lock in LOCKS.glob(f"{arch}-*.txt")} - {"numpy1"}
    there = locked(f"{arch}.txt")
    for name in names:
        added = locked(f"{arch}-{name}.txt")
        assert added
        assert not added & (there | {"opencv-python"})


def locked(name: str) -> set[str]:
    """The packages that a lock file names."""
    return {line.partition("==")[0] for line in (LOCKS / name).read_text("utf-8").splitlines() if "==" in line}


def test_what_nothing_loads_leaves_the_environment(bench: Bench) -> None:
    place = bench.folder / "env/lib/python3.13/site-packages"
    kept = [
        "cv2/data/haarcascade_frontalface_alt2.xml",
        "numpy/core.py",
        "numpy/typing/__init__.py",
        "cv2/cv2.abi3.so",
        "assistant/tests.py",
        "ai_edge_litert/x.so",
        "ai_edge_litert/schema_py_generated.py",
        "numpy/_core/_multiarray_umath.cpython-313-x86_64-linux-gnu.so",
    ]
    gone = [
        "cv2/data/haarcascade_eye.xml",
        "ai_edge_litert/vendors/a.so",
        "numpy/linalg/tests/test_a.py",
        "numpy/a.pyi",
        "numpy/random/lib/a.a",
        "numpy/_core/_simd.cpython-313-x86_64-linux-gnu.so",
        "numpy/_core/_umath_tests.cpython-313-x86_64-linux-gnu.so",
        "ai_edge_litert/descriptor_pb2.py",
        "ai_edge_litert/__pycache__/schema_py_generated.cpython-313.pyc",
    ]
    for name in (*kept, *gone):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).touch()
    done = bench.run(f"slim_environment {bench.folder / 'env'}")
    assert done.returncode == 0, done.stderr
    assert [name for name in (*kept, *gone) if (place / name).exists()] == kept


def reading_python(bench: Bench, locale: str = "en", *, fails: str = "nothing") -> None:
    """The environment's Python and the builder's, as far as reading is set up with them: they fail where they are asked
    for `fails`."""
    for python in (bench.prefix / "venv/bin/python", bench.builder):
        python.write_text(
            f"""#!/bin/sh
echo "python $*" >>{bench.folder}/calls
case "$*" in *{fails}*) echo no {fails} here >&2; exit 1 ;; *announcements.locale*) echo {locale} ;; esac
"""
        )


@pytest.mark.parametrize(
    ("locale", "packages"),
    [("de", "tesseract-ocr tesseract-ocr-deu tesseract-ocr-eng"), ("en", "tesseract-ocr tesseract-ocr-eng")],
)
def test_reading_is_set_up_with_the_language_of_the_settings(bench: Bench, locale: str, packages: str) -> None:
    reading_python(bench, locale)
    bench.install("dpkg-query", "exit 1")
    done = bench.run("install_reading tesseract")
    assert done.returncode == 0, done.stderr
    assert bench.calls("apt-get") == [f"install -y -qq --no-install-recommends {packages}"]
    assert bench.read().read.enabled
    again = bench.run("install_reading tesseract", APT="no")
    assert "these packages are missing" in again.stderr


def test_rapidocr_is_installed_by_its_hashes(bench: Bench) -> None:
    reading_python(bench)
    done = bench.run("install_reading rapidocr", ARCH="arm64")
    assert done.returncode == 0, done.stderr
    (call,) = (each for each in bench.calls("python") if "pip" in each)
    assert "--require-hashes" in call
    assert call.endswith("locks/arm64-read.txt")
    assert "read with rapidocr" in done.stdout
    assert bench.read().read.enabled


def test_without_rapidocr_tesseract_is_taken(bench: Bench) -> None:
    reading_python(bench, fails="require-hashes")
    done = bench.run("install_reading rapidocr", ARCH="arm64")
    assert "no require-hashes here. Tesseract is taken" in done.stderr
    assert "read with tesseract" in done.stdout
    assert bench.read().read.enabled


def test_a_reader_that_does_not_work_is_not_turned_on(bench: Bench) -> None:
    reading_python(bench, fails="open_engine")
    done = bench.run("install_reading tesseract; echo went on")
    assert done.stdout.endswith("went on\n")
    assert "Nothing is read; try again later with --read" in done.stderr
    assert bench.read() == Settings()


def test_every_language_has_its_package() -> None:
    step = (SYSTEMD / "steps/read.sh").read_text("utf-8")
    assert dict(re.findall(r"\[(\w\w)\]=(\w{3})", step)) == tesseract.LANGUAGES


def on(*skills: str) -> Settings:
    return override_settings(Settings(), {skill: {"enabled": True} for skill in skills})


@pytest.mark.parametrize(
    ("settings", "enabled"),
    [
        (to_toml(Settings()), []),
        (to_toml(on("read", "friends", "describe")), ["friends", "describe", "read"]),
        ("[read]\nenabled = 3\n", []),
    ],
)
def test_the_sockets_of_the_skills_that_are_on_are_enabled_and_no_others(
    bench: Bench, settings: str, enabled: list[str]
) -> None:
    bench.settings.write_text(settings)
    python = bench.prefix / "venv/bin/python"
    python.unlink()
    python.write_text(f'#!/bin/sh\nexec env PYTHONPATH={ROOT} {sys.executable} -B "$3" "$4" "$5"\n')  # not isolated
    python.chmod(0o755)
    done = bench.run('runs_systemd() { false; }; choose_skills; echo "chosen: ${SKILLS[*]}"')
    assert done.returncode == 0, done.stderr
    names = [f"emotion-assistant-skill@{skill}.socket" for skill in enabled]
    assert done.stdout == f"chosen: {' '.join(names)}\n"
    calls = bench.calls("systemctl")
    assert [call for call in calls if call.startswith("enable")] == [f"enable --quiet {' '.join(names)}"] * bool(names)
    assert {call.split()[-1] for call in calls if call.startswith("disable")} == {
        f"emotion-assistant-skill@{skill}.socket" for skill in {"friends", "things", "describe", "read"} - {*enabled}
    }
    assert ("the settings do not say" in done.stderr) is ("enabled = 3" in settings)


def test_a_paired_headset_is_the_sound_device(bench: Bench) -> None:
    bench.install("bluetoothctl", BLUETOOTHCTL)
    (bench.folder / "paired").touch()
    done = bench.run("install_bluetooth")
    assert done.returncode == 0, done.stderr
    assert bench.read().voice.device == f"bluealsa:DEV={HEADSET},PROFILE=a2dp"
    assert bench.read().voice.lead_in_ms == 400
    assert f"connect {HEADSET}" in bench.calls("bluetoothctl")
    assert "scan" not in " ".join(bench.calls("bluetoothctl"))
    spoken = [call.removeprefix("--stdout -s 160 ").removeprefix("-- ") for call in bench.calls("espeak-ng")]
    assert spoken == ["Connecting Shock.", "This is the headset.", "Shock is set up."]


def test_a_headset_in_pairing_mode_is_found_and_no_other_device_taken(bench: Bench) -> None:
    bench.install("bluetoothctl", BLUETOOTHCTL)
    (bench.folder / "near").touch()
    assert bench.run("install_bluetooth").returncode == 0
    assert f"pair {HEADSET}" in bench.calls("bluetoothctl")
    assert bench.read().voice.device.startswith(f"bluealsa:DEV={HEADSET}")


def test_without_a_headset_the_error_says_what_to_do(bench: Bench) -> None:
    bench.install("bluetoothctl", BLUETOOTHCTL)
    done = bench.run("install_bluetooth")
    assert done.returncode == 1
    assert "No headset was found; switch the headset to pairing mode" in done.stderr
    assert "Switch the headset to pairing mode now." in bench.calls("espeak-ng")[0]
    assert bench.read() == Settings()


STAND_INS = """
find_product() { PRODUCT=x; }; environment_id() { echo abc; }
make_environment() { mkdir -p "$2/bin"; echo "#!/bin/bash" >"$2/bin/python"; chmod +x "$2/bin/python"; echo "made $1"; }
check_assistant() { [ -d "$1" ]; }
check_camera() { case "$1" in $WORKING) ;; *) echo "numpy.dtype size changed" >"$WORK/why"; return 1 ;; esac; }
ARCH=amd64
"""


@pytest.mark.parametrize(
    ("working", "made", "taken", "message"),
    [
        ("*", ["default"], "default", ""),
        ("*-numpy1", ["default", "numpy1"], "numpy1", "so NumPy 1"),
        ("none", ["default", "numpy1"], "numpy1", "does not work with that either"),
    ],
)
def test_versions_are_chosen_that_work_with_the_systems_camera(
    bench: Bench, working: str, made: list[str], taken: str, message: str
) -> None:
    command = f"{STAND_INS}\ninstall_environment; remove_other_environments"
    (bench.folder / "new").mkdir()
    done = bench.run(command, WORKING=f"'{working}'", PREFIX=str(bench.folder / "new"))
    assert done.returncode == 0, done.stderr
    assert re.findall(r"^made (\w+)", done.stdout, re.M) == made
    assert (bench.folder / "new/venv").readlink() == Path(f"env-abc-{taken}")
    assert [place.name for place in (bench.folder / "new").glob("env-*")] == [f"env-abc-{taken}"]
    assert message in done.stdout + done.stderr
    again = bench.run(command, WORKING="'*'", PREFIX=str(bench.folder / "new"))
    assert "up to date" in again.stdout
    assert "made" not in again.stdout


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card's boot partition as Raspberry Pi OS leaves it."""
    place = tmp_path / "bootfs"
    place.mkdir()
    (place / "cmdline.txt").write_text("console=tty1 root=PARTUUID=1-02 rootwait quiet\n")
    return place


def test_a_card_is_prepared_once(bench: Bench, card: Path) -> None:
    for _ in range(2):
        done = bench.run(f"prepare_card {card}")
        assert done.returncode == 0, done.stderr
    (line,) = (card / "cmdline.txt").read_text().splitlines()
    assert line.count("systemd.run=/boot/firmware/emotion-assistant/first-boot.sh") == 1
    assert line.startswith("console=tty1 root=PARTUUID=1-02 rootwait quiet systemd.run=")
    home = card / "emotion-assistant"
    assert (home / "systemd/install.sh").is_file()
    assert (home / "assistant/app/cli.py").is_file()
    assert (home / "first-boot.sh").read_text().startswith("#!/bin/bash")
    assert not list(home.rglob("__pycache__"))
    assert sum(call.startswith("-s 160 -w") for call in bench.calls("espeak-ng")) >= 2 * 7
    (card / "emotion-assistant.toml").write_text("# mine\n")
    bench.run(f"prepare_card {card}")
    assert (card / "emotion-assistant.toml").read_text() == "# mine\n"


@pytest.mark.parametrize(("there", "missing"), [((), "whl"), (("wheels/a.whl",), "deb"), (("debs/a.deb",), "whl")])
def test_a_card_without_the_files_it_needs_says_which_and_is_not_changed(
    bench: Bench, card: Path, tmp_path: Path, there: tuple[str, ...], missing: str
) -> None:
    for name in ("wheels", "debs"):
        (tmp_path / "offline" / name).mkdir(parents=True)
    for name in there:
        (tmp_path / "offline" / name).touch()
    offline = {"WHEELS": str(tmp_path / "offline/wheels"), "DEBS": str(tmp_path / "offline/debs")}
    done = bench.run(f"prepare_card {card}", **offline)
    assert done.returncode == 1
    assert f"there is no .{missing} file in {tmp_path}/offline/" in done.stderr
    assert "space" not in done.stderr
    assert [file.name for file in card.iterdir()] == ["cmdline.txt"]
    for name in ("wheels/a.whl", "debs/a.deb"):
        (tmp_path / "offline" / name).touch()
    assert bench.run(f"prepare_card {card}", **offline).returncode == 0
    assert [file.name for file in sorted((card / "emotion-assistant").glob("*/a.*"))] == ["a.deb", "a.whl"]


SHELLS = [["sh"], ["dash"], ["bash", "--posix"], ["bash"]]


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_both_scripts_run_by_any_shell(shell: list[str]) -> None:
    if shutil.which(shell[0]) is None:
        pytest.skip(f"no {shell[0]} here")
    done = subprocess.run([*shell, SYSTEMD / "install.sh", "--help"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: sudo systemd/install.sh")
    done = subprocess.run([*shell, SYSTEMD / "uninstall.sh", "a mistake"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "usage" in done.stderr
    assert "Illegal option" not in done.stderr


def test_an_installation_ends_with_the_command_that_checks_it() -> None:
    *_, said, told = (SYSTEMD / "install.sh").read_text("utf-8").splitlines()
    assert said == 'step "Installed."'
    assert "emotion-assistant doctor" in told


def test_make_installs_without_a_word_about_other_packages() -> None:
    """The photographs' packages are there without their dependencies, which pip would report in red ever after."""
    installs = re.findall(r"pip install (.*)", (ROOT / "Makefile").read_text("utf-8"))
    assert len(installs) == 2
    assert all(line.startswith("$(QUIETLY) ") for line in installs)
    assert "--no-warn-conflicts" in (ROOT / "Makefile").read_text("utf-8")


def test_a_folder_that_is_no_boot_partition_is_not_changed(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    done = bench.run(f"prepare_card {tmp_path / 'photos'}")
    assert done.returncode == 1
    assert "not the boot partition" in done.stderr
    assert not list((tmp_path / "photos").iterdir())


def test_every_commented_setting_of_the_card_is_valid() -> None:
    text = (SYSTEMD / "card-settings.toml").read_text()
    assert parse_settings(text) == Settings()
    taken = re.sub(r"^#(\w+ =)", r"\1", text, flags=re.M)
    assert taken.count("\n#") < text.count("\n#")
    assert parse_settings(taken) == Settings()


def test_without_espeak_ng_the_recordings_on_the_card_are_played(bench: Bench, tmp_path: Path) -> None:
    home = tmp_path / "card"
    for place in ("spoken-steps", "systemd"):
        (home / place).mkdir(parents=True)
    (bench.bin / "espeak-ng").unlink()
    names = {"Installing the system's packages.": "installing-the-system-s-packages-.wav"}
    for name in (*names.values(), "installation-failed-.wav"):
        (home / "spoken-steps" / name).touch()
    hidden = 'command() { [ "$*" != \'-v espeak-ng\' ] && builtin command "$@"; }\n'  # this machine may have one
    done = bench.run(
        hidden + 'SPOKEN_STEPS=yes; step "Installing the system\'s packages."; fail "No network" "plug it in"',
        HERE=f"{home}/systemd",
    )
    assert done.returncode == 1
    played = [call.split("/")[-1] for call in bench.played()]
    assert played == [*names.values(), "installation-failed-.wav"]
