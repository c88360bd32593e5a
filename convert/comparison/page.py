"""A comparison as one HTML file that needs nothing else: styles and diagrams are in it, and it runs no script.

It shows people only where their pictures are asked for.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from convert.comparison import wording
from convert.comparison.plots import Diagram
from convert.comparison.wording import COST, ORIGIN, QUALITY
from convert.expression.evaluation import mcnemar
from convert.html_page import data_url, document, framed_table, table

Row = Mapping[str, Any]

DEEPEST = (107, 174, 214)
"""Red, green and blue of a cell of a confusion matrix that has all pictures of its row; black text on it has a contrast
of 8.6."""
STYLE = """
.diagrams { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 1.5rem; }
details { margin: .5rem 0; } summary { cursor: pointer; padding: .35rem 0; color: var(--mark); }
nav ul { padding-left: 1.2rem; }
td img { width: 6rem; height: 6rem; object-fit: contain; image-rendering: pixelated; }
"""


def as_html(report: Row, diagrams: Sequence[Diagram], faces: Mapping[int, bytes]) -> str:
    """The page. faces: PNG files of the hardest pictures by their number in the split; empty for a page without
    people."""
    title = f"Comparison of {len(report['rows'])} classifiers of expressions"
    parts = {
        "figures": ("Figures", _figures(report)),
        "diagrams": ("Diagrams", _diagrams(diagrams)),
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
    return document(
        title,
        f"<header><h1>{escape(title)}</h1>{protocol}</header>"
        f'<nav aria-label="Parts of this page"><ul>{links}</ul></nav>\n<main>{body}</main>',
        STYLE,
    )


def _figures(report: Row) -> str:
    rows = [wording.cells(row) for row in report["rows"]]
    heads = wording.COLUMNS
    notes = "".join(
        f"<li>{escape(row['name'])}: {escape(row['missing_files'])}</li>"
        for row in report["rows"]
        if row["missing_files"]
    )
    quality = table(
        "Quality", (heads[0], *heads[QUALITY], *heads[ORIGIN]), [(row[0], *row[QUALITY], *row[ORIGIN]) for row in rows],
        long=(4, 5),
    )  # fmt: skip
    cost = table("Cost", (heads[0], *heads[COST]), [(row[0], *row[COST]) for row in rows])
    return f"{quality}{cost}" + (f"<ul>{notes}</ul>" if notes else "")


def _diagrams(diagrams: Sequence[Diagram]) -> str:
    made = "".join(
        f'<figure><img alt="{escape(each.alternative)}" src="{data_url(each.svg.encode(), "image/svg+xml")}">'
        f"<figcaption>{escape(each.title)}</figcaption></figure>"
        for each in diagrams
    )
    return f'<div class="diagrams">{made}</div>' if made else ""


def _classes(report: Row) -> str:
    labels = list(dict.fromkeys(label for row in report["rows"] for label in row["labels"]))
    rows = [(row["name"], *(_of_class(row["classes"].get(label)) for label in labels)) for row in report["rows"]]
    return table("Precision / recall / F1 in percent", ("classifier", *labels), rows)


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
    lines = ""
    for label, counts in zip(row["labels"], row["confusion"], strict=True):
        total = max(1, sum(counts))
        cells = "".join(
            f'<td class="number" style="background:{_shade(count / total)}">{count}</td>' for count in counts
        )
        lines += f'<tr><th scope="row">{escape(label)}</th>{cells}</tr>'
    caption = f"{row['name']}: a row for each true class, a column for each answer"
    return framed_table(caption, ("is / said", *row["labels"]), lines)


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
            "shown" if mcnemar.is_shown(pair) else "not shown",
        )
        for pair in report["pairs"]
    ]
    heads = ("pair", "points of accuracy", "95 %", "only it / only the other right", "McNemar's p", "a difference is")
    return table("McNemar's exact test on the pictures that only one of two gets right", heads, rows)


def _hardest(report: Row, faces: Mapping[int, bytes]) -> str:
    if not report["hardest"]:
        return ""
    heads = ("picture", *(("shown",) if faces else ()), "is", "said, by how many", "wrong", "probability of the truth")
    lines = ""
    for each in report["hardest"]:
        said = ", ".join(f"{label} {count}" for label, count in each["said"].items())
        given = each["probability_of_the_truth"]
        probability = wording.NONE if given is None else f"{given:.3f}"
        cells = [each["is"], said, f"{each['wrong']} of {each['of']}", probability]
        number = each["picture"]
        picture = ""
        if faces:
            alternative = escape(f"face of picture {number}, {each['is']}")
            picture = f'<td><img alt="{alternative}" src="{data_url(faces[number], "image/png")}"></td>'
        lines += f'<tr><th scope="row">{number}</th>{picture}' + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        lines += "</tr>"
    caption = "The pictures that most classifiers get wrong, by their number in the split"
    return framed_table(caption, heads, lines)
