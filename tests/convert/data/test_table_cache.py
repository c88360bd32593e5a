"""The cache of fer2013.csv: the same arrays without reading the table again, and never an error."""

import os
from pathlib import Path

import numpy as np
import pytest

from convert.data import fer2013, table_cache
from convert.data.fer2013_labels import DatasetError
from convert.data.fer2013_table import Table, read_table
from tests.support import drawn_faces


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(table_cache, "MIN_BYTES", 1)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "emotion-assistant"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return drawn_faces.write_csv(drawn_faces.dataset(2, 1), folder)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The tables that were read, not taken from the cache."""
    files: list[Path] = []

    def noting(file: Path) -> Table:
        files.append(file)
        return read_table(file)

    monkeypatch.setattr(table_cache, "read_table", noting)
    return files


def _same(found: Table, expected: Table) -> bool:
    pairs = ((found.images, expected.images), (found.labels, expected.labels), (found.split, expected.split))
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)


def test_a_table_is_read_once_whatever_its_name_and_place(cache: Path, table: Path, reads: list[Path]) -> None:
    expected = read_table(table)
    assert _same(table_cache.read_cached(table), expected)
    other = table.rename(table.with_name("moved.csv"))
    assert _same(table_cache.read_cached(other), expected)
    assert reads == [table]
    assert cache.stat().st_mode & 0o777 == 0o700, "it holds pictures of faces"
    faces = fer2013.load(other)
    assert len(reads) == 1
    assert len(faces) == len(expected.labels)


def test_a_table_that_was_changed_is_read_again_and_checked(cache: Path, table: Path, reads: list[Path]) -> None:
    table_cache.read_cached(table)
    lines = table.read_text().splitlines()
    lines[2] = "9" + lines[2][1:]
    table.write_text("\n".join(lines))
    with pytest.raises(DatasetError, match="line 3, emotion: '9"):
        table_cache.read_cached(table)
    assert len(list(cache.iterdir())) == 1, "what is refused is not cached"


def test_a_torn_or_foreign_entry_is_replaced(cache: Path, table: Path, reads: list[Path]) -> None:
    expected = table_cache.read_cached(table)
    (entry,) = cache.iterdir()
    whole = entry.read_bytes()
    contents = [whole[:length] for length in {0, 1, 30, *range(0, len(whole), len(whole) // 23), len(whole) - 1}]
    contents += [
        b"no arrays",
        bytes([*whole[: len(whole) // 2], whole[len(whole) // 2] ^ 1]) + whole[len(whole) // 2 + 1 :],
    ]
    for content in contents:
        entry.write_bytes(content)
        before = len(reads)
        assert _same(table_cache.read_cached(table), expected)
        assert len(reads) == before + 1
        assert entry.read_bytes() == whole
    for changes in ({"key": "another"}, {"labels": expected.labels + 9}, {"images": expected.images[:, :40]}):
        arrays = {"key": entry.stem.removeprefix("fer2013-"), "images": expected.images, "labels": expected.labels}
        np.savez(entry, **{**arrays, "split": expected.split, **changes})
        assert _same(table_cache.read_cached(table), expected)
        assert entry.read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_no_error(
    tmp_path: Path, table: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_cache, "MIN_BYTES", 1)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    expected = read_table(table)
    for _ in range(2):
        assert _same(table_cache.read_cached(table), expected)
    assert len(reads) == 2
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # to be ignored, by the specification
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    assert _same(table_cache.read_cached(table), expected)
    assert table_cache.cache_folder() is None


def test_few_entries_are_kept_the_ones_used_last(cache: Path, tmp_path: Path, reads: list[Path]) -> None:
    tables = []
    for number in range(table_cache.MAX_ENTRIES + 2):
        folder = tmp_path / f"data{number}"
        folder.mkdir()
        tables.append(drawn_faces.write_csv(drawn_faces.dataset(number + 1, 1), folder))
        table_cache.read_cached(tables[-1])
        for age, entry in enumerate(sorted(cache.glob("*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)):
            os.utime(entry, (1e9 - age, 1e9 - age))
    cache.joinpath(".fer2013-part.1").write_bytes(b"torn")
    os.utime(cache / ".fer2013-part.1", (1, 1))
    assert len(list(cache.glob("*.npz"))) == table_cache.MAX_ENTRIES
    before = len(reads)
    table_cache.read_cached(tables[-1])
    assert len(reads) == before
    table_cache.read_cached(tables[0])
    assert len(reads) == before + 1
    assert not (cache / ".fer2013-part.1").exists()


def test_a_small_table_is_not_cached(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    table_cache.read_cached(table)
    assert not (tmp_path / "cache").exists()
