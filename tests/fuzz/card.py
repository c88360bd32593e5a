"""Model cards: any content is either a usable card or refused with a one-line error."""

import contextlib
import json
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from assistant.config.settings import DetectorSettings
from assistant.errors import DetectorError, ModelError
from assistant.records import EXPRESSIONS
from assistant.vision.detectors.tflite import TFLiteFaceDetector
from assistant.vision.inference import model_file
from assistant.vision.inference.expression import read_expression_card
from assistant.vision.inference.occlusion import OcclusionClassifier
from tests.fuzz import damage
from tests.fuzz.engine import Attack, must_be_one_line

CARDS = tuple(
    json.loads(model_file.find_model(name).with_suffix(".json").read_text("utf-8"))
    for name in ("emotion-cnn-int8", "face-detector-int8", "face-cover-int8")
)
SMALL = {
    key: CARDS[0][key]
    for key in ("sha256", "labels", "input", "temperature", "thresholds", "self_test")
    if key in CARDS[0]
}
TOKENS = (
    b'"', b"\\", b"\\u0000", b"{", b"}", b"[", b"]", b":", b",", b"null", b"NaN", b"-Infinity", b"1e999",
    b"9" * 5000, b"\\ud800",
    b"0.5", b"1", b"\n", b"\xff", b"\xef\xbb\xbf", b'"sha256":""', b'"labels":[]',
    b'"self_test":[[]]', b'"thresholds":{}',
)  # fmt: skip


def contents() -> st.SearchStrategy[bytes]:
    """The bytes of a card: one with other values, damaged bytes, depth, and noise."""
    valid = tuple(json.dumps(card).encode() for card in (SMALL, *CARDS))
    return st.one_of(
        damage.trees((SMALL, SMALL, SMALL, *CARDS)).map(_encoded),
        st.builds(
            lambda content, steps: damage.damaged(content, steps, TOKENS), st.sampled_from(valid), damage.changes()
        ),
        st.builds(_deep, st.sampled_from(sorted(SMALL)), st.integers(0, 1), st.integers(1, 3000)),
        st.binary(max_size=40),
    )


def _encoded(card: dict[str, Any]) -> bytes:
    return json.dumps(card, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _deep(key: str, kind: int, depth: int) -> bytes:
    return _encoded({**SMALL, key: "HERE"}).replace(b'"HERE"', damage.nested(kind, depth))


@contextlib.contextmanager
def target() -> Iterator[Attack]:
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.tflite"
        model.write_bytes(b"\x1c\0\0\0TFL3")

        def check(content: bytes) -> None:
            model.with_suffix(".json").write_bytes(content)
            with _one_line():
                card = read_expression_card(model)
                assert set(card.labels) <= set(EXPRESSIONS)
                assert 0.05 <= card.temperature <= 20
                assert all(
                    0 <= level <= 1
                    for thresholds in (card.thresholds.looks, card.thresholds.maybe)
                    for level in thresholds.values()
                )
                assert len(card.self_test) in (0, 7)
            with _one_line():
                TFLiteFaceDetector(DetectorSettings(model=str(model)))
            with _one_line():
                assert math.isfinite(OcclusionClassifier(model).threshold)

        yield Attack(contents(), check)


@contextlib.contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except (ModelError, DetectorError) as err:
        must_be_one_line(err)
