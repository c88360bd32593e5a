"""What is inside a package, as a CycloneDX list: every wheel and every model with its hash and its licence."""

import email
import hashlib
import json
import os
import uuid
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from assistant import __version__

SPACE = uuid.UUID("5d1d9c4e-0b57-4f4e-9a54-6a2a4b1c7f10")
"""Namespace of the serial numbers: the same content has the same number."""


def make(wheels: Path, models: Path, arch: str) -> str:
    """The list as JSON, checked by CycloneDX's own schema. Raises ValueError if it does not conform."""
    licence = LicenseFactory()
    bom = Bom()
    bom.metadata.timestamp = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), UTC)
    bom.metadata.component = Component(
        name="emotion-assistant",
        version=__version__,
        type=ComponentType.APPLICATION,
        purl=PackageURL("deb", None, "emotion-assistant", __version__, {"arch": arch}),
        bom_ref="emotion-assistant",
        licenses=[licence.make_with_expression("Apache-2.0")],
    )
    parts = [*_wheels(wheels), *_models(models)]
    for part in parts:
        bom.components.add(part)
    bom.register_dependency(bom.metadata.component, parts)
    content = "".join(sorted(str(each.content) for part in parts for each in part.hashes))
    bom.serial_number = uuid.uuid5(SPACE, arch + content)
    text = JsonV1Dot6(bom).output_as_string(indent=1)
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise ValueError(f"the list does not fit its schema: {wrong}")
    return text + "\n"


def _wheels(folder: Path) -> Iterator[Component]:
    for wheel in sorted(folder.glob("*.whl")):
        about = _metadata(wheel)
        name, version = about["Name"], about["Version"]
        if name == "emotion-assistant":
            continue
        text = about.get("License-Expression") or _short(about.get("License")) or _classified(about)
        yield Component(
            name=name,
            version=version,
            type=ComponentType.LIBRARY,
            description=about.get("Summary"),
            purl=PackageURL("pypi", None, name.lower().replace("_", "-"), version, {"file_name": wheel.name}),
            bom_ref=wheel.name,
            hashes=[_hash(wheel)],
            licenses=[LicenseFactory().make_from_string(text) if text else License(name="see the wheel")],
        )


def _models(folder: Path) -> Iterator[Component]:
    for model in sorted(folder.glob("*.tflite")):
        card = json.loads(model.with_suffix(".json").read_text("utf-8"))
        yield Component(
            name=model.stem,
            version=__version__,
            type=ComponentType.MACHINE_LEARNING_MODEL,
            description=str(card["intended_use"]),
            bom_ref=model.name,
            hashes=[_hash(model)],
            licenses=[LicenseFactory().make_with_expression("Apache-2.0")],
        )


def _metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as content:
        name = next(name for name in content.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(content.read(name))


def _short(text: str | None) -> str | None:
    """A licence's name; None where the field holds the whole text of a licence."""
    return text if text and len(text) < 80 and "\n" not in text else None


def _classified(about: Message) -> str | None:
    named = [each.split(" :: ")[-1] for each in about.get_all("Classifier", []) if each.startswith("License ::")]
    return named[0] if named else None


def _hash(file: Path) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(file.read_bytes()).hexdigest())
