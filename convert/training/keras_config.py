"""What a Keras file says of itself, read without Keras: its layers, which are refused where they bring code along."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.config.schema import quoted
from assistant.errors import ModelError
from convert.data.regular_file import UNREADABLE

MAX_BYTES = 1 << 30
"""A .keras file that unpacks to more is refused: its members are compressed."""
H5_MAGIC = b"\x89HDF\r\n\x1a\n"
CODE_LAYERS = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "__lambda__", "function")
"""Kinds of layers and functions that carry or load code: to build them would run what the file's author wrote."""
FILE_LAYERS = ("StringLookup", "IntegerLookup", "TextVectorization", "Hashing", "FeatureSpace")
"""Kinds of layers that no picture goes through, some of which read files that their configuration names."""
OWN_MODULES = ("keras", "tensorflow.keras", "tf_keras", "builtins", "convert.training")
"""Modules whose objects Keras builds by itself, and the one of this project's layers; any other is a class of the
file's author."""


@dataclass(frozen=True)
class About:
    """What a Keras file says of itself."""

    version: str
    """Of the Keras that wrote it; empty where it does not say."""
    is_h5: bool


def inspect(file: Path) -> About:
    """Read the configuration of a .keras or .h5 file and refuse what must not be loaded. Raises ModelError, in one
    line."""
    try:
        with file.open("rb") as opened:
            is_h5 = opened.read(len(H5_MAGIC)) == H5_MAGIC
    except OSError as err:
        raise ModelError(f"{file}: cannot be read: {err.strerror}") from err
    if is_h5 == (file.suffix.lower() == ".keras"):
        wanted = ".h5" if is_h5 else ".keras"
        raise ModelError(f"{file}: is no {file.suffix} file by its content; is it whole? If so, name it {wanted}")
    try:
        config, version = _of_h5(file) if is_h5 else _of_archive(file)
    except ModelError:
        raise
    except (*UNREADABLE, NotImplementedError, RuntimeError) as err:
        reason = " ".join(str(err).split())[:200] or type(err).__name__
        raise ModelError(f"{file}: no Keras model that can be read; is it whole? ({reason})") from err
    for kind, module in _objects(config):
        _refuse(file, kind, module)
    return About(version, is_h5)


def _of_archive(file: Path) -> tuple[Any, str]:
    with zipfile.ZipFile(file) as archive:
        if sum(each.file_size for each in archive.infolist()) > MAX_BYTES:
            raise ModelError(f"{file}: unpacks to more than {MAX_BYTES >> 20} MiB")
        names = archive.namelist()
        if "config.json" not in names:
            raise ModelError(f"{file}: holds no config.json: no model that `model.save` of Keras 3 has written")
        about = json.loads(archive.read("metadata.json")) if "metadata.json" in names else {}
        return json.loads(archive.read("config.json")), str(about.get("keras_version", ""))


def _of_h5(file: Path) -> tuple[Any, str]:
    import h5py

    with h5py.File(file, "r") as held:
        config, version = held.attrs.get("model_config"), held.attrs.get("keras_version", "")
        if config is None:
            raise ModelError(
                f"{file}: holds weights alone; build the network in the program that trained it, load them there, and "
                "save all of it: model.save('mine.keras')"
            )
        return json.loads(config), version.decode() if isinstance(version, bytes) else str(version)


def _objects(held: Any) -> Iterator[tuple[str, str]]:
    """Kind and module of every object in a configuration."""
    stack = [held]
    while stack:
        each = stack.pop()
        if isinstance(each, dict):
            if isinstance(each.get("class_name"), str):
                yield each["class_name"], str(each.get("module") or "")
            stack.extend(each.values())
        elif isinstance(each, list):
            stack.extend(each)


def _refuse(file: Path, kind: str, module: str) -> None:
    """Raises ModelError where an object of this kind must not, or cannot, be built."""
    if kind in CODE_LAYERS:
        raise ModelError(
            f"{file}: has a {kind} layer, which runs code from the file; build the network without it (Rescaling does "
            "scaling), or export a .tflite where you trust it"
        )
    if kind in FILE_LAYERS:
        raise ModelError(f"{file}: has a {kind} layer, which no picture goes through")
    if module and module.partition(".")[0] not in OWN_MODULES and not module.startswith(OWN_MODULES):
        raise ModelError(
            f"{file}: has {quoted(kind)} of {quoted(module)}, which is not of Keras; export a .tflite in the program "
            "that has it"
        )
