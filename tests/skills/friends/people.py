"""Friends and embeddings as tests need them."""

import numpy as np
from numpy.typing import NDArray

from assistant.skills.friends.friend import ConsentWay, Friend
from assistant.skills.friends.gallery import as_embedding

MODEL = "a" * 64
DIMENSIONS = 128


def direction(index: int) -> NDArray[np.float32]:
    """One of DIMENSIONS embeddings that have nothing in common."""
    made = np.zeros(DIMENSIONS, np.float32)
    made[index] = 1
    return made


def leaning(index: int, cosine: float, other: int = DIMENSIONS - 1) -> NDArray[np.float32]:
    """An embedding whose cosine with `direction(index)` is `cosine`."""
    return cosine * direction(index) + np.float32(np.sqrt(1 - cosine**2)) * direction(other)


def friend(
    index: int, name: str = "", *, model: str = MODEL, is_strict: bool = False, tag: str = "", views: int = 3
) -> Friend:
    """A friend whose face is `direction(index)`."""
    face = as_embedding(direction(index))
    return Friend(
        f"id{index}", name or f"Friend {index}", face, (face,) * views, model, ConsentWay.BUTTON, "2026-11-30",
        is_adult=True, tag=tag, is_strict=is_strict,
    )  # fmt: skip
