"""Files written all or nothing."""

from pathlib import Path

import pytest

from assistant.system.atomic_files import write_atomically


def test_an_error_names_the_file_and_not_the_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("kept")
    too_long = tmp_path / ("x" * 250 + ".json")  # with the suffix of the part it is over the 255 bytes of a name
    with pytest.raises(OSError, match="File name too long") as caught:
        write_atomically({tmp_path / "kept.txt": b"new", too_long: b"{}"})
    assert caught.value.filename == str(too_long)
    assert [file.name for file in tmp_path.iterdir()] == ["kept.txt"]
    assert (tmp_path / "kept.txt").read_text() == "kept"
