"""A session for the tests of skills: looks and engine answers come from lists, time from the looks."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant import phrases
from assistant.config.settings import Settings
from assistant.errors import SkillError
from assistant.people import PersonView
from assistant.skills.session import Look, Press, SkillName

Answer = Callable[[Mapping[str, Any], NDArray[np.uint8] | None], dict[str, Any]]


def look(at: float, width: int = 640, height: int = 480, people: Sequence[PersonView] = ()) -> Look:
    """A look at a grey wall."""
    return Look(np.full((height, width, 3), 128, np.uint8), at, tuple(people))


class FakeSession:
    """Gives the looks one after the other, then the last one again, each half a second later; an engine of each skill
    answers by its function."""

    def __init__(
        self,
        looks: Sequence[Look],
        engines: Mapping[SkillName, Answer],
        *,
        argument: str = "",
        locale: str = "en",
        settings: Settings | None = None,
        presses: Sequence[Press | None] = (),
    ) -> None:
        self.settings = settings or Settings()
        self.phrases = phrases.load(locale)
        self.argument = argument
        self.memory: dict[str, Any] = {}
        self.cancel = threading.Event()
        self.asked: list[tuple[SkillName, dict[str, Any]]] = []
        """What the engines were asked."""
        self._looks, self._engines, self._presses = self._endless(list(looks)), engines, iter(presses)
        self._at = looks[0].at if looks else 0.0

    def now(self) -> float:
        return self._at

    def look(self, after: float | None = None) -> Look:
        for found in self._looks:
            if after is None or found.at > after:
                self._at = found.at
                return found
        raise SkillError("no picture", "no_picture")

    def ask(
        self,
        skill: SkillName,
        request: Mapping[str, Any],
        image: NDArray[np.uint8] | None = None,
        *,
        limit_s: float,
    ) -> dict[str, Any]:
        assert limit_s > 0
        self.asked.append((skill, dict(request)))
        if skill not in self._engines:
            raise SkillError(f"{skill}: no engine", "missing")
        return self._engines[skill](request, image)

    def press(self, limit_s: float) -> Press | None:
        return next(self._presses, None)

    @staticmethod
    def _endless(looks: list[Look]) -> Iterator[Look]:
        yield from looks
        number = 0
        while looks:
            number += 1
            last = looks[-1]
            yield Look(last.image, last.at + number / 2, last.people, last.names, last.has_colour)
