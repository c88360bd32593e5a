"""Model card files: `NAME.json` beside `NAME.tflite`, written and read for all model families.

The assistant reads `sha256`, `input` and the keys that a kind of model needs (`labels`, `temperature`, `thresholds`,
`threshold`, `landmarks`, `self_test`), and refuses a model without them; the other keys are for human readers. The
`card` module of each model family defines the contents of its cards.
"""

import datetime
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError, ModelError
from assistant.system.atomic_files import write_atomically
from assistant.vision.inference.model_file import MODEL_FOLDERS
from convert.tflite import graph
from convert.training import provenance

FACE_DETECTION = "face detection"
"""`task` in the card of a face detector; the card of an expression model has no `task`."""


def path_of(model: Path) -> Path:
    """Path of the card of a model file."""
    return model.with_suffix(".json")


def load(model: Path) -> dict[str, Any]:
    """The card beside a model. Raises ModelError."""
    try:
        card = json.loads(path_of(model).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as err:
        raise ModelError(f"{path_of(model)}: not a model card: {err}") from err
    if not isinstance(card, dict):
        raise ModelError(f"{path_of(model)}: not a model card: {type(card).__name__}, no table of keys")
    return card


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
    """Raises ModelError if `model` is the file of a shipped model and `force` is not set."""
    folders = {folder.resolve() for folder in MODEL_FOLDERS}
    if model.is_file() and not force and folders & set(model.resolve().parents):
        raise ModelError(f"{model}: is a shipped model; name a file in the run's folder, or add --force to replace it")


def replace_between(file: Path, markers: tuple[str, str], text: str) -> None:
    """Replace the text between two marker comments of a file. Raises AssistantError where they are missing."""
    try:
        held = file.read_text("utf-8")
    except OSError as err:
        raise AssistantError(f"{file}: cannot read it: {err.strerror}") from err
    start, end = (held.find(marker) for marker in markers)
    if not 0 <= start < end:
        raise AssistantError(f"{file}: the table goes between lines {markers[0]} and {markers[1]}, which are missing")
    write_atomically({file: f"{held[: start + len(markers[0])]}\n{text}\n{held[end:]}".encode()})
