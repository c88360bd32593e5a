"""Passing: the old name of the schedule, until the other families use convert.training.optimizers."""

from convert.training.optimizers import warmup_cosine as warm_cosine

__all__ = ["warm_cosine"]
