"""HTML pages that need nothing else: styles and pictures are in them; they run no script and load nothing.

`document` and `table` escape the texts that they are given; a `body` and a `content` are HTML already.
"""

import base64
from collections.abc import Sequence
from html import escape

STYLE = """
:root { color-scheme: light; --line: #8a8f98; --ink: #14171c; --soft: #eef1f5; --mark: #0b4f9c; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 76rem; color: var(--ink); background: #fff; overflow-wrap: anywhere;
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.25rem; margin-top: 2.5rem; } h3 { font-size: 1.05rem; }
.scroll { overflow-x: auto; width: fit-content; max-width: 100%; margin: .75rem 0; border: 1px solid var(--line); }
.scroll:focus-visible, summary:focus-visible, a:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
table { border-collapse: collapse; font-size: .9rem; overflow-wrap: normal; }
caption { text-align: left; padding: .4rem .6rem; font-weight: 600; }
th, td { padding: .35rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid #d4d8de; }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
thead th { background: var(--soft); vertical-align: bottom; }
tbody th { font-weight: 600; min-width: 9rem; overflow-wrap: anywhere; }
tbody tr > th:first-child { position: sticky; left: 0; background: #fff; }
@media (max-width: 40rem) { tbody tr > th:first-child { position: static; } }
td.long { min-width: 13rem; }
figure { margin: 0; } figure img { max-width: 100%; height: auto; }
a { color: var(--mark); } li { margin: .2rem 0; }
"""
"""What all pages have in common: black on white, and tables that scroll by themselves where the window is narrow."""
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""The content security policy: the browser loads nothing, whatever stands in a page."""


def document(title: str, body: str, style: str = "") -> str:
    """A whole page. style: rules besides STYLE."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><style>{STYLE}{style}</style></head>\n'
        f"<body>{body}</body></html>\n"
    )


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], long: Sequence[int] = ()) -> str:
    """A table whose first column names the row. long: numbers of the columns that hold sentences."""
    body = ""
    for first, *others in rows:
        cells = "".join(
            f'<td class="{"long" if number in long else "number"}">{escape(cell)}</td>'
            for number, cell in enumerate(others, 1)
        )
        body += f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>'
    return framed_table(caption, heads, body)


def framed_table(caption: str, heads: Sequence[str], rows: str) -> str:
    """A table of rows that are HTML already; it scrolls by itself, also by keyboard, where the window is narrower."""
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def data_url(content: bytes, media_type: str) -> str:
    """The address of a file that lies inside the page. media_type: such as "image/png"."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
