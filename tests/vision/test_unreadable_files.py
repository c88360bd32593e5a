"""Files that the service's user may not read: a fallback with a reason, never an exception that ends the process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.vision.inference.model_file import find_model

PROGRAM = """
import dataclasses, json, os, sys
from assistant.config.settings import Settings
from assistant.vision import factory
factory.parts(Settings())  # imports everything while it may be read
os.seteuid(65534)
settings, folder = Settings(), sys.argv[1]
model = dataclasses.replace(settings.model, file=folder + "/own.tflite")
detector = dataclasses.replace(settings.detector, model=folder + "/own.tflite")
found = {
    "model": factory.best_parts(dataclasses.replace(settings, model=model))[1],
    "detector": factory.best_parts(dataclasses.replace(settings, detector=detector))[1],
}
print(json.dumps(found))
"""


ROOT = Path(__file__).parents[2]
IS_OPEN = all(folder.stat().st_mode & 0o001 for folder in (ROOT, *ROOT.parents))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.skipif(not IS_OPEN, reason="the repository lies in a folder that other users may not enter")
def test_models_in_a_closed_folder_are_replaced_and_reported(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    (folder / "own.tflite").write_bytes(b"")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, folder], cwd=ROOT, capture_output=True, text=True, check=True, timeout=100
    )
    found = json.loads(done.stdout)
    assert "Permission denied" in found["model"]["model_fallback"]
    assert "/usr/local/share/emotion-assistant" in found["model"]["model_fallback"]
    assert "Permission denied" in found["detector"]["detector_fallback"]


def test_a_model_name_with_a_mistake_is_answered_with_the_nearest() -> None:
    with pytest.raises(ModelError, match=r"'emotion-cnn'; did you mean emotion-cnn-int8\?"):
        find_model("emotion-cnn")
