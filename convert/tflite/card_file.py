"""Model card files: `NAME.json` beside `NAME.tflite`, written and read for all model families.

The assistant reads `sha256`, `input` and what its kind of model needs (`labels`, `temperature`, `thresholds`,
`threshold`, `landmarks`, `self_test`), and refuses a model without them; people read the rest. A family's own
`card` module says what is in its card.
"""

import datetime
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError, ModelError
from assistant.system.atomic_files import write_atomically
from convert.tflite import graph
from convert.training import provenance

FACE_DETECTION = "face detection"
"""`task` in the card of a face detector; the card of an expression model names none."""


def path_of(model: Path) -> Path:
    """Where the card of a model file lies."""
    return model.with_suffix(".json")


def load(model: Path) -> dict[str, Any]:
    """The card beside a model. Raises ModelError."""
    try:
        return dict(json.loads(path_of(model).read_text("utf-8")))
    except (OSError, ValueError) as err:
        raise ModelError(f"{path_of(model)}: not a model card: {err}") from err


def encode(card: dict[str, Any]) -> bytes:
    """A card as JSON for people: one key a line, one row of numbers a line."""
    text = json.dumps(card, indent=1, ensure_ascii=False)
    text = re.sub(r"\[\s*\n([^\[\]{}\"]*)\]", lambda row: f"[{' '.join(row[1].split())}]", text)
    return (text + "\n").encode()


def write(model: Path, card: dict[str, Any]) -> None:
    """Write the card beside a model, whole or not at all."""
    write_atomically({path_of(model): encode(card)})


def measured_from(name: str, content: bytes) -> dict[str, Any]:
    """What a card says of the file itself, in the order of its keys. content: the bytes of the .tflite file."""
    made = graph.parse(name, content)
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "parameters": made.parameters,
        "macs": made.macs,
    }


def made_now() -> dict[str, str]:
    """Date and revision of the program, for a card."""
    return {"date": datetime.datetime.now(datetime.UTC).date().isoformat(), "revision": provenance.revision()}


def shipped(pattern: str = "emotion-*.tflite") -> list[Path]:
    """The models of that name in the package; "**/emotion-*.tflite": also those in models/challenge, in a checkout.
    Raises AssistantError where there are none."""
    import models

    found = sorted(Path(models.__file__ or "").parent.glob(pattern))
    if not found:
        raise AssistantError("no model is shipped with this installation; name a .tflite file")
    return found


def replace_between(file: Path, markers: tuple[str, str], text: str) -> None:
    """Write a text between two marker comments of a file. Raises AssistantError where they are missing."""
    try:
        held = file.read_text("utf-8")
    except OSError as err:
        raise AssistantError(f"{file}: cannot read it: {err.strerror}") from err
    start, end = (held.find(marker) for marker in markers)
    if not 0 <= start < end:
        raise AssistantError(f"{file}: the table goes between lines {markers[0]} and {markers[1]}, which are missing")
    write_atomically({file: f"{held[: start + len(markers[0])]}\n{text}\n{held[end:]}".encode()})
