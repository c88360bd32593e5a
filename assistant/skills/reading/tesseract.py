"""Tesseract, as the program of that name: reads one prepared page in a child process."""

from __future__ import annotations

import csv
import math
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING

import cv2
import numpy as np

from assistant.errors import SkillError
from assistant.records import Box
from assistant.skills.reading.page import Page, prepared
from assistant.skills.reading.word import Word
from assistant.system.child_process import english_environment, run_child_unchecked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PROGRAM = "tesseract"
LANGUAGES = {
    "ar": "ara", "de": "deu", "en": "eng", "es": "spa", "fr": "fra", "hi": "hin", "it": "ita", "pt": "por"
}  # fmt: skip
"""Tesseract's name of each of our languages; also of the Debian package, tesseract-ocr-deu."""
OTHER_SCRIPT = ("ar", "hi")
"""Packs and signs of these languages have Latin words too: English is read beside them."""
FALLBACK = "eng"
LIMIT_S = 12.0
"""A page takes 0.3 to 0.6 s on a desktop's core; a board is four times as slow."""
LIST_LIMIT_S = 5.0
ARGUMENTS = ("--psm", "3", "-c", "tessedit_create_tsv=1", "-c", "tessedit_do_invert=0", "tsv")
"""Segment the page by itself, and answer as a table; no line is inverted, for the page is dark on white already."""
WORD_LEVEL = "5"
COLUMNS = 12


def installed() -> frozenset[str]:
    """The languages of Tesseract's that are installed. Raises SkillError where the program is missing or broken."""
    if shutil.which(PROGRAM) is None:
        raise SkillError("the program tesseract is not installed: sudo systemd/install.sh --read", "missing")
    code, output, errors = _run((PROGRAM, "--list-langs"), b"", LIST_LIMIT_S)
    names = frozenset(output.decode("utf-8", "replace").split("\n")[1:]) - {""}
    if code or not names:
        why = errors.decode("utf-8", "replace").strip().splitlines()
        raise SkillError(f"tesseract lists no language{': ' + why[-1][:200] if why else ''}", "missing")
    return names


class TesseractReader:
    """Reads with Tesseract in given languages."""

    finds_turned = False

    def __init__(self, installed_languages: frozenset[str]) -> None:
        self._installed = installed_languages

    def languages(self, locales: Sequence[str]) -> tuple[str, ...]:
        """Tesseract's languages for ours, as far as they are installed; empty: none of those asked for is."""
        wanted = [LANGUAGES[each] for each in locales if each in LANGUAGES]
        found = [each for each in dict.fromkeys(wanted) if each in self._installed]
        if found and set(locales) & set(OTHER_SCRIPT) and FALLBACK in self._installed and FALLBACK not in found:
            found.append(FALLBACK)
        return tuple(found)

    def read(self, image: NDArray[np.uint8], locales: Sequence[str]) -> tuple[list[Word], bool]:
        """The words of a picture uint8 [H, W] or [H, W, 3] BGR, and whether English stood in for a language that is not
        installed. Raises SkillError where Tesseract fails or is late."""
        languages = self.languages(locales)
        is_fallback = not languages
        if is_fallback and FALLBACK not in self._installed:
            wanted = "+".join(LANGUAGES.get(each, each) for each in locales)
            raise SkillError(f"tesseract has neither the language {wanted} nor {FALLBACK}", "missing")
        page = prepared(image)
        encoded = cv2.imencode(".pgm", page.image)[1].tobytes()
        command = (PROGRAM, "-", "-", "-l", "+".join(languages or (FALLBACK,)), *ARGUMENTS)
        code, output, errors = _run(command, encoded, LIMIT_S)
        if code:
            why = errors.decode("utf-8", "replace").strip().splitlines()
            raise SkillError(f"tesseract ended with code {code}{': ' + why[-1][:200] if why else ''}")
        return words_of(output, page), is_fallback

    def close(self) -> None:
        """Nothing is kept open."""


def words_of(table: bytes, page: Page) -> list[Word]:
    """The words of Tesseract's table; rows that are not as they should be are left out."""
    rows = csv.reader(table.decode("utf-8", "replace").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    words = []
    for row in rows:
        if len(row) != COLUMNS or row[0] != WORD_LEVEL or not row[11].strip():
            continue
        try:
            x, y, width, height, confidence = (float(each) for each in row[6:11])
        except ValueError:
            continue
        if not all(map(math.isfinite, (x, y, width, height, confidence))) or width <= 0 or height <= 0:
            continue
        corners = (x, y), (x + width, y), (x + width, y + height), (x, y + height)
        places = tuple(page.in_picture(*corner) for corner in corners)
        words.append(Word(row[11].strip(), min(1.0, max(0.0, confidence / 100)), Box(x, y, width, height), places))
    return words


def _run(command: Sequence[str], stdin: bytes, limit_s: float) -> tuple[int, bytes, bytes]:
    """Exit code, output and errors. Raises SkillError where the program cannot be started or is late."""
    environment = {**english_environment(), "OMP_THREAD_LIMIT": "1"}  # its threads make a page slower, not faster
    try:
        ended = run_child_unchecked(command, stdin, limit_s, threading.Event(), environment)
    except (OSError, subprocess.SubprocessError) as err:
        raise SkillError(f"tesseract could not be started: {err}", "missing") from err
    if ended.code is None:
        raise SkillError(f"tesseract did not end within {limit_s:.0f} s and was killed", "late")
    return ended.code, ended.output, ended.errors
