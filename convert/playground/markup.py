"""Pieces of HTML of the playground: everything that comes from a file or a model is escaped here."""

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import urlencode

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.vision.detectors import shrink
from convert.html_page import data_url
from convert.playground.picture import FaceFound

SOUND_PATH = "/said.wav"
"""Where the server answers with a sentence as sound."""
SHOWN_SIDE = 1280
"""Pixels of the longer side of a picture on the page."""
JPEG_QUALITY = 85


def problem(text: str) -> str:
    """A message that something cannot be done; a screen reader says it at once."""
    return f'<p class="problem" role="alert">{escape(text)}</p>'


def note(text: str) -> str:
    """A remark."""
    return f'<p class="note">{escape(text)}</p>'


def sound(text: str, language: str, *, is_played: bool = False) -> str:
    """A player of a sentence. language: the espeak-ng voice. is_played: at once."""
    url = f"{SOUND_PATH}?{urlencode({'text': text, 'language': language})}"
    when = "autoplay" if is_played else 'preload="none"'
    return f'<audio controls {when} src="{escape(url)}" aria-label="{escape(text)}"></audio>'


def bars(probabilities: Mapping[str, float] | None) -> str:
    """The probabilities of a face as a table with bars."""
    if probabilities is None:
        return note("No probabilities: this face is not read.")
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        f'<td class="bar" aria-hidden="true"><span style="width:{value:.1%}"></span></td>'
        f'<td class="share">{value:.0%}</td></tr>'
        for label, value in probabilities.items()
    )
    return f'<table class="bars"><tbody>{rows}</tbody></table>'


def picture(image: NDArray[np.uint8], faces: Sequence[FaceFound]) -> str:
    """A picture, BGR uint8 [H, W, 3] or grey [H, W], with a box and the words on each face."""
    height, width = image.shape[:2]
    _, encoded = cv2.imencode(".jpg", shrink(image, SHOWN_SIDE)[0], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    address = data_url(encoded.tobytes(), "image/jpeg")
    drawn = "".join(_box(face, number, width, height) for number, face in enumerate(faces, 1))
    label = f"The picture; {counted(len(faces), 'face is', 'faces are')} in a box"
    return (
        f'<svg class="picture" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">'
        f'<image href="{address}" width="{width}" height="{height}"/>{drawn}</svg>'
    )


def _box(face: FaceFound, number: int, width: int, height: int) -> str:
    """A face's box with its number and words above it, else below; the size of the words goes with the picture's."""
    box, size = face.box, max(width, height) / 32
    text = escape(f"{number} {face.words}".rstrip())
    tag_width = min(width, (len(text) + 2) * size * 0.56)
    left = min(max(0.0, box.x), width - tag_width)
    top = box.y - 1.5 * size if box.y >= 1.5 * size else min(box.y + box.height, height - 1.5 * size)
    rectangle = f'x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}"'
    return (
        f'<rect {rectangle} fill="none" stroke="#000" stroke-width="{size / 4:.1f}"/>'
        f'<rect {rectangle} fill="none" stroke="#ffd400" stroke-width="{size / 7:.1f}"/>'
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{tag_width:.1f}" height="{1.5 * size:.1f}" fill="#ffd400"/>'
        f'<text x="{left + tag_width / 2:.1f}" y="{top + 1.06 * size:.1f}" font-size="{size:.1f}" '
        f'text-anchor="middle" fill="#000">{text}</text>'
    )


def counted(count: int, one: str, many: str) -> str:
    """A number with its words, such as "1 face is"."""
    return f"{count or 'no'} {one if count == 1 else many}"
