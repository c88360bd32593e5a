"""How the names of things to find are said; the voice, which says them, knows no skill."""

from collections.abc import Callable

from assistant.config.settings import Settings


def spoken_names(settings: Settings) -> Callable[[str], str]:
    """A function from a name, in the language of the settings or in English, to the word of that language; what is no
    known thing is said as it is written. Without the skill nothing is imported."""
    if not settings.things.enabled:
        return str
    from assistant.skills.things import vocabulary

    words = vocabulary.load(settings.announcements.locale)

    def spoken(name: str) -> str:
        label = vocabulary.label_of(words, name)
        return words.tables["things"][label] if label else name

    return spoken
