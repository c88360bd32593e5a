"""The card of a foreign classifier: what was stated of it, what was tried, and where it came from."""

import hashlib
from typing import Any

from assistant.vision.faces.input_format import InputFormat
from convert.foreign.network import Network
from convert.foreign.plausibility import Verdict
from convert.tflite import card_file, graph

INTENDED_USE = (
    "To name, for a blind or visually impaired wearer, the expression that a face in front shows at the moment, as one "
    "hedged spoken hint among others. An expression is not a feeling."
)
LIMITS = (
    "Made by another program: what it was trained on, and with which right to use the pictures, is for who imports it "
    "to know. `emotion-convert evaluate` measures it on FER-2013 as the assistant runs it."
)


def describe(
    name: str,
    content: bytes,
    network: Network,
    input_format: InputFormat,
    labels: tuple[str, ...],
    *,
    has_logits: bool,
    verdict: Verdict | None,
) -> dict[str, Any]:
    """The card of a .tflite file, before it is calibrated. has_logits: whether the file's outputs are logits."""
    made = graph.parse(name, content)
    card = {
        "name": name,
        **card_file.measured_from(name, content),
        "labels": list(labels),
        "input": {**input_format.as_card(), "dtype": made.input_type.lower()},
        "output": {"dtype": made.output_type.lower(), "values": "logits" if has_logits else "probabilities"},
        "imported": {
            "file": network.file.name,
            "sha256": hashlib.sha256(network.file.read_bytes()).hexdigest(),
            "form": network.form,
        },
        "intended_use": INTENDED_USE,
        "limits": LIMITS,
        "made": card_file.made_now(),
    }
    if verdict is not None:
        accuracy = round(verdict.stated.accuracy, 4)
        card["tried"] = {"pictures": verdict.pictures, "accuracy": accuracy, "warning": verdict.warning}
    return card
