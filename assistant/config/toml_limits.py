"""What a settings file may look like at all, seen before it is parsed: the standard parser takes seconds for some.

Its time for a dotted key grows with the square of the dots. No setting needs a long one, nor a text of several lines,
in which dots could hide.
"""

import re

MAX_DOTS = 8
"""Outside texts and comments, in a line."""
TOKEN = re.compile(r"""(?P<lines>"{3}|'{3})|"(?:\\.?|[^"\\])*(?:"|$)|'[^']*(?:'|$)|\#.*""", re.VERBOSE)
"""A text, to its end or that of the line, or a comment. Takes time in proportion to the line, whatever is in it."""


def trouble(text: str) -> tuple[int, str] | None:
    """The line, and what in it keeps a TOML text from being parsed in no time; None if nothing does."""
    for number, line in enumerate(text.split("\n"), 1):  # TOML knows no other end of a line
        if any(found["lines"] for found in TOKEN.finditer(line)):
            return number, "a text of several lines; no setting has one"
        if TOKEN.sub("", line).count(".") > MAX_DOTS:
            return number, "too many dots"
    return None
