"""The skills: whether the libraries and weights of one that is on are there, and its engine can be asked. `friends` to
`read` run in a child process."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from assistant.config.settings import Settings
from assistant.doctor.finding import Finding, absent, bad, good
from assistant.errors import SkillError
from assistant.ipc.socket_paths import skills_folder
from assistant.skills import registry
from assistant.skills.session import SkillName

SOCKET_UNITS = tuple(
    Path(folder) / "emotion-assistant-skill@.socket"
    for folder in ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
)
"""Where the unit of the sockets is, once it is installed; on a desktop `run` makes the sockets."""


def off(settings: Settings, skill: SkillName) -> Finding | None:
    """The finding about a skill that is off; None: it is on."""
    if registry.is_enabled(settings, skill):
        return None
    return absent(f"skill_failures.off_{skill}", detail=f"{skill}.enabled is false")


def unreachable(skill: SkillName) -> Finding | None:
    """The finding about an engine that nobody can ask, where there are units; None: all is well with its socket."""
    socket = skills_folder() / f"{skill}.sock"
    if skill not in registry.ENGINES or not any(map(Path.is_file, SOCKET_UNITS)) or socket.is_socket():
        return None
    unit = f"emotion-assistant-skill@{skill}.socket"
    return missing(
        skill, f"{socket}: no socket; sudo systemctl reset-failed {unit}; sudo systemctl enable --now {unit}"
    )


def missing(skill: SkillName, detail: str) -> Finding:
    """The finding about a skill that lacks something."""
    return bad(f"skill_failures.missing_{skill}", "skills", detail=detail)


def _check(skill: SkillName, settings: Settings, trying: Callable[[str], None]) -> Finding:
    """Whether the libraries and weights of a skill are there."""
    trying(f"what {skill} needs")
    try:
        registry.check_of(skill)(settings)
    except SkillError as err:
        return missing(skill, str(err))
    except ImportError as err:
        return missing(skill, f"{type(err).__name__}: {err}")
    return good(skill)


friends = partial(_check, SkillName.FRIENDS)
things = partial(_check, SkillName.THINGS)
describe = partial(_check, SkillName.DESCRIBE)
read = partial(_check, SkillName.READ)
