"""What must happen in a booted system: it starts by itself, is restarted after a crash, and survives its updates."""

import json
import shutil
import signal
from pathlib import Path

from tests.boot.machine import BootError, Machine
from tests.boot.sound_log import SoundLog, now
from tests.boot.table import Table

VISION, VOICE = "emotion-assistant.service", "emotion-assistant-voice.service"
CANNOT_SEE = "I cannot see at the moment."


def boots(machine: Machine, sound_log: SoundLog, table: Table, name: str) -> None:
    """The services start by themselves, and "Ready." is spoken."""
    began = now()
    with table.step(f'{name}: until "Ready." is spoken') as notes:
        machine.wait('"Ready."', lambda: "Ready." in sound_log.texts(began), 90)
        notes.append(f"played: {sound_log.texts(began)}")
    with table.step(f"{name}: until the first announcement of a face") as notes:
        machine.wait("an announcement", lambda: any("person" in text for text in sound_log.texts(began)), 60)
        notes.append(f"played: {sound_log.texts(began)[-1]}")
    machine.wait("a finished boot", lambda: machine.ask("systemctl is-system-running") in ("running", "degraded"), 60)
    failed = machine.ask("systemctl --failed --plain --no-legend")
    check("failed units", [line for line in failed.splitlines() if "emotion" in line])
    facts = json.loads(machine.run("emotion-assistant status --json"))
    check("status", [] if facts else ["no facts"])


def comes_back(machine: Machine, sound_log: SoundLog, table: Table, unit: str, number: signal.Signals) -> None:
    """A unit's process is ended or stopped; another one takes its place, and that is announced."""
    name = "vision" if unit == VISION else "voice"
    before, began = machine.main_process(unit), now()
    check("running", [] if before else [f"{unit} is not"])
    sentence = f"The {'vision part' if unit == VISION else 'voice'} stopped."
    with table.step(f"{number.name} to {name}: until another one works") as notes:
        machine.run(f"kill -{number} {before}")
        machine.wait("another process", lambda: machine.main_process(unit) not in (0, before), 40)
        machine.wait("active", lambda: machine.ask(f"systemctl is-active {unit}") == "active", 40)
        if number == signal.SIGKILL:  # soon after, the same is not announced again
            machine.wait(sentence, lambda: sentence in sound_log.texts(began), 30)
            at = next(sound.at for sound in sound_log.sounds(began) if sound.text == sentence)
            notes.append(f"announced after {at - began:.1f} s")
        machine.wait("an answer", lambda: machine.ask("emotion-assistant ask") not in ("", CANNOT_SEE), 60)
        notes.append(f"played: {[text or '?' for text in sound_log.texts(began)]}")


def asks_a_skill(machine: Machine, table: Table, install: str) -> None:
    """A skill that install.sh turns on: its engine starts with the first question, in a unit of its own, and again
    after it was killed; vision goes on meanwhile. install: the command that turns it on."""
    engine = "emotion-assistant-skill@things"

    def engine_process() -> int:
        return machine.main_process(f"{engine}.service")

    with table.step("install.sh --things, in the running system") as notes:
        machine.run(install)
        check("the socket", [] if machine.ask(f"systemctl is-active {engine}.socket") == "active" else ["not active"])
        check("an engine before it was asked", ["it runs"] if engine_process() else [])
        machine.wait("an answer", lambda: machine.ask("emotion-assistant ask") not in ("", CANNOT_SEE), 60)
        notes.append("its socket is active, its engine does not run")
    vision = processes(machine)[0]
    for how in ("the first question", "after its engine was killed"):
        with table.step(f"what is in front: {how}") as notes:
            told = machine.run("emotion-assistant what").strip()
            check("the engine's process", [] if engine_process() else ["there is none"])
            notes.append(f"said: {told}")
            machine.run(f"kill -KILL {engine_process()}")
            machine.wait("its end", lambda: not engine_process(), 20)
    check("vision was started again", [] if processes(machine)[0] == vision else ["another process"])


def goes_down(machine: Machine, sound_log: SoundLog, table: Table) -> None:
    """The wearer shuts it down: the first command asks for a confirmation, the second one ends the whole system."""
    began = now()
    with table.step("switched off by its wearer") as notes:
        machine.run("emotion-assistant shutdown")
        machine.run("emotion-assistant shutdown")
        machine.start_again(ended=0)
        notes.append(f"played: {[text or '?' for text in sound_log.texts(began)]}")
        check(
            "the announcement", [] if "Shutting down." in sound_log.texts(began) else sound_log.texts(began) or ["none"]
        )


def updates(machine: Machine, sound_log: SoundLog, table: Table, offline: Path) -> None:
    """An update that does not work leaves what worked; one that works is taken, and what was before is gone."""
    pids, inside = processes(machine), "/mnt/offline/update/systemd/install.sh --offline /mnt/offline"
    tree = offline / "update"
    tree.mkdir()
    for part in (
        "systemd",
        "emotion_assistant.py",
        "assistant",
        "convert",
        "models",
        "share",
        "setup.cfg",
        "pyproject.toml",
        "README.md",
        "LICENSE",
    ):
        copy = shutil.copytree if (machine.tree / part).is_dir() else shutil.copy
        copy(machine.tree / part, tree / part)
    broken = tree / "assistant/vision/factory.py"
    sound = broken.read_text()
    with table.step("an update that does not work") as notes:
        broken.write_text(sound + '\nraise RuntimeError("broken on purpose")\n')
        try:
            machine.run(inside)
        except BootError as err:
            complaint = next((line for line in str(err).splitlines() if "broken on purpose" in line), "")
            check("the reason", [] if complaint else [str(err)])
            notes.append(complaint)
        else:
            raise BootError("it was installed")
        check("what worked was touched", [] if processes(machine) == pids else ["new processes"])
        check("left over", machine.run("ls -d /opt/emotion-assistant/env-*").split()[1:])
    with table.step("an update that works") as notes:
        broken.write_text(sound + "\n# A newer version.\n")
        began = now()
        machine.run(inside)
        machine.wait('"Ready."', lambda: "Ready." in sound_log.texts(began), 60)
        check("the old version still runs", [unit for unit in processes(machine) if unit in pids])
        check("left over", machine.run("ls -d /opt/emotion-assistant/env-*").split()[1:])
        notes.append(f"played: {sound_log.texts(began)}")


def processes(machine: Machine) -> list[int]:
    """The main processes of both units, which must be running."""
    found = [machine.main_process(unit) for unit in (VISION, VOICE)]
    check("running", [] if all(found) else ["a service is not"])
    return found


def check(what: str, wrong: list[str]) -> None:
    if wrong:
        raise BootError(f"{what}: " + "\n  ".join(["", *wrong[:40]]))
