"""The man pages and completions are those of the commands, and are put where man and the shells look for them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARE = ROOT / "share"
PROGRAMS = ("emotion-assistant", "emotion-convert")
LINKS = (
    "bin/emotion-assistant",
    "share/man/man1/emotion-assistant.1",
    "share/bash-completion/completions/emotion-assistant",
    "share/zsh/site-functions/_emotion-assistant",
)


def test_man_pages_and_completions_are_current(tmp_path: Path) -> None:
    pytest.importorskip("shtab")
    pytest.importorskip("argparse_manpage")
    if sys.version_info >= (3, 13):
        pytest.skip("argparse writes another usage from Python 3.13 on")
    subprocess.run([sys.executable, ROOT / "systemd/packaging/man_pages.py", tmp_path], check=True, capture_output=True)
    made, committed = (
        {str(file.relative_to(folder)): file.read_text("utf-8") for file in folder.rglob("*") if file.is_file()}
        for folder in (tmp_path, SHARE)
    )
    assert made.keys() == committed.keys()
    for name, text in made.items():
        assert committed[name] == text, f"{name}: run `make manual`"


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_shells_can_read_them(program: str) -> None:
    for shell, name in (("bash", f"bash-completion/completions/{program}"), ("zsh", f"zsh/site-functions/_{program}")):
        if shutil.which(shell):
            subprocess.run([shell, "-n", SHARE / name], check=True)


def test_the_commands_of_the_units_are_left_out() -> None:
    for file in SHARE.rglob("*emotion-assistant*"):
        text = file.read_text("utf-8").replace("\\", "")
        assert "replay" in text
        assert "vision-exited" not in text


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize("has_zsh", [True, False])
def test_the_links_are_made_and_removed(tmp_path: Path, has_zsh: bool) -> None:
    local, zsh = tmp_path / "local", tmp_path / "local/share/zsh/site-functions"
    (local / "bin").mkdir(parents=True)
    (local / "share/man").mkdir(parents=True)
    if has_zsh:
        zsh.mkdir(parents=True)

    def run(command: str) -> None:
        first = f"PREFIX=/opt/ea; . {ROOT}/systemd/steps/links.sh; LOCAL={local}"
        subprocess.run(["bash", "-euo", "pipefail", "-c", f"{first}; {command}"], check=True)

    before = sorted(local.rglob("*"))
    run("install_links; install_links")
    found = {str(link.relative_to(local)): str(link.readlink()) for link in local.rglob("*") if link.is_symlink()}
    assert found == {name: f"/opt/ea/venv/{name}" for name in LINKS if has_zsh or "zsh" not in name}
    run("remove_links; remove_links")
    assert sorted(local.rglob("*")) == before
