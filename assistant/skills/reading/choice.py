"""Which reader (see `engine.Reader`) the settings choose on this board."""

from assistant.config.settings import Settings
from assistant.errors import SkillError
from assistant.skills.reading import rapid


def chosen_reader(settings: Settings) -> str:
    """ "tesseract" or "rapidocr". Raises SkillError where rapidocr is set and cannot read the language."""
    wanted, locale = settings.read.engine, settings.announcements.locale
    if wanted == "rapidocr" and locale not in rapid.LOCALES:
        raise SkillError(f'rapidocr cannot read {locale}: set read.engine = "tesseract"', "missing")
    if wanted != "auto":
        return wanted
    is_possible = locale in rapid.LOCALES and rapid.memory_mib() >= rapid.MIN_MEMORY_MIB and rapid.is_installed()
    return "rapidocr" if is_possible else "tesseract"
