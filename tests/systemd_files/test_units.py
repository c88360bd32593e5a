"""The systemd units: well-formed, without network, and as closed as they were measured to be."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SERVICES = ("emotion-assistant.service", "emotion-assistant-voice.service")
UNITS = {**dict(zip(SERVICES, (5, 3), strict=True)), "emotion-assistant-announce@.service": 3}
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
