"""Passing: the old place of the augmentation, until convert.face_occlusion uses convert.training.augment."""

from convert.training.augment import Augment

__all__ = ["Augment"]
