"""The systemd units: well-formed, without network, and as closed as they were measured to be."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.app.parser import ENGINES
from assistant.ipc.socket_paths import skills_folder
from assistant.skills import limits, protocol, registry
from assistant.system import socket_activation

SERVICES = ("emotion-assistant.service", "emotion-assistant-voice.service")
SKILL = "emotion-assistant-skill@.service"
UNITS = {**dict(zip(SERVICES, (5, 3), strict=True)), "emotion-assistant-announce@.service": 3, SKILL: 3}
"""Each unit with the exposure that `systemd-analyze security` may give it, in tenths."""

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Copies whose Exec paths exist here."""
    for name in UNITS:
        text = (Path(__file__).parents[2] / "systemd" / name).read_text("utf-8")
        text, count = re.subn(r"/opt/emotion-assistant/\S+", sys.executable, text)
        assert count >= 1
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def analyze(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", "--no-pager", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_systemd_analyze_finds_nothing(units: Path) -> None:
    done = analyze("verify", "--man=no", *units.iterdir())
    assert done.stdout + done.stderr == ""  # it exits 0 on unknown keys
    assert done.returncode == 0


@pytest.mark.parametrize("name", UNITS)
def test_the_units_are_not_more_exposed_than_measured(units: Path, name: str) -> None:
    done = analyze("security", "--offline=yes", f"--threshold={UNITS[name]}", units / name)
    assert done.returncode == 0, done.stdout.splitlines()[-1]
    opened = (
        (units / name).read_text("utf-8").replace("PrivateNetwork=yes\n", "").replace("CapabilityBoundingSet=\n", "")
    )
    (units / name).write_text(opened, "utf-8")
    assert analyze("security", "--offline=yes", f"--threshold={UNITS[name]}", units / name).returncode != 0


def test_the_poweroff_units_watch_for_the_request_and_switch_off(tmp_path: Path) -> None:
    folder = Path(__file__).parents[2] / "systemd"
    waits, goes = ("emotion-assistant-poweroff.path", "emotion-assistant-poweroff.service")
    for name in (waits, goes):
        shutil.copy(folder / name, tmp_path)
    done = analyze("verify", "--man=no", *tmp_path.iterdir())
    assert (done.stdout + done.stderr, done.returncode) == ("", 0)
    asked = re.search(r"^PathExists=(.+)$", (folder / waits).read_text("utf-8"), re.MULTILINE)
    assert asked
    lines = (folder / goes).read_text("utf-8").splitlines()
    assert {f"ExecStart=/bin/rm {asked[1]}", "SuccessAction=poweroff", "User=emotion-assistant"} <= set(lines)


def test_an_engine_is_behind_a_socket_of_the_user_of_vision(units: Path) -> None:
    folder = Path(__file__).parents[2] / "systemd"
    shutil.copy(folder / "emotion-assistant-skill@.socket", units)
    for name in ENGINES:
        for kind in ("socket", "service"):
            shutil.copy(units / f"emotion-assistant-skill@.{kind}", units / f"emotion-assistant-skill@{name}.{kind}")
        done = analyze("verify", "--man=no", units / f"emotion-assistant-skill@{name}.socket")
        assert (done.stdout + done.stderr, done.returncode) == ("", 0)
    lines = (folder / "emotion-assistant-skill@.socket").read_text("utf-8").splitlines()
    assert {"SocketUser=emotion-assistant", "SocketMode=0600"} <= set(lines)
    assert f"ListenStream={skills_folder()}/%i.sock" in lines


def test_an_engine_is_ended_first_has_its_own_memory_and_no_camera(units: Path) -> None:
    folder = Path(__file__).parents[2] / "systemd"
    text = (units / SKILL).read_text("utf-8")
    lines = text.splitlines()
    assert {
        f"OOMScoreAdjust={limits.OOM_SCORE}",
        f"Nice={limits.NICE}",
        "MemorySwapMax=0",
        "PrivateNetwork=yes",
        "LimitCORE=0",
    } <= set(lines)
    assert "DeviceAllow" not in text
    assert {"DevicePolicy=closed", "PrivateDevices=yes", "TimeoutStopSec=2"} <= set(lines)
    watchdog = int(re.findall(r"^WatchdogSec=(\d+)$", text, re.MULTILINE)[0])
    assert protocol.START_LIMIT_S + protocol.MAX_LIMIT_S < watchdog == socket_activation.WATCHDOG_S
    for skill, limit in limits.MEMORY_LIMITS.items():
        own = folder / f"emotion-assistant-skill@{skill}.service.d/memory.conf"
        found = re.findall(r"^MemoryMax=(\d+)M$", own.read_text("utf-8") if own.exists() else text, re.MULTILINE)
        assert int(found[0]) << 20 == limit, skill


@pytest.mark.parametrize("name", SERVICES)
def test_the_services_are_always_restarted_and_have_no_network(units: Path, name: str) -> None:
    lines = (units / name).read_text("utf-8").splitlines()
    for line in (
        "Restart=always",
        "StartLimitIntervalSec=0",
        "PrivateNetwork=yes",
        "RestrictAddressFamilies=AF_UNIX",
        "LimitCORE=0",
    ):
        assert line in lines


def test_the_engines_are_the_same_in_the_command_the_units_and_the_installer() -> None:
    assert tuple(registry.ENGINES) == ENGINES
    step = (Path(__file__).parents[2] / "systemd/steps/units.sh").read_text("utf-8")
    assert tuple(re.findall(r"^ENGINES=\((.*?)\)", step, re.MULTILINE)[0].split()) == ENGINES
