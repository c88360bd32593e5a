"""Random choice of people, stills and rooms for generated scenes; depends on the state of the generator alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.random import Generator

from convert.data.fer2013_labels import DatasetError
from convert.scenarios.script.motion import MotionTrack
from convert.scenarios.script.scene import AssetIndex


class AssetSampler:
    """Draws people and rooms at random, without replacement until all have been drawn."""

    def __init__(self, random: Generator, assets: AssetIndex) -> None:
        self.random, self.assets = random, assets
        self._remaining: dict[Any, list[Any]] = {}

    def single(self, expression: str, far: bool = False) -> tuple[str, str]:
        """A person with this expression, and a still of it."""
        people = self.assets.far if far else self.assets.near
        known = [(person, name) for person, stills in sorted(people.items()) for name in stills.get(expression, ())]
        return self._draw((expression, far), known)

    def another(self, person: str, expression: str) -> tuple[str, str]:
        """Another near person with this expression, and a still of it."""
        if not any(expression in stills for name, stills in self.assets.near.items() if name != person):
            raise DatasetError(f"no pictures for scenes with a second person who looks {expression}")
        drawn = self.single(expression)
        return drawn if drawn[0] != person else self.another(person, expression)

    def with_neutral(self, expression: str) -> tuple[str, str, str]:
        """A person with a neutral still and one of this expression: person, neutral still, other still."""
        known = [
            (person, neutral, other)
            for person, stills in sorted(self.assets.near.items())
            for other in stills.get(expression, ())
            for neutral in stills.get("neutral", ())[:1]
        ]
        return self._draw(("both", expression), known)

    def talking(self) -> tuple[str, tuple[str, ...]]:
        """A person with three or more neutral stills."""
        known = [(person, stills["neutral"]) for person, stills in sorted(self.assets.near.items())
                 if len(stills.get("neutral", ())) >= 3]  # fmt: skip
        return self._draw("talk", known)

    def expressive(self) -> tuple[str, str, dict[str, str]]:
        """A person with a neutral still and others: person, neutral still, and a still of each other expression."""
        known = [
            (person, stills["neutral"][0], _one_each(stills))
            for person, stills in sorted(self.assets.near.items())
            if stills.get("neutral") and _one_each(stills)
        ]
        return self._draw("expressive", known)

    def conversing(self) -> tuple[str, tuple[str, ...], dict[str, str]]:
        """A person with three or more neutral stills and others: person, neutral stills, and one of each other
        expression."""
        known = [
            (person, stills["neutral"], _one_each(stills))
            for person, stills in sorted(self.assets.near.items())
            if len(stills.get("neutral", ())) >= 3 and _one_each(stills)
        ]
        return self._draw("conversation", known)

    def acting(self, neutrals: int = 1, shows: str = "") -> tuple[str, Mapping[str, tuple[str, ...]]]:
        """A person with so many neutral stills or more, and with others (of `shows`, where one is named): all stills by
        expression."""
        known = [
            (person, stills)
            for person, stills in sorted(self.assets.near.items())
            if len(stills.get("neutral", ())) >= neutrals and (stills.get(shows) if shows else _one_each(stills))
        ]
        return self._draw(("acting", neutrals, shows), known)

    def several(self, count: int) -> list[tuple[str, Mapping[str, tuple[str, ...]]]]:
        """So many different people as of `acting`."""
        able = sum(bool(stills.get("neutral") and _one_each(stills)) for stills in self.assets.near.values())
        if able < count:
            raise DatasetError(f"no pictures for scenes with {count} people who show expressions")
        chosen: dict[str, Mapping[str, tuple[str, ...]]] = {}
        while len(chosen) < count:
            person, stills = self.acting()
            chosen[person] = stills
        return list(chosen.items())

    def motion(self, *, of_mouth: bool = False) -> MotionTrack | None:
        """How a person moves in a clip, at a random speed; None where no clip was measured. of_mouth: of a person whose
        mouth moves."""
        known = [track for track in self.assets.motion if track.mouth or not of_mouth]
        return self._draw(("motion", of_mouth), known).drawn(self.random) if known else None

    def two(self, first: str, second: str) -> tuple[tuple[str, str], tuple[str, str]]:
        """Two people with these expressions, and a still of each."""
        one = self.single(first)
        return one, self.another(one[0], second)

    def has_far(self, expression: str) -> bool:
        """Whether there is a far still of this expression."""
        return any(expression in stills for stills in self.assets.far.values())

    def room(self) -> str:
        """The name of a background."""
        return str(self._draw("room", list(self.assets.rooms)))

    def _draw(self, key: Any, known: Sequence[Any]) -> Any:
        """A random one of the known values, without replacement for the same key."""
        if not known:
            raise DatasetError(f"no pictures for scenes with {key}")
        remaining = self._remaining.setdefault(key, [])
        if not remaining:
            remaining.extend(known[index] for index in self.random.permutation(len(known)))
        return remaining.pop()


def _one_each(stills: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The first still of each expression but neutral."""
    return {expression: names[0] for expression, names in sorted(stills.items()) if expression != "neutral" and names}
