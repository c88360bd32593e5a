"""The labels of a foreign classifier, as people name them: in the order of its outputs, by any of the usual names."""

import difflib
import json
import re
from pathlib import Path
from typing import Any

from assistant.config.schema import quoted
from assistant.errors import ModelError
from assistant.records import EXPRESSIONS
from convert.data import regular_file
from convert.data.class_names import CLASS_NAMES, plain
from convert.data.fer2013_labels import FERPLUS_LABELS, LABELS

ABBREVIATIONS = {
    "angry": ("an", "ang"), "disgust": ("di", "dis"), "fear": ("fe", "fea"), "happy": ("ha", "hap"), "sad": ("sa",),
    "surprise": ("su", "sur", "surp"), "neutral": ("ne", "neu", "natural"),
    "contempt": ("co", "con", "cont", "contemptuous", "scorn", "disdain"),
}  # fmt: skip
"""Names of classes in data sets of the laboratory (JAFFE, CK+, KDEF), besides `class_names`; and those of contempt."""
NAMES = (
    {name: LABELS[index] for name, index in CLASS_NAMES.items()}
    | {other: name for name, others in ABBREVIATIONS.items() for other in (name, *others)}
)  # fmt: skip
"""Names in lower case, and the expression that each means."""
ORDERS = {"fer2013": LABELS, "folders": tuple(sorted(LABELS)), "ferplus": FERPLUS_LABELS}
"""Orders that have a name: of FER-2013's label column, of its folders by the alphabet (as Keras reads them), and of
FER+'s vote columns."""
NUMBERED = re.compile(r"^\s*(\d+)\s*[:=,_.\-\s]\s*(?=[^\W\d])")
"""A number before a name, as in `0: angry`."""
ENTRY_SEPARATORS = re.compile(r"[,;\n]+")


def parse(text: str) -> tuple[str, ...]:
    """The expressions in the order of the outputs, from `--labels`: the name of an order, names or FER-2013's numbers
    separated by commas, or a file with one a line or a JSON list or object. Raises ModelError."""
    if plain(text) in ORDERS:
        return ORDERS[plain(text)]
    held = _read(text)
    names = held if isinstance(held, list) else ENTRY_SEPARATORS.split(held)
    return _expressions(_in_order([name.strip() for name in names if name.strip()]))


def _read(text: str) -> str | list[str]:
    """The content of the file that `text` names, a list where it is JSON; the text itself where it names none."""
    if "," in text or not text.lower().endswith((".txt", ".json", ".csv")):
        return text
    try:
        held = regular_file.read_text(Path(text))
        return _names(json.loads(held), text) if text.lower().endswith(".json") else held
    except OSError as err:
        raise ModelError(f"{text}: the labels cannot be read: {err.strerror}") from err
    except (ValueError, RecursionError) as err:
        raise ModelError(f"{text}: no labels, one a line, nor JSON: {str(err)[:100]}") from err


def _names(held: Any, path: str) -> list[str]:
    """Names in their order of a JSON list, or of an object either way round: {"angry": 0} or {"0": "angry"}."""
    if isinstance(held, dict):
        by_number = {str(name): number for number, name in held.items()} if _has_numbers_first(held) else held
        if all(str(number).isdecimal() for number in by_number.values()):
            held = sorted(by_number, key=lambda name: int(by_number[name]))
    if not isinstance(held, list) or not all(isinstance(each, str) for each in held):
        raise ModelError(f"{path}: holds {quoted(held)}; expected a list of names, or names and numbers")
    return held


def _has_numbers_first(held: dict[str, Any]) -> bool:
    return all(key.isdecimal() for key in held)


def _in_order(names: list[str]) -> list[str]:
    """Names without numbers before them; sorted by these where each has one."""
    found = [(NUMBERED.match(name), name) for name in names]
    if all(match for match, _ in found):
        found.sort(key=lambda each: int(each[0][1]) if each[0] else 0)
    return [name[match.end() :] if match else name for match, name in found]


def _expressions(names: list[str]) -> tuple[str, ...]:
    made = tuple(map(_expression, names))
    for number, label in enumerate(made):
        if label in made[:number]:
            raise ModelError(f"--labels: {quoted(names[number])} is {label}, which is named twice")
    if len(made) < 2:
        raise ModelError(f"--labels: {quoted(', '.join(names))} names no classes; {_allowed()}")
    return made


def _expression(name: str) -> str:
    if name.isdecimal() and int(name) < len(LABELS):
        return LABELS[int(name)]
    if plain(name) in NAMES:
        return NAMES[plain(name)]
    if plain(name) in ORDERS:
        raise ModelError(f"--labels: {plain(name)} is the name of a whole order; give it alone")
    near = difflib.get_close_matches(plain(name), [*NAMES, *ORDERS], 1)
    raise ModelError(f"--labels: {quoted(name)} is no expression; {f'did you mean {near[0]}?' if near else _allowed()}")


def _allowed() -> str:
    return f"allowed, in the order of its outputs: {', '.join(EXPRESSIONS)}; or {', '.join(ORDERS)} for their orders"
