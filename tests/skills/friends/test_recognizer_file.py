"""The recognizer that tests use is the known one, or none."""

import zipfile
from pathlib import Path

import pytest

from assistant.skills.friends.weights import FILE_NAME
from tests.support.recognizer_file import content_of, get


@pytest.mark.parametrize("name", [f"package/models/{FILE_NAME}", "package/other.onnx"])
def test_a_wheel_with_another_network_is_refused(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "package.whl", "w") as archive:
        archive.writestr(name, b"another network")
    with pytest.raises(ValueError, match="whose hash is known"):
        content_of(tmp_path / "package.whl")


def test_a_file_that_is_there_is_not_fetched_again(sface: Path) -> None:
    assert get(sface.parent) == sface
