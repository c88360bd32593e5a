"""Rows of an earlier comparison: what `compare --json` printed is given to a later one in the place of the models.

Networks that take hours each are so compared on several days or machines, and nothing has to be kept but their figures
and answers. The pictures, the split and the head must be the same. Times stay those of their own run.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import AssistantError
from convert.data import regular_file

MADE_WITH = {"split": "split", "head": "head", "data_sha256": "pictures, by the hash"}
"""What two comparisons must have in common for their rows to stand in one table, and what each is called."""
PLACE = ("date", "revision", "machine")
"""When, by which version and where a comparison was made: `measured` of a row that is taken from it."""
NEEDED = ("name", "labels", "truth", "answers", "accuracy", "classes", "confusion", "latency", "bytes", "curve")
"""Keys by which a row is recognized."""


def read(file: Path, made_with: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a comparison, each with `measured`. made_with: MADE_WITH of the comparison that is being made. Raises
    AssistantError for a file that is none, or is of other pictures."""
    try:
        held = regular_file.read_object(file)
        rows = [dict(row) for row in held["rows"]]
        place = {key: held[key] for key in PLACE}
        complete = all(key in row for row in rows for key in NEEDED)
    except FileNotFoundError:
        raise AssistantError(f"{file}: no such file") from None
    except (OSError, ValueError, TypeError, LookupError):
        complete = False
    if not complete:
        raise AssistantError(f"{file}: not what `emotion-convert compare --json` prints, or of an older version")
    for key, name in MADE_WITH.items():
        if held.get(key) != made_with[key]:
            other, own = str(held.get(key))[:12], str(made_with[key])[:12]
            raise AssistantError(
                f"{file}: is a comparison of the {name} {other}, this one of {own}: they cannot stand in one table"
            )
    return [{"measured": place} | row for row in rows]


def answers_of(file: Path, row: Mapping[str, Any], pictures: int) -> NDArray[np.int64]:
    """The answers of a row, int64 [pictures], indices into its labels. Raises AssistantError where they are of another
    number of pictures, or none."""
    digits, labels = row["answers"], row["labels"]
    if not isinstance(digits, str) or len(digits) != pictures or not set(digits) <= set(written(range(len(labels)))):
        raise AssistantError(f"{file}: the answers of {row['name']} are not {pictures} of {len(labels)} labels")
    return np.array([int(digit, 36) for digit in digits], np.int64)


def written(answers: Any) -> str:
    """Indices of labels as a text of one character each, for JSON: 0 to 9, then a to z."""
    return "".join(np.base_repr(int(answer), 36).lower() for answer in answers)
