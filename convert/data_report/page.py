"""The report on a data set as one HTML file that loads nothing: tables, bars, and the pictures in question.

The pictures lie inside the file: it holds faces, so it belongs where the data belong.
"""

import base64
import html
from collections.abc import Iterable
from string import Template
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data.fer2013_labels import LABELS, SPLITS
from convert.data_report.findings import Findings

SHOWN = 120
"""Pictures of each kind that the page shows: some 200 kB of 48 pixels each."""
COLOURS = ("#1f5f8b", "#c77700", "#5a7d2a")
"""Of the splits' bars."""
PAGE = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>$title</title>
<style>
body { font: 1rem/1.4 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 60rem; color: #111;
       background: #fff; overflow-wrap: anywhere }
h1 { font-size: 1.4rem } h2 { font-size: 1.15rem; margin-top: 2rem }
.wide { overflow-x: auto }
table { border-collapse: collapse } th, td { padding: .2rem .6rem; text-align: right;
        border-bottom: 1px solid #bbb; white-space: nowrap }
figure { margin: 1rem 0 }
th:first-child { text-align: left }
.bars { display: grid; grid-template-columns: max-content 1fr; gap: .3rem .6rem; align-items: center }
.bar { display: flex; height: 1.2rem } .bar i, .key i { display: block }
.key { display: flex; flex-wrap: wrap; gap: 1rem; list-style: none; padding: 0 }
.key li { display: flex; gap: .4rem; align-items: center } .key i { width: 1rem; height: 1rem }
.sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: .8rem; padding: 0;
         list-style: none }
.sheet img { width: 6rem; height: 6rem; object-fit: contain; background: #ddd; display: block }
.sheet li { font-size: .8rem; line-height: 1.3 }
</style>
</head>
<body>
<main>
<h1>$title</h1>
<p>$summary</p>
<h2>Pictures by class and split</h2>
$table
$bars
<h2>Identical pictures</h2>
$twins
<h2>Black, or one colour</h2>
$flat
<h2>Unreadable files</h2>
$unreadable
<h2>Doubtful labels</h2>
$suspects
</main>
</body>
</html>
""")


def render(findings: Findings, report: dict[str, Any]) -> str:
    """The page of what was found. report: of `findings.as_json`."""
    title = html.escape(f"The data in {report['data']}")
    summary = f"{report['pictures']} pictures, {report['with_votes']} of them with FER+ votes."
    return PAGE.substitute(
        title=title, summary=summary, table=_table(report["counts"]), bars=_bars(report["counts"]),
        twins=_twins(findings, report["twins"]),
        flat=_sheet(findings, ((row, "") for row in findings.flat.tolist()), len(findings.flat)),
        unreadable=_files(report["unreadable"]), suspects=_suspects(findings),
    )  # fmt: skip


def _table(counts: dict[str, dict[str, int]]) -> str:
    head = "".join(f'<th scope="col">{each}</th>' for each in ("class", *SPLITS, "all"))
    rows = [(name, [counts[name][split] for split in SPLITS]) for name in LABELS]
    rows.append(("all", [sum(counts[name][split] for name in LABELS) for split in SPLITS]))
    body = "".join(
        f'<tr><th scope="row">{name}</th>' + "".join(f"<td>{number:,}</td>" for number in (*numbers, sum(numbers)))
        + "</tr>" for name, numbers in rows
    )  # fmt: skip
    return f'<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


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
    listed = "".join(f"<li>{html.escape(name)}: {html.escape(reason)}</li>" for name, reason in unreadable.items())
    return f"<p>{len(unreadable):,}; <code>--skip-unreadable</code> leaves them out.</p><ul>{listed}</ul>"


def _suspects(findings: Findings) -> str:
    if findings.suspects is None:
        return f"<p>Not looked for: {html.escape(findings.not_searched)}.</p>"
    found = findings.suspects
    given = [LABELS[label] for label in findings.source.faces.labels[found.rows]]
    notes = (
        (row, f"looks {LABELS[looks]}; {confidence:.1%} {label}")
        for row, looks, confidence, label in zip(found.rows.tolist(), found.looks, found.confidence, given, strict=True)
    )
    about = f"By {html.escape(found.method)}. {found.accuracy:.1%} of all labels are the most probable ones."
    return f"<p>{about} Look before you change one.</p>{_sheet(findings, notes, len(found.rows))}"


def _sheet(findings: Findings, notes: Iterable[tuple[int, str]], count: int) -> str:
    """A contact sheet of the first pictures, each with name, class, split and a note."""
    if not count:
        return "<p>None.</p>"
    items = []
    for (row, note), _ in zip(notes, range(SHOWN), strict=False):
        about = findings.about(row)
        lines = [f"<b>{about['class']}</b>, {about['split']}", note, html.escape(str(about["picture"]))]
        picture = f'<img src="{_image(findings.source.faces.images[row])}" alt="">'
        items.append(f"<li>{picture}{'<br>'.join(filter(None, lines))}</li>")
    more = f", the first {SHOWN} of which are shown" if count > SHOWN else ""
    return f'<p>{count:,}{more}.</p><ul class="sheet">{"".join(items)}</ul>'


def _image(picture: NDArray[np.uint8]) -> str:
    """A picture as the address of an image inside the page."""
    return f"data:image/png;base64,{base64.b64encode(cv2.imencode('.png', picture)[1].tobytes()).decode('ascii')}"
