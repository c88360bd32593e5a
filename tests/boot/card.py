"""A prepared card: its first boot installs, speaking before there is a voice, and the settings on it are obeyed."""

import shutil
import subprocess
from pathlib import Path

from tests.boot.heard import WORDS, Heard, now
from tests.boot.machine import BootError, Root
from tests.boot.table import Table

SETTINGS = """# Settings on the card
[camera]
driver = "folder"
source = "/srv/faces"
picture_s = 5.0
[voice]
volume = 100
"""
WRONG_LINE = 7


def card(root: Root, heard: Heard, faces: Path, table: Table) -> None:
    """From the card as it is written to "Ready."; then a mistake in its settings, told with its line."""
    boot = root.path / "boot/firmware"
    boot.mkdir(parents=True)
    (boot / "cmdline.txt").write_text("console=tty1 rootwait quiet\n")
    with table.step("prepare the card") as said:
        command = [root.tree / "systemd/install.sh", "--card", boot, "--offline", root.offline]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        size = sum(file.stat().st_size for file in (boot / "emotion-assistant").rglob("*"))
        said.append(f"{size / 1e6:.0f} MB on it")
    (boot / "emotion-assistant.toml").write_text(SETTINGS)
    heard.prepare()
    heard.learn_files(boot / "emotion-assistant/spoken-steps")
    shutil.copytree(faces, root.path / "srv/faces")
    words = [word for word in (boot / "cmdline.txt").read_text().split() if word.startswith("systemd.")]
    with root.booted(words) as machine:
        with table.step("the very first boot, which asks for another one"):
            machine.start_again()
        if "systemd.run" in (boot / "cmdline.txt").read_text():
            raise BootError("the first boot would come again and again")
        began = now()
        with table.step("the boot that installs") as said:
            unit = "/etc/systemd/system/emotion-assistant-first-boot.service"
            machine.wait("installed", lambda: machine.ask(f"test -e {unit} || echo gone"), 300)
            said.append(f"heard: {[text for text in heard.texts(began) if text]}")
        heard.learn(machine.run(f"/opt/emotion-assistant/venv/bin/python -I -c '{WORDS}'"))
        with table.step('until "Ready." is heard') as said:
            machine.wait('"Ready."', lambda: "Ready." in heard.texts(began), 60)
            said.append(f"{len(heard.texts(began))} sentences in all")
        with table.step("a mistake on the card is told with its line") as said:
            began = now()
            (boot / "emotion-assistant.toml").write_text(SETTINGS.replace("volume = 100", "volume = 1000"))
            machine.run("systemctl restart emotion-assistant.service")
            wanted = f"Line {WRONG_LINE} of the settings is wrong."
            machine.wait(wanted, lambda: wanted in heard.texts(began), 30)
            machine.wait("a word", lambda: any("person" in text for text in heard.texts(began)), 60)
            said.append(f"heard: {[text or '?' for text in heard.texts(began)]}")
