"""Diagrams of matplotlib as the content of a file, which is then written in one step."""

import io
from typing import Any

DPI = 120
"""Pixels an inch: figures of 8 inches are nearly as wide as a page of documentation shows them."""


def encoded(figure: Any, form: str = "png") -> bytes:
    """A matplotlib figure as the bytes of a file. form: "png" or "svg"."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format=form, dpi=DPI)
    return drawn.getvalue()
