"""What reading needs, for `doctor`: a program and a language, or a package; no text is read."""

from assistant.config.settings import Settings
from assistant.errors import SkillError
from assistant.skills.reading import rapid, tesseract
from assistant.skills.reading.choice import chosen_reader


def check(settings: Settings) -> None:
    """Raises SkillError where the reader of the settings is missing, or the language of the sentences."""
    locale = settings.announcements.locale
    if chosen_reader(settings) == "rapidocr":
        rapid.check()
        return
    if not tesseract.TesseractReader(tesseract.installed()).languages([locale]):
        package = f"tesseract-ocr-{tesseract.LANGUAGES.get(locale, locale)}"
        raise SkillError(f"tesseract cannot read {locale}: sudo apt install {package}", "missing")
