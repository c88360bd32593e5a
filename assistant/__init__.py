"""emotion-assistant: tells a visually impaired wearer, in a few spoken words, how the person in front looks.

The Python API for makers is what `__all__` names, for example:

    from assistant import Settings, watch

    for utterance in watch(Settings()):
        print(utterance.text)

These names, their arguments, and the documented fields and methods of these classes are stable: a change is announced
in the change log and comes with a new minor version. Everything else in this package may change at any time.

Importing `assistant` is cheap and needs only the standard library: each name is imported when it is first used.
"""

import importlib

__version__ = "0.1.0"

__all__ = [
    "AnnouncementOutcome", "AnswerOutcome", "AssistantError", "Box", "Camera", "CameraError", "Change",
    "ConfigError", "Face", "Fate", "Frame", "ModelError", "Pipeline", "Reading", "ReplaySummary", "Settings",
    "Step", "Track", "Utterance", "load_settings", "make_pipeline", "open_camera", "parse_settings", "replay",
    "watch", "with_source",
]  # fmt: skip

_MODULES = {
    "assistant.app.api": ("watch", "with_source"),
    "assistant.app.replay": ("AnnouncementOutcome", "AnswerOutcome", "ReplaySummary", "replay"),
    "assistant.config.settings": ("Settings",),
    "assistant.config.settings_file": ("load_settings", "parse_settings"),
    "assistant.errors": ("AssistantError", "CameraError", "ConfigError", "ModelError"),
    "assistant.records": ("Box", "Change", "Face", "Fate", "Frame", "Reading", "Track", "Utterance"),
    "assistant.vision.cameras": ("Camera", "open_camera"),
    "assistant.vision.factory": ("make_pipeline",),
    "assistant.vision.pipeline": ("Pipeline",),
    "assistant.vision.step": ("Step",),
}
"""Where each name is defined. `__init__.pyi` says the same to type checkers."""


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(importlib.import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
