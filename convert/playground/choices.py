"""What can be chosen in the playground: models, detectors and languages, and the settings that a choice stands for."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant import locales, phrases
from assistant.config.settings import Settings
from assistant.errors import ModelError
from assistant.vision import factory
from assistant.vision.factory import VisionParts
from assistant.vision.inference.model_file import MODEL_FOLDERS, find_model, read_card

DETECTORS = {"tflite": "ours", "haar": "Haar", "yunet": "YuNet"}
"""Drivers of detectors, and their names on the page."""

LANGUAGES = {
    "ar": "العربية",
    "de": "Deutsch",
    "en": "English",
    "es": "español",
    "fr": "français",
    "hi": "हिन्दी",
    "it": "italiano",
    "pt": "português",
}
"""Names of languages in themselves; one that is missing goes by its code."""


@dataclass(frozen=True)
class Choice:
    """What a visitor of the page has chosen."""

    model: str = Settings().model.file
    """A shipped model's name, or the path of a .tflite file with its card beside it."""
    detector: str = Settings().detector.driver
    """A key of DETECTORS."""
    locale: str = Settings().announcements.locale

    def settings(self, yunet: Path | None = None) -> Settings:
        """The assistant's default settings with this choice. yunet: the file of the detector YuNet."""
        detector_file = str(yunet) if self.detector == "yunet" and yunet else ""
        plain = Settings()
        return dataclasses.replace(
            plain,
            model=dataclasses.replace(plain.model, file=self.model),
            detector=dataclasses.replace(plain.detector, driver=self.detector, model=detector_file),
            announcements=dataclasses.replace(plain.announcements, locale=self.locale),
        )


def with_demo_camera(settings: Settings) -> Settings:
    """The settings with the demo's photographs as camera."""
    return dataclasses.replace(settings, camera=dataclasses.replace(settings.camera, driver="demo"))


def load_parts(settings: Settings) -> VisionParts:
    """The loaded models of the settings. Raises DetectorError, and ModelError for a file that reads no expressions."""
    model = find_model(settings.model.file)
    if "labels" not in read_card(model):
        raise ModelError(f"{model.name}: reads no expressions, its card names no labels; choose another model")
    return factory.parts(settings)


def shipped_models() -> list[str]:
    """The names of the shipped models that read expressions, the default one first."""
    folder = next((each for each in MODEL_FOLDERS if each.is_dir()), MODEL_FOLDERS[0])
    found = sorted(file.stem for file in folder.glob("emotion-*.tflite"))
    return sorted(found, key=lambda name: name != Choice.model)


def model_names(own: Sequence[str] = ()) -> dict[str, str]:
    """Every model that can be chosen: its name on the page, and what `Choice.model` takes. own: paths of .tflite files,
    which stand first; where two have one name, the name is the whole path."""
    names: dict[str, str] = {}
    for path in own:  # a shipped model by its name, which stands first then
        names[path if Path(path).name in names else Path(path).name] = path
    return names | {name: name for name in shipped_models()}


def detector_names(*, has_yunet: bool) -> dict[str, str]:
    """The detectors that can be chosen: their names on the page, and their drivers."""
    return {name: driver for driver, name in DETECTORS.items() if has_yunet or driver != "yunet"}


def languages() -> list[str]:
    """The codes of the languages in which the assistant speaks, English first."""
    folder = Path(locales.__path__[0])
    return sorted((file.stem for file in folder.glob("*.toml")), key=lambda code: (code != "en", code))


def language_names() -> dict[str, str]:
    """The languages: their names in themselves, and their codes."""
    return {LANGUAGES.get(code, code): code for code in languages()}


def voices() -> set[str]:
    """The espeak-ng voices of the languages."""
    return {phrases.load(code).voice for code in languages()}
