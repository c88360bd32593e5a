"""The list of what a package carries: each wheel and model with its hash and licence; the same parts, the same list."""

import hashlib
import json
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("cyclonedx", reason="cyclonedx-python-lib is not installed: make package installs it")

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "systemd/packaging"))  # scripts, not a package

import sbom  # noqa: E402

MODELS = ROOT / "models"


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    for name, more in (
        ("one", "License-Expression: MIT"),
        ("two", "License: " + "long " * 40 + "\nClassifier: License :: OSI Approved :: BSD License"),
        ("emotion-assistant", ""),
    ):
        file = f"{name.replace('-', '_')}-1.0"
        with zipfile.ZipFile(tmp_path / f"{file}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{file}.dist-info/METADATA", f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{more}\n")
    return tmp_path


def test_every_part_is_listed_with_its_hash_and_licence(wheels: Path) -> None:
    listed = json.loads(sbom.make(wheels, MODELS, "arm64"))
    parts = {part["name"]: part for part in listed["components"]}
    assert parts.keys() == {"one", "two", *(file.stem for file in MODELS.glob("*.tflite"))}
    assert parts["one"]["licenses"] == [{"license": {"id": "MIT"}}]
    assert parts["two"]["licenses"] == [{"license": {"name": "BSD License"}}]
    for file in (wheels / "one-1.0-py3-none-any.whl", MODELS / "emotion-cnn-int8.tflite"):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        assert any(part["hashes"][0]["content"] == digest for part in parts.values())
    assert listed["metadata"]["component"]["name"] == "emotion-assistant"


def test_the_same_parts_give_the_same_list(wheels: Path) -> None:
    assert (
        sbom.make(wheels, MODELS, "arm64") == sbom.make(wheels, MODELS, "arm64") != sbom.make(wheels, MODELS, "amd64")
    )
