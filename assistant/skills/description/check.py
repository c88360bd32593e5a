"""What `doctor` checks of describing."""

import shutil

from assistant.config.settings import Settings
from assistant.errors import SkillError
from assistant.skills.description.captioner import parse_command


def check(settings: Settings) -> None:
    """Raises SkillError where describe.command is set and names no program."""
    if not settings.describe.command:
        return
    program = parse_command(settings.describe.command)[0]
    if shutil.which(program) is None:
        raise SkillError(f"describe.command: there is no program {program}; give its whole path", "missing")
