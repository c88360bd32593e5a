"""Where a label goes: near its face, inside the picture, and over no face if there is any such place."""

from collections.abc import Iterator, Sequence

from assistant.records import Box

Size = tuple[int, int]
"""Width and height in pixels."""


def above_or_below(size: Size, face: Box, gap: float) -> Iterator[Box]:
    """Places for a word: above the face, below it, then at its sides."""
    width, height = size
    for y in (face.y - gap - height, face.y + face.height + gap):
        for x in (face.x, face.x + face.width - width):
            yield Box(x, y, width, height)
    yield from beside(size, face, gap)


def beside(size: Size, face: Box, gap: float) -> Iterator[Box]:
    """Places for a block of lines: right of the face, left of it, each from its top or to its bottom."""
    width, height = size
    for x in (face.x + face.width + gap, face.x - gap - width):
        for y in (face.y, face.y + face.height - height):
            yield Box(x, y, width, height)


def into(box: Box, bounds: Size) -> Box:
    """The box, moved so that it lies inside a picture of that size, as far as it is no larger."""
    x = max(0.0, min(box.x, bounds[0] - box.width))
    y = max(0.0, min(box.y, bounds[1] - box.height))
    return box._replace(x=x, y=y)


def best_place(places: Iterator[Box], taken: Sequence[Box], bounds: Size) -> tuple[Box, bool]:
    """The first of the places, moved into the picture, that overlaps nothing that is taken, and True; where there is
    none, the one that overlaps least, and False."""
    moved = [into(place, bounds) for place in places]
    covered = [sum(place.intersection(other) for other in taken) for place in moved]
    best = min(range(len(moved)), key=covered.__getitem__)
    return moved[best], covered[best] == 0
