"""Model card files: `NAME.json` beside `NAME.tflite`, written and read for all model families.

The assistant reads `sha256`, `input` and the keys that a kind of model needs (`labels`, `temperature`, `thresholds`,
`threshold`, `landmarks`, `self_test`), and refuses a model without them; the other keys are for human readers. The
`card` module of each model family defines the contents of its cards.
"""

import datetime
import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from assistant.config.schema import quoted
from assistant.errors import AssistantError, ModelError
from assistant.system.atomic_files import check_replaceable, write_atomically
from assistant.vision.inference.model_file import MODEL_FOLDERS
from convert.data import regular_file
from convert.tflite import graph
from convert.training import provenance

Entry = TypeVar("Entry")
FORM_NAMES: dict[type, str] = {str: "a text", int: "a whole number", dict: "an object"}
"""Names of the types of a card's values in error messages."""
FACE_DETECTION = "face detection"
"""`task` in the card of a face detector; the card of an expression model has no `task`."""


def path_of(model: Path) -> Path:
    """Path of the card of a model file."""
    return model.with_suffix(".json")


def load(model: Path) -> dict[str, Any]:
    """The card beside a model. Raises ModelError."""
    try:
        return regular_file.read_object(path_of(model))
    except (OSError, ValueError) as err:
        raise ModelError(f"{path_of(model)}: not a model card: {err}") from err


def entry(card: Mapping[str, Any], model: Path, name: str, form: type[Entry]) -> Entry:
    """The value of a key of a card, such as "recipe.name". Raises ModelError where it is missing or of another type."""
    value: Any = card
    for key in name.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if type(value) is not form:
        raise ModelError(f"{path_of(model)}: {name} is {quoted(value)}; expected {FORM_NAMES[form]}")
    return value


def encode(card: dict[str, Any]) -> bytes:
    """A card as readable JSON: one key per line, a list of numbers on one line."""
    text = json.dumps(card, indent=1, ensure_ascii=False)
    text = re.sub(r"\[\s*\n([^\[\]{}\"]*)\]", lambda row: f"[{' '.join(row[1].split())}]", text)
    return (text + "\n").encode()


def write(model: Path, card: dict[str, Any]) -> None:
    """Write the card beside a model, atomically."""
    write_atomically({path_of(model): encode(card)})


def measured_from(name: str, content: bytes) -> dict[str, Any]:
    """The entries of a card that follow from the model file. content: the bytes of the .tflite file called `name`."""
    made = graph.parse(name, content)
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "parameters": made.parameters,
        "macs": made.macs,
    }


def made_now() -> dict[str, str]:
    """Today's date and the program's revision, for the entries `made` and `measured` of a card."""
    return {"date": datetime.datetime.now(datetime.UTC).date().isoformat(), "revision": provenance.revision()}


def shipped(pattern: str = "emotion-*.tflite") -> list[Path]:
    """The shipped model files that match a glob pattern; "**/emotion-*.tflite" also finds those in models/challenge.
    Raises AssistantError where there are none."""
    found = next((sorted(folder.glob(pattern)) for folder in MODEL_FOLDERS if folder.is_dir()), [])
    if not found:
        raise AssistantError("no model is shipped with this installation; name a .tflite file")
    return found


def check_overwritten(model: Path, *, force: bool) -> None:
    """Raises ModelError if `model` is the file of a shipped model and `force` is not set, or as `check_writable`;
    OSError if it is no file."""
    check_replaceable(model)
    folders = {folder.resolve() for folder in MODEL_FOLDERS}
    if model.is_file() and not force and folders & set(model.resolve().parents):
        raise ModelError(f"{model}: is a shipped model; name a file in the run's folder, or add --force to replace it")
    check_writable(model)


def check_writable(model: Path) -> None:
    """Raises ModelError where this user cannot write a model or its card, so that this is known before hours of work:
    the shipped models may be installed for all users of the machine."""
    folder = next((each for each in model.absolute().parents if each.is_dir()), Path("/"))
    if not os.access(folder, os.W_OK):
        raise ModelError(
            f"{model}: neither it nor its card can be written: this user may not write into {folder}; name a file in a "
            "folder of your own (a shipped model and its card can be copied there)"
        )


def replace_between(file: Path, markers: tuple[str, str], text: str) -> None:
    """Replace the text between two marker comments of a file. Raises AssistantError where they are missing."""
    before, after = check_between(file, markers)
    write_atomically({file: f"{before}\n{text}\n{after}".encode()})


def check_between(file: Path, markers: tuple[str, str]) -> tuple[str, str]:
    """The text of a file up to the first of two marker comments, which it includes, and from the second one on. Raises
    AssistantError where they are missing."""
    try:
        held = regular_file.read_text(file)
    except OSError as err:
        raise AssistantError(f"{file}: cannot read it: {err.strerror}") from err
    except UnicodeDecodeError as err:
        raise AssistantError(f"{file}: cannot read it: not UTF-8") from err
    start, end = (held.find(marker) for marker in markers)
    if not 0 <= start < end:
        raise AssistantError(f"{file}: the table goes between lines {markers[0]} and {markers[1]}, which are missing")
    return held[: start + len(markers[0])], held[end:]
