"""Readings to rare changes: the debounced state machine, for each person by itself. Pure; time comes with the readings.

A person's state is an expression, `cannot tell` or `nobody`. It follows the mean of the last readings:

- a new expression must reach `enter_threshold` (and what the model's card asks for it) in the mean and be the first
  choice of nearly all readings (AGREEMENT); moments in which the face could not be read count against it (UNREAD), and
  the newest must not be one: who has just turned away is not told. The held one stays until its mean falls below
  `exit_threshold` (hysteresis);
- what has been the likeliest for longer than a window and was not sure enough is *doubted*: it must come half way from
  there to certainty (DOUBT), or else chance alone lifts it over the threshold one day;
- a face that flickers between two expressions, each sure enough by itself, is *contested*: the state holds;
- `cannot tell` (the readings are unsure, or there is a reason why none can be had) and `nobody` must last `dwell_s`;
- no verdict before there are `min_readings`, FULL_SHARE of a window long and in SEEN_SHARE of its frames; after a gap
  of `max_gap_s` all this starts anew.

Raw readings and verdicts never share a buffer: no verdict can feed itself.
"""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from assistant.config.settings import DecisionSettings
from assistant.records import CANNOT_TELL, NOBODY, Change, Reading, Thresholds

AGREEMENT = 0.77
"""Share of the window's readings whose first choice a new expression must be. A flicker of 2 Hz or more that is seen
three times a period, twice on the same side, fills three quarters of a window with one expression. One of 0.9 s is too
short for that: at 5.5 pictures a second four of its five can fall on the same side."""
FULL_SHARE = 0.8
"""Share of the window that must have passed before the first verdict."""
DOUBT = 0.5
"""Share of the way from its threshold to certainty that a doubted expression must go. In four sets of tuning scenes it
silences 53 words, of which 17 were wrong, and leaves 1,090, of which 30 are; it halves what came later than 1.5 s."""
UNREAD = 0.5
"""How much of a reading that speaks against an expression one is that cannot be had. In three sets of tuning scenes it
silences 8 words, of which 4 were wrong, and leaves 809; a face behind a cup that now and then passes for bare is not
told any more."""
SEEN_SHARE = 0.3
"""A face found in fewer frames than this is as likely a print on a jumper."""
MAYBE = 0.4
"""Mean probability that a "maybe" needs at the least."""
FADED_S = 0.4
"""So long nothing has spoken for an expression before what waits to be said of it is no longer true: with the second
that a window needs to notice, it is not begun 1.5 s after the end."""
ROUNDING_S = 1e-6
"""Frame times are sums of fractions; two that mean the same second differ by this at most."""


@dataclass
class _Person:
    state: str = NOBODY
    reason: str = ""
    readings: deque[Reading] = field(default_factory=deque)
    frames: deque[float] = field(default_factory=deque)
    since: float = 0.0
    changed: float = 0.0
    vague_since: float | None = None
    likeliest: int | None = None
    likeliest_since: float = 0.0

    @property
    def last_at(self) -> float:
        return self.readings[-1].at


@dataclass(frozen=True)
class Glance:
    """A person at one moment. likely: the expression of the state, or else the likeliest one, with its mean
    probability; empty where none is likely enough for a "maybe". reason: why there is no state. since: when the state
    began, or the person came."""

    state: str
    likely: str
    probability: float
    reason: str
    since: float


class Stabilizer:
    """Holds the state of everybody in view. labels: the expression of each probability, in order. thresholds: how
    sure the model must be of each of them; the setting `enter_threshold` is the least for all."""

    def __init__(self, settings: DecisionSettings, labels: Sequence[str], thresholds: Thresholds | None = None) -> None:
        self.settings = settings
        self.labels = tuple(labels)
        thresholds = thresholds or Thresholds()
        self.enter = tuple(max(thresholds.looks.get(label, 0.0), settings.enter_threshold) for label in labels)
        self.maybe = tuple(max(thresholds.maybe.get(label, 0.0), MAYBE) for label in labels)
        self._people: dict[int, _Person] = {}

    def update(self, at: float, readings: Sequence[Reading]) -> tuple[Change, ...]:
        """The changes that a frame taken at `at` (seconds) brings, with one reading for each person seen in it."""
        seen = {reading.track_id: reading for reading in readings}
        changes = []
        for number in sorted(self._people.keys() | seen.keys()):
            person = self._people.setdefault(number, _Person(changed=at))
            new = self._with_reading(person, seen[number]) if number in seen else self._without_reading(person, at)
            if new is not None and new != person.state:
                reason = person.reason if new == CANNOT_TELL else ""
                changes.append(Change(at, number, person.state, new, reason))
                person.state, person.changed = new, at
            if number not in seen and person.state == NOBODY and at - person.last_at > self.settings.dwell_s:
                del self._people[number]
        return tuple(changes)

    def wait(self, seconds: float) -> None:
        """Nothing could be seen for so long: nobody is missed for that, and nothing lasted longer."""
        for person in self._people.values():
            person.readings = deque(replace(each, at=each.at + seconds) for each in person.readings)
            person.frames = deque(at + seconds for at in person.frames)
            person.since += seconds
            person.likeliest_since += seconds
            if person.vague_since is not None:
                person.vague_since += seconds

    def forget(self) -> None:
        """Nobody is known to be in view."""
        self._people = {}

    def states(self) -> dict[int, str]:
        """The state of everybody who has one, by number."""
        return {number: person.state for number, person in self._people.items() if person.state != NOBODY}

    def faded(self, at: float) -> set[int]:
        """Everybody, by number, whose expression is still the state at `at` (seconds), but has not been seen for
        FADED_S."""
        return {
            number
            for number, person in self._people.items()
            if person.state in self.labels
            and at - (person.last_at if person.vague_since is None else person.vague_since) >= FADED_S - ROUNDING_S
        }

    def glance(self, number: int) -> Glance:
        """What is known of a person now, sure enough to be a state or not."""
        person = self._people.get(number)
        if person is None or not person.readings:
            return Glance(NOBODY, "", 0.0, "", 0.0)
        told = [each.probabilities for each in person.readings if each.probabilities is not None]
        if len(told) * 2 < len(person.readings):
            return Glance(person.state, "", 0.0, _reason(person.readings), person.changed)
        means = [sum(column) / len(told) for column in zip(*told, strict=True)]
        if person.state in self.labels:
            index = self.labels.index(person.state)
            return Glance(person.state, person.state, means[index], "", person.changed)
        best = max(range(len(means)), key=means.__getitem__)
        likely = self.labels[best] if means[best] >= self.maybe[best] else ""
        return Glance(person.state, likely, means[best], "unclear", person.changed)

    def _without_reading(self, person: _Person, at: float) -> str | None:
        person.frames.append(at)
        return NOBODY if at - person.last_at >= self.settings.dwell_s - ROUNDING_S else None

    def _with_reading(self, person: _Person, reading: Reading) -> str | None:
        """The state that the window speaks for, or None: nothing new."""
        s, at = self.settings, reading.at
        if not person.readings or at - person.last_at > s.max_gap_s:
            person.readings.clear()
            person.frames.clear()
            person.since, person.vague_since, person.likeliest = at, None, None
        person.readings.append(reading)
        person.frames.append(at)
        oldest = at - s.window_s + ROUNDING_S
        while person.readings[0].at < oldest and len(person.readings) > s.min_readings:
            person.readings.popleft()
        while person.frames[0] < min(oldest, person.readings[0].at):
            person.frames.popleft()
        told = [each.probabilities for each in person.readings if each.probabilities is not None]
        means = [sum(column) / len(told) for column in zip(*told, strict=True)]
        best = max(range(len(means)), key=means.__getitem__, default=None)
        if best != person.likeliest:
            person.likeliest, person.likeliest_since = best, at
        is_full = at - person.since >= FULL_SHARE * s.window_s - ROUNDING_S and len(person.readings) >= s.min_readings
        if not is_full or len(person.readings) < SEEN_SHARE * len(person.frames):
            return None
        if best is None or len(told) < max(s.min_readings, len(person.readings) / 2):
            return self._vague(person, at, _reason(person.readings))
        is_agreed = sum(each[best] == max(each) for each in told) >= AGREEMENT * len(told)
        is_held = person.state in self.labels and means[self.labels.index(person.state)] >= s.exit_threshold
        is_contested = not is_agreed and sum(map(max, told)) / len(told) >= s.exit_threshold
        unread = (len(person.readings) - len(told)) / len(told)
        if is_agreed and means[best] >= self._needed(person, best, unread):
            person.vague_since = None
            return self.labels[best] if reading.probabilities is not None else None
        if is_held or is_contested:
            person.vague_since = None
            return None
        return self._vague(person, at, "unclear")

    def _needed(self, person: _Person, index: int, unread: float) -> float:
        """How sure an expression, the likeliest of the window, must be to count. unread: readings that could not be had
        for each that could."""
        enter = self.enter[index]
        with_unread = enter * (1.0 + UNREAD * unread)
        is_doubted = person.likeliest_since < person.readings[0].at
        return max(with_unread, enter + DOUBT * (1.0 - enter)) if is_doubted else with_unread

    def _vague(self, person: _Person, at: float, reason: str) -> str | None:
        if person.vague_since is None:
            person.vague_since = at
        if at - person.vague_since < self.settings.dwell_s - ROUNDING_S:
            return None
        person.reason = reason
        return CANNOT_TELL


def _reason(readings: Iterable[Reading]) -> str:
    """Why no expression can be had: what most of the readings without one say, the newest of what is said as often."""
    reasons = Counter(each.reason for each in reversed(tuple(readings)) if each.reason)
    return reasons.most_common(1)[0][0] if reasons else "unclear"
