"""A prepared SD card: its first boot installs, with recordings before there is a voice, and its settings are used."""

import shutil
import subprocess
from pathlib import Path

from tests.boot.machine import BootError, Root
from tests.boot.sound_log import SAMPLES_PROGRAM, SoundLog, now
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


def card(root: Root, sound_log: SoundLog, faces: Path, table: Table) -> None:
    """From the card as it is written to "Ready."; then a mistake in its settings, announced with its line."""
    boot = root.path / "boot/firmware"
    boot.mkdir(parents=True)
    (boot / "cmdline.txt").write_text("console=tty1 rootwait quiet\n")
    with table.step("prepare the card") as notes:
        command = [root.tree / "systemd/install.sh", "--card", boot, "--offline", root.offline]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        size = sum(file.stat().st_size for file in (boot / "emotion-assistant").rglob("*"))
        notes.append(f"{size / 1e6:.0f} MB on it")
    (boot / "emotion-assistant.toml").write_text(SETTINGS)
    sound_log.prepare()
    sound_log.learn_files(boot / "emotion-assistant/spoken-steps")
    shutil.copytree(faces, root.path / "srv/faces")
    kernel_options = [word for word in (boot / "cmdline.txt").read_text().split() if word.startswith("systemd.")]
    with root.booted(kernel_options) as machine:
        with table.step("the very first boot, which asks for another one"):
            machine.start_again()
        if "systemd.run" in (boot / "cmdline.txt").read_text():
            raise BootError("the first boot would come again and again")
        began = now()
        with table.step("the boot that installs") as notes:
            unit = "/etc/systemd/system/emotion-assistant-first-boot.service"
            machine.wait("installed", lambda: machine.ask(f"test -e {unit} || echo gone"), 300)
            notes.append(f"played: {[text for text in sound_log.texts(began) if text]}")
        sound_log.learn(machine.run(f"/opt/emotion-assistant/venv/bin/python -I -c '{SAMPLES_PROGRAM}'"))
        with table.step('until "Ready." is spoken') as notes:
            machine.wait('"Ready."', lambda: "Ready." in sound_log.texts(began), 60)
            notes.append(f"{len(sound_log.texts(began))} sentences in all")
        with table.step("a mistake on the card is announced with its line") as notes:
            began = now()
            (boot / "emotion-assistant.toml").write_text(SETTINGS.replace("volume = 100", "volume = 1000"))
            machine.run("systemctl restart emotion-assistant.service")
            wanted = f"Line {WRONG_LINE} of the settings is wrong."
            machine.wait(wanted, lambda: wanted in sound_log.texts(began), 30)
            machine.wait("an announcement", lambda: any("person" in text for text in sound_log.texts(began)), 60)
            notes.append(f"played: {[text or '?' for text in sound_log.texts(began)]}")
