"""The float and the int8 file of one model, which lie beside each other: each is found by the name of the other."""

import re
from pathlib import Path

from convert.data import regular_file

SUFFIX = re.compile(r"[-_.](int8|uint8|i8|quant|quantized|float32|float|fp32|f32)$", re.IGNORECASE)
"""What tells the files of one model apart: NAME-int8.tflite, NAME-float.tflite."""
FLOAT_SUFFIXES = ("", "-float", "-float32", "-fp32", "-f32", "_float", "_float32", "_fp32", "_f32")
INT8_SUFFIXES = ("-int8", "_int8", "-quant", "_quant")


def family(model: Path) -> str:
    """The name of a model file without the part that says how it is quantized."""
    return SUFFIX.sub("", model.stem)


def counterpart(model: Path) -> Path | None:
    """The other file of the same model that lies beside it: the float one of an int8 one, the int8 one of a float one;
    None where there is none. `emotion-convert quantize` names the float one after the head, which the card has."""
    is_int8 = model.stem.endswith(INT8_SUFFIXES)
    names = [f"{family(model)}{suffix}.tflite" for suffix in (FLOAT_SUFFIXES if is_int8 else INT8_SUFFIXES)]
    if is_int8 and (head := _head(model)):
        names.append(f"{family(model)}-{head}-float32.tflite")
    return next((model.with_name(name) for name in names if model.with_name(name).is_file()), None)


def _head(model: Path) -> str:
    """The head in the card beside a model; empty where there is no such card."""
    try:
        return str(regular_file.read_object(model.with_suffix(".json")).get("head", ""))
    except (OSError, ValueError):
        return ""
