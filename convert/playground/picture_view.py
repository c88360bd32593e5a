"""The result of a picture as HTML: what is said, with its sound; the boxes; a table of probabilities for each face."""

from collections.abc import Mapping, Sequence
from html import escape

from convert.playground import markup
from convert.playground.picture import FaceFound, PictureResult


def as_html(results: Mapping[str, PictureResult | str]) -> str:
    """The results of one picture, side by side where there are two.

    results: by the name of the model; a text where it could not be used, which says why.
    """
    columns = "".join(_column(name, result) for name, result in results.items())
    return f'<div class="columns{" alone" if len(results) == 1 else ""}">{columns}</div>'


def _column(name: str, result: PictureResult | str) -> str:
    content = markup.problem(result) if isinstance(result, str) else _result(result)
    return f'<section class="column" aria-label="{escape(name)}"><h2>{escape(name)}</h2>{content}</section>'


def _result(result: PictureResult) -> str:
    none = "" if result.faces else markup.note("No face was found in this picture.")
    unasked = "".join(f"<li>{escape(text)}</li>" for text in result.unasked)
    by_itself = f'<p class="note">Said by itself:</p><ul class="unasked">{unasked}</ul>' if unasked else ""
    return (
        f'<div class="look">{markup.picture(result.image, result.faces)}<div class="words">'
        f'<p class="said">{escape(result.answer)}</p>{markup.sound(result.answer, result.voice)}{none}'
        f"{faces(result.faces)}{by_itself}</div></div>"
    )


def faces(found: Sequence[FaceFound]) -> str:
    """Words and probabilities of each face."""
    return "".join(
        f'<p class="face">Face {number}: {escape(face.words)}</p>{markup.bars(face.probabilities)}'
        for number, face in enumerate(found, 1)
    )
