"""Lines become the sentences that are spoken: none too long for one breath, none cut within a word. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median, median_low

from assistant.dataclass import dataclass
from assistant.skills.reading.reading_order import Line
from assistant.skills.reading.word import Word

MAX_CHARACTERS = 260
"""Of a sentence: an utterance holds 300, and "Check this." comes along."""
NEW_BLOCK = 1.7
"""A step from line to line this many times the usual one begins a new paragraph."""
OTHER_SIZE, OTHER_SIZE_CAPITAL = 1.4, 1.18
"""Lines whose letters differ by such a factor belong to no common sentence: a heading, or small print. The second one
where the lower line begins with a capital letter or a digit. A line without g, p or q seems a fourth smaller."""
ON_PURPOSE = 1.5
"""In heights of a line: room that is left beside the next line's first word, where a line was ended on purpose."""
NARROW_WORDS = 3
"""Where lines have no more words than this, as on a sign, a capital letter begins a new sentence."""
ENDS = ".!?\u2026\u0964\u061f"
"""With the ellipsis, the Hindi and the Arabic mark."""
OPENING, CLOSING = "(\"'\u00ab\u201c\u2018[", "\"')\u00bb\u201d\u2019]"
HYPHENS = ("-", "\u2010", "\u00ad")
CLAUSE_ENDS = (",", ";", ":", "\u060c", "\u061b", "\u2013", "\u2014")
"""With the Arabic comma and semicolon, and long dashes."""
ABBREVIATIONS = frozenset((
    "dr", "mr", "mrs", "ms", "st", "no", "vs", "etc", "e.g", "i.e", "av", "ref", "approx", "max", "min", "exp", "vol",
    "fig", "nr", "tel", "str", "ca", "bzw", "z.b", "d.h", "usw", "inkl", "evtl", "dipl", "prof", "sr", "sra", "srta",
    "dra", "pag", "núm", "mme", "mlle", "p.ex", "art", "sig", "dott", "ing", "avv",
))  # fmt: skip
"""Their dot ends no sentence."""
ORDINAL = re.compile(r"\d{1,2}\.")
"""As in "8. Juli"."""


@dataclass(frozen=True)
class ReadSentence:
    """A sentence as it is spoken, and the words that it was made of."""

    text: str
    words: tuple[Word, ...]


def sentences_of(lines: Sequence[Line]) -> list[ReadSentence]:
    """The sentences of lines in reading order."""
    return [part for block in _blocks(lines) for whole in _split(_tokens(block)) for part in _parts(whole)]


Token = tuple[str, tuple[Word, ...]]
"""A text without spaces, and the words that it was joined from: two where a hyphen had divided it."""


def _blocks(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Lines that may share a sentence."""
    steps = [step for above, below in pairwise(lines) if 0 < (step := below.box.y - above.box.y) < 6 * above.box.height]
    usual_step = median_low(steps) if steps else 0.0
    words_a_line = median([len(line.words) for line in lines]) if lines else 0
    block: list[Line] = []
    for line in lines:
        if block and _is_apart(block[-1], line, lines, usual_step, words_a_line):
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _is_apart(above: Line, below: Line, lines: Sequence[Line], usual_step: float, words_a_line: float) -> bool:
    sizes = sorted((_letter_height(above), _letter_height(below)))
    ratio = sizes[1] / max(1.0, sizes[0])
    if ratio > OTHER_SIZE or below.box.y - above.box.y > NEW_BLOCK * usual_step:
        return True
    first = below.words[0].text
    if not first[:1].isupper() and not first[:1].isdigit():
        return False
    if ratio > OTHER_SIZE_CAPITAL:
        return True
    if words_a_line <= NARROW_WORDS:
        return True
    column = [each.box for each in lines if _side_by_side(each, above) > 0.3]
    widest = max(box.x + box.width for box in column) - min(box.x for box in column)
    return widest - above.box.width > below.words[0].box.width + ON_PURPOSE * above.box.height


def _letter_height(line: Line) -> float:
    """That of the highest word but one: most words have no letter that reaches both up and down."""
    heights = sorted(word.box.height for word in line.words)
    return heights[-2] if len(heights) > 2 else heights[-1]


def _side_by_side(one: Line, other: Line) -> float:
    """The share of the narrower line's width that both cover."""
    shared = min(one.box.x + one.box.width, other.box.x + other.box.width) - max(one.box.x, other.box.x)
    return shared / max(1.0, min(one.box.width, other.box.width))


def _tokens(block: Sequence[Line]) -> list[Token]:
    tokens: list[Token] = []
    for line in block:
        for place, word in enumerate(line.words):
            before = tokens[-1][0] if tokens and place == 0 else ""
            if len(before) > 2 and before.endswith(HYPHENS) and before[-2].isalpha() and word.text[:1].islower():
                tokens[-1] = (before[:-1] + word.text, (*tokens[-1][1], word))
            else:
                tokens.append((word.text, (word,)))
    return tokens


def _split(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens of each sentence."""
    sentence: list[Token] = []
    for place, token in enumerate(tokens):
        sentence.append(token)
        following = tokens[place + 1][0] if place + 1 < len(tokens) else ""
        if _ends_sentence(token[0], following):
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _ends_sentence(text: str, following: str) -> bool:
    bare = text.rstrip(CLOSING)
    if not bare or bare[-1] not in ENDS or not following:
        return False
    if bare[-1] != ".":
        return True
    stem = bare[:-1].lstrip(OPENING).lower()
    is_short = len(stem) < 2 or stem in ABBREVIATIONS or ORDINAL.fullmatch(bare) is not None
    return not is_short and not following[:1].islower()


def _parts(tokens: Sequence[Token]) -> Iterator[ReadSentence]:
    """The sentence, or its parts: a long one is divided after a clause, else between two words."""
    rest = list(tokens)
    while rest:
        fits = 1
        length = len(rest[0][0])
        while fits < len(rest) and length + 1 + len(rest[fits][0]) <= MAX_CHARACTERS:
            length += 1 + len(rest[fits][0])
            fits += 1
        if fits < len(rest):
            ends = [at + 1 for at in range(fits // 3, fits) if rest[at][0].endswith(CLAUSE_ENDS)]
            fits = ends[-1] if ends else fits
        part, rest = rest[:fits], rest[fits:]
        yield ReadSentence(" ".join(text for text, _ in part), tuple(word for _, words in part for word in words))
