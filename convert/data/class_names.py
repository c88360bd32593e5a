"""The names of expressions as people write them: of folders, and in tables."""

import difflib
import re

from convert.data.fer2013_labels import LABELS

SYNONYMS: dict[str, tuple[str, ...]] = {
    "angry": ("anger", "mad", "furious"),
    "disgust": ("disgusted", "disgusting"),
    "fear": ("fearful", "afraid", "scared", "frightened"),
    "happy": ("happiness", "joy", "joyful", "smile", "smiling", "laughing"),
    "sad": ("sadness", "unhappy"),
    "surprise": ("surprised", "surprising", "astonished"),
    "neutral": ("neutrality", "calm", "normal"),
}
"""Other names of each class, in lower case."""
CLASS_NAMES = {name: LABELS.index(label) for label, others in SYNONYMS.items() for name in (label, *others)}
"""Names of classes in lower case, as indices into LABELS."""
UNLEARNED = ("contempt", "contemptuous")
"""Names of an expression that FER-2013's classes lack: such pictures are left out, which is said."""
NUMBER_BEFORE = re.compile(r"^\d+\W*[-_. ]\W*(?=[a-z])")
"""A number before a name, as in `0_angry`: it gives the folders an order. The number alone says nothing."""


def plain(name: str) -> str:
    """A name in lower case, without a number before it, with one blank between words."""
    return re.sub(r"[\s_-]+", " ", NUMBER_BEFORE.sub("", name.strip().lower())).strip()


def class_of(name: str) -> int | None:
    """The class that a name means, as an index into LABELS; None for any other name."""
    return CLASS_NAMES.get(plain(name))


def is_unlearned(name: str) -> bool:
    """Whether a name means an expression that no class is for."""
    return plain(name) in UNLEARNED


def hint(name: str) -> str:
    """What may help with a name that means no class: "; did you mean happy?", or ""."""
    if name.strip().isdecimal():
        return "; numbers stand for other expressions in other data sets: rename them"
    near = difflib.get_close_matches(plain(name), CLASS_NAMES, 1)
    return f"; did you mean {near[0]}?" if near else ""
