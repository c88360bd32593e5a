"""What a look at a data set finds: counts by class and split, identical copies, flat and unreadable pictures."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.data import fer2013
from convert.data.fer2013 import Source
from convert.data.fer2013_labels import LABELS, SPLITS
from convert.data_report.label_suspects import Suspects


@dataclass(frozen=True)
class Findings:
    """A data set and what was found in it. Rows are those of `source.faces`."""

    path: Path
    source: Source
    twins: list[NDArray[np.int64]]
    """Rows of the pictures that are identical, each group once."""
    flat: NDArray[np.int64]
    """Rows of the pictures that are black or one colour."""
    suspects: Suspects | None = None
    """Labels that look wrong; None where they were not looked for."""
    not_searched: str = field(default="", compare=False)
    """Why they were not."""

    def in_two_classes(self) -> list[NDArray[np.int64]]:
        """The groups of identical pictures with different labels; flat ones aside, which say nothing."""
        labels, flat = self.source.faces.labels, set(self.flat.tolist())
        return [group for group in self.twins if len(set(labels[group].tolist())) > 1 and int(group[0]) not in flat]

    def name(self, row: int) -> str:
        """The file of a picture, or its row in the table, from 0."""
        at = int(self.source.rows[row])
        return f"row {at}" if self.source.names is None else self.source.names[at]

    def about(self, row: int) -> dict[str, Any]:
        """Name, class and split of a picture, ready for JSON."""
        faces = self.source.faces
        return {"picture": self.name(row), "class": LABELS[faces.labels[row]], "split": SPLITS[faces.split[row]]}


def look(path: Path) -> Findings:
    """Reads a data set and looks for all but doubtful labels. Raises DatasetError where it is none."""
    source = fer2013.read(path)
    is_flat = fer2013.is_flat(source.faces.images)
    return Findings(path, source, _twins(source), np.flatnonzero(is_flat))


def as_json(findings: Findings) -> dict[str, Any]:
    """The report, ready for JSON; pictures are named, not shown."""
    faces = findings.source.faces
    report: dict[str, Any] = {
        "data": str(findings.path),
        "pictures": len(faces),
        "with_votes": int((faces.votes.sum(axis=1) > 0).sum()),
        "counts": {
            name: {split: _count(faces.labels == label, faces.split == part) for part, split in enumerate(SPLITS)}
            for label, name in enumerate(LABELS)
        },
        "unreadable": findings.source.unreadable,
        "flat": [findings.about(row) for row in findings.flat.tolist()],
        "twins": {
            "within": {split: _surplus(findings, part) for part, split in enumerate(SPLITS)},
            "across": {f"{SPLITS[one]} in {SPLITS[other]}": _shared(findings, one, other)
                       for one, other in ((1, 0), (2, 0), (2, 1))},
            "of_two_classes": len(findings.in_two_classes()),
            "groups": [[findings.about(row) for row in group.tolist()] for group in findings.twins],
        },
    }  # fmt: skip
    if findings.suspects is None:
        return report | {"suspects": None, "suspects_not_searched": findings.not_searched}
    found = findings.suspects
    pictures = [
        findings.about(row) | {"looks": LABELS[looks], "confidence": round(float(confidence), 4)}
        for row, looks, confidence in zip(found.rows.tolist(), found.looks, found.confidence, strict=True)
    ]
    suspects = {"method": found.method, "accuracy": round(found.accuracy, 4), "count": len(pictures)}
    return report | {"suspects": suspects | {"pictures": pictures}}


def why_refused(findings: Findings, *, skip_unreadable: bool = False) -> str:
    """Why `train` would not take these data, "" where it would: a file is unreadable and they are not skipped, or there
    are no pictures to train on or to choose by."""
    if findings.source.unreadable and not skip_unreadable:
        return f"{len(findings.source.unreadable)} unreadable; --skip-unreadable leaves them out"
    split = findings.source.faces.split
    missing = [name for part, name in enumerate(SPLITS[:2]) if not (split == part).any()]
    return f"no {' and no '.join(missing)} pictures" if missing else ""


def _twins(source: Source) -> list[NDArray[np.int64]]:
    """Groups of two and more identical pictures."""
    ids = fer2013.picture_ids(source.faces.images)
    rows_by_id: dict[int, list[int]] = defaultdict(list)
    unique, counts = np.unique(ids, return_counts=True)
    for row in np.flatnonzero(np.isin(ids, unique[counts > 1])).tolist():
        rows_by_id[int(ids[row])].append(row)
    return [np.array(rows, np.int64) for rows in rows_by_id.values()]


def _parts(findings: Findings) -> Iterable[NDArray[np.int64]]:
    return (findings.source.faces.split[group] for group in findings.twins)


def _surplus(findings: Findings, part: int) -> int:
    """How many pictures of a split are copies of another one of it."""
    return sum(max(0, int((parts == part).sum()) - 1) for parts in _parts(findings))


def _shared(findings: Findings, part: int, other: int) -> int:
    """How many pictures of a split have a copy in another one."""
    return sum(int((parts == part).sum()) for parts in _parts(findings) if (parts == other).any())


def _count(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> int:
    return int((one & other).sum())
