"""The bystander notice: one printable page in the wearer's language, large, black on white, complete in itself.

All lengths are relative to the page, so that it fills an A4 sheet, an A6 card or a badge alike.
"""

import html
from pathlib import Path
from string import Template

from assistant.phrases import Phrases
from assistant.system.atomic_files import write_atomically

RIGHT_TO_LEFT = {"ar"}
"""Codes of the languages that are written from right to left."""

PAGE = Template("""\
<!DOCTYPE html>
<html lang="$lang" dir="$direction">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
@page { margin: 0 }
html, body { margin: 0; padding: 0; background: #fff; color: #000 }
body { font-family: Verdana, "DejaVu Sans", "Noto Sans", Arial, sans-serif; line-height: 1.2 }
main { box-sizing: border-box; height: 100vh; padding: 7vmin; display: flex; flex-direction: column;
       justify-content: space-evenly; border: 1.5vmin solid #000; overflow: hidden; break-inside: avoid }
h1, p { margin: 0; overflow-wrap: break-word }
h1 { font-size: 14vmin; line-height: 1.05 }
p { font-size: 8vmin }
p.last { font-size: 6vmin }
</style>
</head>
<body>
<main>
<h1>$who</h1>
<p>$what</p>
<p><strong>$kept</strong></p>
$microphone<p class="last">$cover</p>
</main>
</body>
</html>
""")


def render_notice(phrases: Phrases, *, listens: bool = False, names_friends: bool = False) -> str:
    """The page as HTML that loads nothing. listens: a microphone listens for gaps in talk; names_friends: friends are
    recognized. The page says so then."""
    texts = {name: html.escape(text) for name, text in phrases.tables["notice"].items()}
    microphone = f'<p class="last"><strong>{texts["listens"]}</strong></p>\n' if listens else ""
    kept = f"{texts['recognizes']} {texts['keeps_friends']}" if names_friends else texts["keeps"]
    direction = "rtl" if phrases.locale in RIGHT_TO_LEFT else "ltr"
    return PAGE.substitute(texts, kept=kept, microphone=microphone, lang=phrases.locale, direction=direction)


def write_notice(phrases: Phrases, file: Path | None, *, listens: bool = False, names_friends: bool = False) -> None:
    """Write the page to `file`, whole or not at all; None: to the standard output. Raises OSError."""
    page = render_notice(phrases, listens=listens, names_friends=names_friends)
    if file is None:
        print(page, end="")
    else:
        write_atomically({file: page.encode()})
