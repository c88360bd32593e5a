"""Words as pictures: a font that has the letters of a language, and the shape of each text, kept for the next frame."""

import contextlib
import functools
import importlib.util
import math
import re
import string
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import AssistantError, VoiceError
from assistant.system.child_process import run_child

KEPT_TEXTS = 256
"""How many texts' shapes are kept: a clip shows a few dozen, each in one or two sizes."""
FONT_SEARCH_S = 10.0
"""Seconds that fontconfig has to name a font; the first search on a machine builds its cache."""
LATIN = re.compile("([A-Za-z][!-~]*)")
"""Words that Pillow's own font writes where the language's has no Latin letters, such as a name in Hindi."""
MISSING_GLYPH = "\U0010ffff"
"""A character that no font has: what is drawn for it is drawn for every letter that a font lacks."""
WRITTEN_FROM_THE_RIGHT = ("R", "AL")
"""Bidirectional classes of letters that only a layout by raqm puts in their order."""


class LetteringError(AssistantError):
    """No font here can write the words."""


class Lettering:
    """Turns texts into shapes. Used from one thread."""

    def __init__(self, locale: str = "en", letters: str = "") -> None:
        """locale: code of the language. letters: those that the font must have, in any order.

        Raises LetteringError where Pillow is missing, or no font has them.
        """
        try:
            from PIL import features
        except ModuleNotFoundError as err:
            raise LetteringError(
                "Pillow is not installed; pip install 'emotion-assistant[convert]', or [preview]"
            ) from err
        wanted = {each for each in letters if not each.isascii() and unicodedata.category(each)[0] in "LNM"}
        if not features.check("raqm") and any(map(_is_shaped, wanted)):
            raise LetteringError(
                f"locale {locale}: Pillow lacks raqm here, which its script needs; install libfribidi0"
            )
        self._fonts: dict[tuple[str, int], Any] = {}
        self._has_latin = True
        for self._name in _font_files(locale):
            if not self._missing(wanted):
                break
        else:
            raise LetteringError(
                f"locale {locale}: no font here has its letters; install one, such as the package fonts-noto-core"
            )
        self._has_latin = not self._missing(set(string.ascii_letters))
        self.shape = functools.lru_cache(KEPT_TEXTS)(self._shape)
        """shape(text, size): the text's coverage, uint8 [height, width], 0 to 255; all texts of a size, in pixels, have
        the same height. Do not write into it."""

    def width(self, text: str, size: int) -> int:
        """Pixels that a text takes in one line."""
        return int(self.shape(text, size).shape[1])

    def line_height(self, size: int) -> int:
        """Pixels from the top of a line to its bottom."""
        metrics = [self._font(size, is_latin=each).getmetrics() for each in (False, True)]
        return max(above for above, _ in metrics) + max(below for _, below in metrics)

    def _shape(self, text: str, size: int) -> NDArray[np.uint8]:
        from PIL import Image, ImageDraw

        parts = [text] if self._has_latin else LATIN.split(text)
        written = [(part, self._font(size, is_latin=part.isascii())) for part in parts if part]
        lengths = [font.getlength(part) for part, font in written]
        image = Image.new("L", (max(1, math.ceil(sum(lengths))), self.line_height(size)))
        x, baseline = 0.0, max(self._font(size).getmetrics()[0], self._font(size, is_latin=True).getmetrics()[0])
        for (part, font), length in zip(written, lengths, strict=True):
            ImageDraw.Draw(image).text((x, baseline), part, 255, font, anchor="ls")
            x += length
        return np.asarray(image, np.uint8)

    def _font(self, size: int, *, is_latin: bool = False) -> Any:
        from PIL import ImageFont

        name = "" if is_latin and not self._has_latin else self._name
        if (name, size) not in self._fonts:
            self._fonts[name, size] = ImageFont.truetype(name, size) if name else ImageFont.load_default(size)
        return self._fonts[name, size]

    def _missing(self, letters: set[str]) -> bool:
        """Whether the font lacks one of the letters."""
        font = self._font(24)
        nothing = bytes(font.getmask(MISSING_GLYPH))
        return any(bytes(font.getmask(each)) == nothing for each in letters)


def _font_files(locale: str) -> Iterator[str]:
    """Fonts to try, the best first: DejaVu Sans of matplotlib, Pillow's own (empty), the system's for the language."""
    spec = importlib.util.find_spec("matplotlib")
    if spec is not None and spec.origin:
        file = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
        if file.is_file():
            yield str(file)
    yield ""
    with contextlib.suppress(VoiceError, OSError):
        found = run_child(["fc-match", "-f", "%{file}", f":lang={locale}"], b"", FONT_SEARCH_S, threading.Event())
        if found is not None and found.output:
            yield found.output.decode(errors="replace")


def _is_shaped(letter: str) -> bool:
    """Whether a letter changes its form or its place by its neighbours."""
    return unicodedata.bidirectional(letter) in WRITTEN_FROM_THE_RIGHT or unicodedata.category(letter) == "Mc"
