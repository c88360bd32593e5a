"""A comparison as one HTML file that needs nothing else: styles and diagrams are in it, and it runs no script.

It shows people only where their pictures are asked for.
"""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from convert.comparison import wording
from convert.comparison.plots import Picture
from convert.comparison.wording import COST, ORIGIN, QUALITY

Row = Mapping[str, Any]

DEEPEST = (107, 174, 214)
"""Red, green and blue of a cell of a confusion matrix that has all pictures of its row; black text on it has a contrast
of 8.6."""
STYLE = """
:root { color-scheme: light; --line: #8a8f98; --ink: #14171c; --soft: #eef1f5; --mark: #0b4f9c; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 76rem; color: var(--ink); background: #fff;
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.25rem; margin-top: 2.5rem; } h3 { font-size: 1.05rem; }
.scroll { overflow-x: auto; max-width: 100%; margin: .75rem 0; border: 1px solid var(--line); }
.scroll:focus-visible, summary:focus-visible, a:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
table { border-collapse: collapse; font-size: .9rem; }
caption { text-align: left; padding: .4rem .6rem; font-weight: 600; }
th, td { padding: .35rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid #d4d8de; }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
thead th { background: var(--soft); vertical-align: bottom; }
tbody th { font-weight: 600; min-width: 9rem; overflow-wrap: anywhere; }
tbody tr > th:first-child { position: sticky; left: 0; background: #fff; }
@media (max-width: 40rem) { tbody tr > th:first-child { position: static; } }
td.long { min-width: 13rem; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 1.5rem; }
figure { margin: 0; } figure img { max-width: 100%; height: auto; }
details { margin: .5rem 0; } summary { cursor: pointer; padding: .35rem 0; color: var(--mark); }
nav ul { padding-left: 1.2rem; } a { color: var(--mark); } li { margin: .2rem 0; }
td img { width: 6rem; height: 6rem; object-fit: contain; image-rendering: pixelated; }
"""


def as_html(report: Row, pictures: Sequence[Picture], faces: Mapping[int, bytes]) -> str:
    """The page. pictures: the diagrams. faces: PNG files of the hardest pictures by their number in the split; empty
    for a page without people."""
    title = f"Comparison of {len(report['rows'])} classifiers of expressions"
    parts = {
        "figures": ("Figures", _figures(report)),
        "diagrams": ("Diagrams", _diagrams(pictures)),
        "classes": ("Precision, recall and F1 of each class", _classes(report)),
        "confusion": ("Confusion matrices", _confusions(report)),
        "pairs": ("Any two against each other", _pairs(report)),
        "hardest": ("The hardest pictures", _hardest(report, faces)),
    }
    shown = {name: part for name, part in parts.items() if part[1]}
    links = "".join(f'<li><a href="#{name}">{escape(head)}</a></li>' for name, (head, _) in shown.items())
    body = "".join(
        f'<section aria-labelledby="{name}"><h2 id="{name}">{escape(head)}</h2>{content}</section>'
        for name, (head, content) in shown.items()
    )
    protocol = "".join(f"<p>{escape(line)}</p>" for line in wording.protocol(report))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; style-src '
        f"'unsafe-inline'\"><style>{STYLE}</style></head>\n<body><header><h1>{escape(title)}</h1>{protocol}</header>"
        f'<nav aria-label="Parts of this page"><ul>{links}</ul></nav>\n<main>{body}</main></body></html>\n'
    )


def _figures(report: Row) -> str:
    rows = [wording.cells(row) for row in report["rows"]]
    heads = wording.COLUMNS
    notes = "".join(
        f"<li>{escape(row['name'])}: {escape(row['missing_files'])}</li>"
        for row in report["rows"]
        if row["missing_files"]
    )
    quality = _table(
        "Quality", (heads[0], *heads[QUALITY], *heads[ORIGIN]), [(row[0], *row[QUALITY], *row[ORIGIN]) for row in rows],
        long=(4, 5),
    )  # fmt: skip
    cost = _table("Cost", (heads[0], *heads[COST]), [(row[0], *row[COST]) for row in rows])
    return f"{quality}{cost}" + (f"<ul>{notes}</ul>" if notes else "")


def _diagrams(pictures: Sequence[Picture]) -> str:
    made = "".join(
        f'<figure><img alt="{escape(each.alternative)}" src="data:image/svg+xml;base64,'
        f'{base64.b64encode(each.svg.encode()).decode()}"><figcaption>{escape(each.title)}</figcaption></figure>'
        for each in pictures
    )
    return f'<div class="pictures">{made}</div>' if made else ""


def _classes(report: Row) -> str:
    labels = list(dict.fromkeys(label for row in report["rows"] for label in row["labels"]))
    rows = [(row["name"], *(_of_class(row["classes"].get(label)) for label in labels)) for row in report["rows"]]
    return _table("Precision / recall / F1 in percent", ("classifier", *labels), rows)


def _of_class(figures: Row | None) -> str:
    if figures is None:
        return wording.NONE
    return " / ".join(f"{100 * figures[key]:.1f}" for key in ("precision", "recall", "f1"))


def _confusions(report: Row) -> str:
    made = ""
    for number, row in enumerate(report["rows"]):
        is_open = " open" if number == 0 else ""
        made += f"<details{is_open}><summary>{escape(row['name'])}</summary>{_confusion(row)}</details>"
    return made


def _confusion(row: Row) -> str:
    heads = "".join(f'<th scope="col">{escape(label)}</th>' for label in row["labels"])
    lines = ""
    for label, counts in zip(row["labels"], row["confusion"], strict=True):
        total = max(1, sum(counts))
        cells = "".join(
            f'<td class="number" style="background:{_shade(count / total)}">{count}</td>' for count in counts
        )
        lines += f'<tr><th scope="row">{escape(label)}</th>{cells}</tr>'
    caption = f"{row['name']}: a row for each true class, a column for each answer"
    return _scroll(
        caption,
        f'<caption>{escape(caption)}</caption><thead><tr><th scope="col">is / said</th>{heads}</tr></thead>'
        f"<tbody>{lines}</tbody>",
    )


def _shade(share: float) -> str:
    return "#" + "".join(f"{round(255 - share * (255 - deepest)):02x}" for deepest in DEEPEST)


def _pairs(report: Row) -> str:
    if not report["pairs"]:
        return ""
    rows = [
        (
            f"{pair['models'][1]} less {pair['models'][0]}",
            f"{pair['difference_points']:+.2f}",
            "{:+.2f} to {:+.2f}".format(*pair["difference_interval_95"]),
            "{1} / {0}".format(*pair["only_right"]),
            f"{pair['p']:.4f}",
            "shown" if pair["p"] < 0.05 else "not shown",
        )
        for pair in report["pairs"]
    ]
    heads = ("pair", "points of accuracy", "95 %", "only it / only the other right", "McNemar's p", "a difference is")
    return _table("McNemar's exact test on the pictures that only one of two gets right", heads, rows)


def _hardest(report: Row, faces: Mapping[int, bytes]) -> str:
    if not report["hardest"]:
        return ""
    heads = ("picture", *(("shown",) if faces else ()), "is", "said, by how many", "wrong", "probability of the truth")
    lines = ""
    for each in report["hardest"]:
        said = ", ".join(f"{label} {count}" for label, count in each["said"].items())
        cells = [each["is"], said, f"{each['wrong']} of {each['of']}", f"{each['probability_of_the_truth']:.3f}"]
        number = each["picture"]
        picture = ""
        if faces:
            data = base64.b64encode(faces[number]).decode()
            alternative = escape(f"face of picture {number}, {each['is']}")
            picture = f'<td><img alt="{alternative}" src="data:image/png;base64,{data}"></td>'
        lines += f'<tr><th scope="row">{number}</th>{picture}' + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        lines += "</tr>"
    caption = "The pictures that most classifiers get wrong, by their number in the split"
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    return _scroll(caption, f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{lines}</tbody>")


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], long: Sequence[int] = ()) -> str:
    """A table whose first column names the row. long: numbers of the columns that hold sentences."""
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    body = ""
    for first, *others in rows:
        cells = "".join(
            f'<td class="{"long" if number in long else "number"}">{escape(cell)}</td>'
            for number, cell in enumerate(others, 1)
        )
        body += f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>'
    return _scroll(caption, f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>")


def _scroll(label: str, table: str) -> str:
    """A table that scrolls by itself, also by keyboard, where the window is narrower."""
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(label)}"><table>{table}</table></div>'
