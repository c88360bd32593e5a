"""How the figures of one skill are made and told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from convert.skills.sources import Sources

Report = dict[str, Any]
"""Figures, as JSON can hold them."""


@dataclass(frozen=True)
class Measurement:
    """The measurement of one skill, `MEASUREMENT` of its module."""

    measure: Callable[[Sources], Report]
    """Raises AssistantError where data or weights are missing."""
    as_text: Callable[[Report], str]
