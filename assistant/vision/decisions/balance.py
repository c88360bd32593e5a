"""The balanced posterior: probabilities divided by how often each expression was seen in training (logit adjustment,
Menon et al. 2021). Pure.

A third of the training faces are neutral and one in a hundred is disgusted, so that a model says "neutral" of many
faces on which it sees something else nearly as well. An expression that is announced unasked must be right, and is
decided by the model's own probabilities. An answer, which says "maybe", must not miss the rare expressions, and is
decided by the balanced ones.
"""

from collections.abc import Sequence

FAIRLY_SURE = 0.6
"""Mean probability from which an answer names the expression of the track's state without "maybe", and says that it is
fairly sure."""


def balanced(probabilities: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Probabilities times weights, one for each, normalized to sum 1; as they are where there are no weights or all
    products are 0."""
    if not weights:
        return list(probabilities)
    products = [probability * weight for probability, weight in zip(probabilities, weights, strict=True)]
    total = sum(products)
    return [product / total for product in products] if total > 0 else list(probabilities)
