"""How far a share may be from what was counted."""

import math


def upper_bound(errors: int, trials: int, confidence: float = 0.95) -> float:
    """The largest share of errors with which so few are still counted with a probability of 1 - confidence (Clopper and
    Pearson 1934, one-sided). Raises ValueError where there were no trials."""
    if trials < 1 or not 0 <= errors <= trials:
        raise ValueError(f"{errors} errors in {trials} trials")
    if errors == trials:
        return 1.0
    low, high = errors / trials, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(errors, trials, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def interval(right: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """The two-sided interval of a share (Clopper and Pearson 1934)."""
    one_sided = (1 + confidence) / 2
    return 1 - upper_bound(trials - right, trials, one_sided), upper_bound(right, trials, one_sided)


def _at_most(count: int, trials: int, share: float) -> float:
    """The probability that at most `count` of so many trials succeed, each with the probability `share`."""
    if share <= 0:
        return 1.0
    if share >= 1:
        return float(count >= trials)
    logs = (
        math.lgamma(trials + 1)
        - math.lgamma(each + 1)
        - math.lgamma(trials - each + 1)
        + each * math.log(share)
        + (trials - each) * math.log1p(-share)
        for each in range(count + 1)
    )
    return min(1.0, sum(map(math.exp, logs)))
