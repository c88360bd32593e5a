"""FER-2013 as a table: all variants are read; an error is one line with file, line and column."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from convert.data import fer2013
from convert.data.fer2013_labels import DatasetError
from tests.support import drawn_faces

ZEROS = " ".join(["0"] * 2304)
ROW = f"0,{ZEROS},Training\n"


def write_table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "fer2013.csv"
    file.write_bytes(text.encode(encoding))
    return file


@pytest.mark.parametrize(("text", "encoding"), [
    (f"emotion,pixels,Usage\n{ROW}3,{ZEROS},PublicTest\n", "utf-8"),
    (f"emotion, Usage, pixels\n0, Training, {ZEROS}\n3, PublicTest, {ZEROS}\n", "utf-8"),
    (f"emotion,pixels,Usage\n{ROW}3,{ZEROS},PublicTest\n", "utf-8-sig"),
    (f"emotion;pixels;Usage\n0;{ZEROS};Training\n3;{ZEROS};PublicTest\n", "utf-8"),
    (f"emotion\tpixels\tUsage\n0\t{ZEROS}\tTraining\n3\t{ZEROS}\tPublicTest\n", "utf-8"),
    (f"emotion,pixels,Usage\r\nangry,{ZEROS},Training\r\n\r\nHappy,{ZEROS},PublicTest\r\n\r\n", "utf-8"),
    (f"emotion,pixels,usage\n0,{ZEROS},training\n3,{ZEROS},PUBLICTEST\n", "utf-8"),
    (f'"emotion","pixels","Usage"\n"0","{ZEROS}","Training"\n"3","{ZEROS}","PublicTest"\n', "utf-8"),
    (f"emotion,pixels,Usage\r0,{ZEROS},Training\r3,{ZEROS},PublicTest\r", "utf-8"),
    (f"emotion,pixels,Usage\r\n0,{ZEROS},Training\r\n,,\r\n3,{ZEROS},PublicTest\r\n", "utf-8-sig"),
    (f",emotion,pixels,Usage\n0,0,{ZEROS},Training\n1,3,{ZEROS},PublicTest\n", "utf-8"),
], ids=[
    "kaggle", "icml", "byte-order mark", "semicolons", "tabs", "words, blank lines", "case", "quotes", "old Macintosh",
    "Windows, an empty row", "pandas index",
])  # fmt: skip
def test_all_variants_of_the_table_are_read(tmp_path: Path, text: str, encoding: str) -> None:
    faces = fer2013.load(write_table(tmp_path, text, encoding))
    assert faces.labels.tolist() == [0, 3]
    assert faces.split.tolist() == [0, 1]


@pytest.mark.parametrize(("row", "expected"), [
    (f"9,{ZEROS},Training\n", "line 3, emotion: '9'; wanted 0 to 6"),
    (f",{ZEROS},Training\n", "line 3, emotion: ''; wanted 0 to 6"),
    (f"glad,{ZEROS},Training\n", "line 3, emotion: 'glad'; wanted"),
    (f"0,{' '.join(['0'] * 47 * 47)},Training\n", r"line 3, pixels: 2209 values \(47x47\); wanted 2304 \(48x48\)"),
    (f"0,{' '.join(['0'] * 47 * 48)},Training\n", r"line 3, pixels: 2256 values \(47x48\); wanted 2304 \(48x48\)"),
    (f"0,{ZEROS[:-1]}256,Training\n", "line 3, pixels: '256'; wanted whole numbers from 0 to 255"),
    (f"0,{ZEROS[:-1]}x,Training\n", "line 3, pixels: 'x'; wanted whole numbers from 0 to 255"),
    (f"0,{ZEROS[:-1]}{'9' * 5000},Training\n", "line 3, pixels: '99999999999999999999'; wanted whole numbers"),
    (f"{'9' * 5000},{ZEROS},Training\n", "line 3, emotion: '99999999999999999999'; wanted 0 to 6"),
    (f"0,{ZEROS},Test\n", "line 3, Usage: 'Test'; wanted Training or PublicTest or PrivateTest"),
    (f"0,{ZEROS}\n", "line 3, row: 2 fields; wanted 3"),
    (f"0,{ZEROS},Training,more\n", "line 3, row: 4 fields; wanted 3"),
])  # fmt: skip
def test_an_error_names_line_and_column(tmp_path: Path, row: str, expected: str) -> None:
    with pytest.raises(DatasetError, match=expected) as caught:
        fer2013.load(write_table(tmp_path, f"emotion,pixels,Usage\n{ROW}{row}"))
    assert str(tmp_path / "fer2013.csv") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_icml_face_data_is_found_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "icml_face_data.csv").write_text(f"emotion, Usage, pixels\n3, Training, {ZEROS}\n")
    assert fer2013.load(tmp_path).labels.tolist() == [3]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="line 1: .*no column 'pixels'; found: emotion, usage"):
        fer2013.load(write_table(tmp_path, "emotion,Usage\n0,Training\n"))


VOTE_HEADER = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n"


def write_votes(folder: Path, order: list[int], count: int) -> None:
    splits = ("Training", "PublicTest", "PrivateTest")
    rows = [f"{splits[row % 3]},fer{row:07d}.png,{','.join(['0'] * row + ['10'] + ['0'] * (9 - row))}" for row in order]
    (folder / "fer2013new.csv").write_text(VOTE_HEADER + "\n".join(rows[:count]) + "\n")


def test_votes_are_joined_by_the_name_of_the_picture(tmp_path: Path) -> None:
    table = "".join(f"0,{ZEROS},{usage}\n" for usage in ("Training", "PublicTest", "PrivateTest"))
    write_table(tmp_path, f"emotion,pixels,Usage\n{table}")
    write_votes(tmp_path, [2, 0, 1], 3)
    assert fer2013.load(tmp_path).votes.argmax(axis=1).tolist() == [0, 1, 2]


@pytest.mark.parametrize(("row", "expected"), [
    ("Training,fer0000001.png,nan,0,0,0,0,0,0,0,0,0", "line 3, votes: 'nan'; wanted numbers from 0"),
    ("Training,fer0000001.png,0,-5,0,0,0,0,0,0,0,0", "line 3, votes: '-5'; wanted numbers from 0"),
    ("Training,fer0000001.png,0,0,1e400,0,0,0,0,0,0,0", "line 3, votes: '1e400'; wanted numbers from 0"),
    ("Training,fer0000001.png,x,0,0,0,0,0,0,0,0,0", "line 3, votes: .*; wanted ten numbers"),
    ("Training,fer0000000.png,0,9,0,0,0,0,0,0,0,0", "line 3, Image name: 'fer0000000.png'; .*in line 2 too"),
    (f"Training,fer{'9' * 5000}.png,0,9,0,0,0,0,0,0,0,0", "line 3, Image name: 'fer9999.*; wanted fer0000000.png"),
])  # fmt: skip
def test_votes_that_none_can_have_given_are_refused_with_their_line(tmp_path: Path, row: str, expected: str) -> None:
    write_table(tmp_path, f"emotion,pixels,Usage\n{ROW}{ROW}")
    good = "Training,fer0000000.png,10,0,0,0,0,0,0,0,0,0"
    (tmp_path / "fer2013new.csv").write_text(f"{VOTE_HEADER}{good}\n{row}\n")
    with pytest.raises(DatasetError, match=expected) as caught:
        fer2013.load(tmp_path)
    assert str(tmp_path / "fer2013new.csv") in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_row_without_a_name_has_no_votes(tmp_path: Path) -> None:
    write_table(tmp_path, f"emotion,pixels,Usage\n{ROW}{ROW}")
    rows = "Training,,0,9,0,0,0,0,0,0,0,0\nTraining,fer0000001.png,0,9,0,0,0,0,0,0,0,0"
    (tmp_path / "fer2013new.csv").write_text(f"{VOTE_HEADER}{rows}\n")
    assert fer2013.load(tmp_path).votes.sum(axis=1).tolist() == [0, 9]


def test_votes_of_a_table_in_another_order_are_refused_with_the_first_line(tmp_path: Path) -> None:
    table = "".join(f"0,{ZEROS},{usage}\n" for usage in ("PrivateTest", "PublicTest", "Training"))
    write_table(tmp_path, f"emotion,pixels,Usage\n{table}")
    write_votes(tmp_path, [0, 1, 2], 3)
    with pytest.raises(DatasetError, match=r"fer2013new\.csv: line 2, Usage: 'Training'; wanted PrivateTest, as row 0"):
        fer2013.load(tmp_path)


@pytest.mark.parametrize("count", [2, 3])
def test_votes_for_another_number_of_pictures_are_refused(tmp_path: Path, count: int) -> None:
    rows = 3 if count == 2 else 2
    table = "".join(f"0,{ZEROS},{usage}\n" for usage in ("Training", "PublicTest", "PrivateTest")[:rows])
    write_table(tmp_path, f"emotion,pixels,Usage\n{table}")
    write_votes(tmp_path, [0, 1, 2], count)
    with pytest.raises(DatasetError, match=r"rows of votes for the 3 pictures|row 2; wanted rows 0 to 1"):
        fer2013.load(tmp_path)


def test_one_hot_labels_of_an_npz_are_read(tmp_path: Path) -> None:
    made = drawn_faces.dataset(3, 2)
    one_hot = np.eye(7, dtype=np.int64)[made.labels]
    np.savez(tmp_path / "fer2013.npz", images=made.images, labels=one_hot, usage=made.split)
    np.testing.assert_array_equal(fer2013.load(tmp_path).labels, made.labels)
    np.savez(tmp_path / "fer2013.npz", images=made.images, labels=one_hot * 0.5 + 0.1, usage=made.split)
    with pytest.raises(DatasetError, match="labels are"):
        fer2013.load(tmp_path)


def test_system_files_are_skipped_and_unknown_folders_are_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = drawn_faces.dataset(3, 2)
    drawn_faces.write_folder(made, tmp_path)
    (tmp_path / "train/angry/.DS_Store").write_bytes(b"x")
    (tmp_path / "train/angry/Thumbs.db").write_bytes(b"x")
    (tmp_path / "other/angry").mkdir(parents=True)
    assert len(fer2013.load(tmp_path)) == len(made)
    messages = [record.getMessage() for record in caplog.records]
    assert any("2 files that are no pictures are left out" in line for line in messages)
    assert any("other: this folder is not used" in line for line in messages)


def test_a_folder_of_an_unknown_class_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    made = drawn_faces.dataset(3, 2)
    drawn_faces.write_folder(made, tmp_path)
    (tmp_path / "train/happy").rename(tmp_path / "train/hapy")
    with pytest.raises(DatasetError, match="did you mean happy"):
        fer2013.load(tmp_path)


@pytest.mark.parametrize(("content", "expected"), [
    (gzip.compress(b"emotion", mtime=0), r"fer2013\.csv: not FER-2013 as NPZ or CSV, but a gzip archive; unpack"),
    (b"PK\x03\x04rest", r"but a ZIP archive; unpack it first"),
    ("emotion,pixels,Usage\n".encode("utf-16"), "but text in UTF-16; save it as UTF-8"),
    (b"\x93NUMPY", r"but a single array; wanted an \.npz file or a table"),
    (b"", "line 1: .*no column 'emotion'; found: nothing"),
    (b'emotion,"[pixels\n\x1b[31m\0,Usage', r"no column 'pixels'; found: emotion, \[pixels\\n\\x1b\[31m\\x00,usage"),
    (f"emotion,pixels,Usage,emotion\n0,{ZEROS},Training,3\n".encode(), "line 1, emotion: 2 columns of this name"),
])  # fmt: skip
def test_what_is_no_table_is_named_in_one_line(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "fer2013.csv").write_bytes(content)
    with pytest.raises(DatasetError, match=expected) as caught:
        fer2013.load(tmp_path)
    assert str(caught.value).isprintable()


def test_votes_are_joined_to_their_classes_by_the_names_of_the_columns(tmp_path: Path) -> None:
    write_table(tmp_path, f"emotion,pixels,Usage\n{ROW}")
    columns = VOTE_HEADER.strip().split(",")
    values = ["Training", "fer0000000.png", *map(str, range(10))]
    order = [11, 2, 0, 7, 3, 4, 1, 10, 5, 6, 8, 9]
    lines = [",".join(each[place] for place in order) for each in (columns, values)]
    (tmp_path / "fer2013new.csv").write_text("\n".join(lines) + "\n")
    assert fer2013.load(tmp_path).votes.tolist() == [[*map(float, range(10))]]


@pytest.mark.parametrize(("header", "found"), [
    ("", "0 columns 'usage' among training, fer0000000.png, 10"),
    ("Usage,Image name\n", "0 columns 'neutral' among usage, image name"),
    (VOTE_HEADER.replace("happiness", "neutral"), "2 columns 'neutral'"),
])  # fmt: skip
def test_votes_without_the_names_of_their_classes_are_refused(tmp_path: Path, header: str, found: str) -> None:
    write_table(tmp_path, f"emotion,pixels,Usage\n{ROW}")
    (tmp_path / "fer2013new.csv").write_text(f"{header}Training,fer0000000.png,10,0,0,0,0,0,0,0,0,0\n")
    with pytest.raises(DatasetError, match=rf"fer2013new\.csv: line 1, columns: {found}.*; wanted each of usage"):
        fer2013.load(tmp_path)


@pytest.mark.parametrize(("name", "told"), [
    ("fer2013.csv", "in this folder; fer2013.csv is not a regular file"),
    ("fer2013new.csv", "fer2013new.csv: not a regular file"),
])  # fmt: skip
def test_a_folder_in_the_place_of_a_table_is_named(tmp_path: Path, name: str, told: str) -> None:
    if name == "fer2013new.csv":
        write_table(tmp_path, f"emotion,pixels,Usage\n{ROW}")
    (tmp_path / name).mkdir()
    with pytest.raises(DatasetError, match=told):
        fer2013.load(tmp_path)
