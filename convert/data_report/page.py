"""The report on a data set as one HTML file that loads nothing: tables, bars, and the pictures in question.

The pictures lie inside the file: it holds faces, so it belongs where the data belong.
"""

from collections.abc import Iterable
from html import escape
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data.fer2013_labels import LABELS, SPLITS
from convert.data_report.findings import Findings
from convert.html_page import data_url, document, table

SHOWN = 120
"""Pictures of each kind that the page shows: some 200 kB of 48 pixels each."""
COLOURS = ("#1f5f8b", "#c77700", "#5a7d2a")
"""Of the splits' bars."""
STYLE = """
.bars { display: grid; grid-template-columns: max-content 1fr; gap: .3rem .6rem; align-items: center }
.bar { display: flex; height: 1.2rem } .bar i, .key i { display: block }
.key { display: flex; flex-wrap: wrap; gap: 1rem; list-style: none; padding: 0 }
.key li { display: flex; gap: .4rem; align-items: center } .key i { width: 1rem; height: 1rem }
.sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: .8rem; padding: 0;
         list-style: none }
.sheet img { width: 6rem; height: 6rem; object-fit: contain; background: #ddd; display: block }
.sheet li { font-size: .8rem; line-height: 1.3 }
"""


def render(findings: Findings, report: dict[str, Any]) -> str:
    """The page of what was found. report: of `findings.as_json`."""
    title = f"The data in {report['data']}"
    parts = {
        "Pictures by class and split": _counts(report["counts"]) + _bars(report["counts"]),
        "Identical pictures": _twins(findings, report["twins"]),
        "Black, or one colour": _sheet(findings, ((row, "") for row in findings.flat.tolist()), len(findings.flat)),
        "Unreadable files": _files(report["unreadable"]),
        "Doubtful labels": _suspects(findings),
    }
    summary = f"{report['pictures']} pictures, {report['with_votes']} of them with FER+ votes."
    body = "".join(f"<h2>{head}</h2>{content}" for head, content in parts.items())
    return document(title, f"<main><h1>{escape(title)}</h1><p>{summary}</p>{body}</main>", STYLE)


def _counts(counts: dict[str, dict[str, int]]) -> str:
    numbers = {name: [counts[name][split] for split in SPLITS] for name in LABELS}
    numbers["all"] = [sum(column) for column in zip(*numbers.values(), strict=True)]
    rows = [(name, *(f"{count:,}" for count in (*row, sum(row)))) for name, row in numbers.items()]
    return table("Numbers of pictures", ("class", *SPLITS, "all"), rows)


def _bars(counts: dict[str, dict[str, int]]) -> str:
    """A bar for each class, in it a part for each split; the table has the numbers."""
    most = max(1, *(sum(by_split.values()) for by_split in counts.values()))
    key = "".join(f'<li><i style="background:{colour}"></i>{split}</li>'
                  for split, colour in zip(SPLITS, COLOURS, strict=True))  # fmt: skip
    bars = ""
    for name in LABELS:
        parts = "".join(
            f'<i style="width:{100 * counts[name][split] / most:.2f}%;background:{colour}"></i>'
            for split, colour in zip(SPLITS, COLOURS, strict=True)
        )
        bars += f'<span>{name}</span><div class="bar">{parts}</div>'
    return f'<figure aria-hidden="true"><ul class="key">{key}</ul><div class="bars">{bars}</div></figure>'


def _twins(findings: Findings, twins: dict[str, Any]) -> str:
    facts = [
        *(f"{count:,} copies of another picture in {split}" for split, count in twins["within"].items()),
        *(f"{count:,} pictures of {pair}" for pair, count in twins["across"].items()),
        f"{twins['of_two_classes']:,} pictures lie in two classes or more",
    ]
    listed = "".join(f"<li>{fact}</li>" for fact in facts)
    doubtful = findings.in_two_classes()
    sheet = _sheet(findings, ((int(row), "") for group in doubtful for row in group), sum(map(len, doubtful)))
    return f"<ul>{listed}</ul>" + (f"<p>Those in two classes or more:</p>{sheet}" if doubtful else "")


def _files(unreadable: dict[str, str]) -> str:
    if not unreadable:
        return "<p>None.</p>"
    listed = "".join(f"<li>{escape(name)}: {escape(reason)}</li>" for name, reason in unreadable.items())
    return f"<p>{len(unreadable):,}; <code>--skip-unreadable</code> leaves them out.</p><ul>{listed}</ul>"


def _suspects(findings: Findings) -> str:
    if findings.suspects is None:
        return f"<p>Not looked for: {escape(findings.not_searched)}.</p>"
    found = findings.suspects
    given = [LABELS[label] for label in findings.source.faces.labels[found.rows]]
    notes = (
        (row, f"rather {LABELS[looks]}; {label} {confidence:.1%}")
        for row, looks, confidence, label in zip(found.rows.tolist(), found.looks, found.confidence, given, strict=True)
    )
    about = f"By {escape(found.method)}. {found.accuracy:.1%} of all labels are the most probable ones."
    return f"<p>{about} Look before you change one.</p>{_sheet(findings, notes, len(found.rows))}"


def _sheet(findings: Findings, notes: Iterable[tuple[int, str]], count: int) -> str:
    """A contact sheet of the first pictures, each with name, class, split and a note."""
    if not count:
        return "<p>None.</p>"
    items = []
    for (row, note), _ in zip(notes, range(SHOWN), strict=False):
        about = findings.about(row)
        lines = [f"<b>{about['class']}</b>, {about['split']}", note, escape(str(about["picture"]))]
        picture = f'<img src="{_image(findings.source.faces.images[row])}" alt="">'
        items.append(f"<li>{picture}{'<br>'.join(filter(None, lines))}</li>")
    more = f", the first {SHOWN} of which are shown" if count > SHOWN else ""
    return f'<p>{count:,}{more}.</p><ul class="sheet">{"".join(items)}</ul>'


def _image(picture: NDArray[np.uint8]) -> str:
    """A picture as the address of an image inside the page."""
    return data_url(cv2.imencode(".png", picture)[1].tobytes(), "image/png")
