"""The playground's process: alone with this computer, its port, its end."""

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.browser.playground.conftest import Playground


def test_it_connects_to_nothing_but_this_computer(page: Any, playground: Playground) -> None:
    page.get_by_role("button", name="Eileen Collins").click()
    page.locator("#picture-result .said").wait_for()
    lines = playground.connections.read_text().splitlines() if playground.connections.exists() else []
    assert [line for line in lines if "127.0.0.1" not in line and "localhost" not in line] == []


def test_the_guard_sees_a_connection(tmp_path: Path) -> None:
    """Else the test above would prove nothing."""
    from tests.browser.playground.conftest import GUARD

    (tmp_path / "sitecustomize.py").write_text(GUARD)
    code = "import socket\ntry: socket.create_connection(('127.0.0.1', 9), 1)\nexcept OSError: pass"
    environment = {"PYTHONPATH": str(tmp_path), "PLAYGROUND_CONNECTIONS": str(tmp_path / "log")}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert "socket.connect ('127.0.0.1', 9)" in (tmp_path / "log").read_text()


def test_the_browser_may_load_nothing_from_elsewhere(playground: Playground) -> None:
    with urllib.request.urlopen(playground.url) as answer:
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        text = answer.read().decode()
    assert "fonts.googleapis" not in text
    assert '"analytics_enabled":false' in text.replace(" ", "")


def test_it_answers_to_its_own_name_alone(playground: Playground) -> None:
    """Else a page from elsewhere, under a name that leads here, could read what was given."""
    request = urllib.request.Request(playground.url, headers={"Host": "example.org"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 400


def test_a_sound_in_no_language(playground: Playground) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{playground.url}said.wav?text=hello&language=../x")
    assert refused.value.code == 404


def test_its_port_is_in_use(playground: Playground) -> None:
    port = playground.url.rstrip("/").rpartition(":")[2]
    command = [sys.executable, "-m", "convert", "playground", "--port", port]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    what = f"emotion-convert: port {port} of 127.0.0.1: Address already in use"
    assert done.stderr == f"{what}; choose another with --port, or 0 for any that is free\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_within_a_second_in_the_middle_of_a_clip(
    start: Any, browser: Any, given: Path, number: signal.Signals
) -> None:
    own: Playground = start()
    page = browser.new_page()
    page.set_default_timeout(60_000)
    page.goto(own.url)
    page.get_by_role("tab", name="Clip").click()
    page.locator("#clip-file input[type=file]").set_input_files(str(given / "long.mp4"))
    page.get_by_text("long").first.wait_for()
    page.get_by_role("button", name="Watch the clip").click()
    page.locator("#clip-result progress").wait_for()
    assert any(file.name == "long.mp4" for file in own.uploads.rglob("*"))
    began = time.monotonic()
    own.process.send_signal(number)
    own.process.wait(20)
    seconds = time.monotonic() - began
    _, told = own.process.communicate()
    page.close()
    assert told.splitlines() == ["Starting; this takes a few seconds.", "Ended; what was given is deleted."]
    assert own.process.returncode == 0
    assert not own.uploads.exists()
    assert list(own.home.iterdir()) == []
    assert seconds < 1.0
