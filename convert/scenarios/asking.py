"""How long a wearer who asks waits for the first sound."""


def first_sound_p95_s() -> float | None:
    """The 95th percentile in seconds; None where it was not measured."""
    return None
