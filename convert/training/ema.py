"""Passing: the old name of the moving average, until convert.face_detector uses convert.training.loop."""

from convert.training.callbacks import ExponentialMovingAverage as Average

__all__ = ["Average"]
