"""Readings in, rare changes out: a debounced state machine for each track. Pure; time comes with the readings.

The state of a track is an expression, CANNOT_TELL or NOBODY. It follows the mean of the readings in a sliding window:

- A new expression needs a mean of `enter_threshold` or of what the model's card asks for, whichever is more, and must
  be the first choice of nearly all readings (MIN_AGREEMENT). Readings without probabilities count against
  it (UNREADABLE_WEIGHT), and the newest reading must not be one: a person who has just turned away gets no new state.
  The expression that is held stays until its mean falls below `exit_threshold` (hysteresis).
- An expression that has been the likeliest for longer than a window without being sure enough is *doubted*: it must
  come half way from its threshold to certainty (DOUBT_MARGIN), or else chance alone lifts it over the threshold one
  day.
- A face that flickers between two expressions, each sure enough by itself, is *contested*: the state holds.
- CANNOT_TELL (the readings are unsure, or there is a reason why none can be had) and NOBODY must last `dwell_s`. A
  person who comes into view gets one of the states above PRESENCE_DWELL_S after the first verdict was possible,
  whatever the readings say: that somebody is there must never wait for their expression.
- There is no verdict before there are `min_readings`, which span MIN_WINDOW_SHARE of a window and come from
  MIN_SEEN_SHARE of its frames. After a gap of `max_gap_s` all this starts anew.

Raw readings and verdicts never share a buffer: no verdict can feed itself.
"""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from operator import eq

from assistant.config.settings import DecisionSettings
from assistant.dataclass import dataclass
from assistant.records import CANNOT_TELL, NOBODY, Change, Reading, Thresholds
from assistant.vision.decisions.balance import FAIRLY_SURE, balanced

MIN_AGREEMENT = 0.77
"""Share of the window's readings whose first choice a new expression must be. A flicker of 2 Hz or more that is seen
three times a period, twice on the same side, fills three quarters of a window with one expression. A window of 0.9 s is
too short for that: at 5.5 pictures a second four of its five can fall on the same side."""
MIN_WINDOW_SHARE = 0.8
"""Share of the window that must have passed before the first verdict."""
DOUBT_MARGIN = 0.5
"""Share of the way from its threshold to certainty that a doubted expression must go. In four sets of tuning scenes it
suppresses 53 announcements, of which 17 were wrong, and leaves 1,090, of which 30 are; it halves the number of those
that come later than 1.5 s."""
UNREADABLE_WEIGHT = 0.5
"""Weight against an expression of a reading without probabilities, as a share of one that contradicts it. In three sets
of tuning scenes it suppresses 8 announcements, of which 4 were wrong, and leaves 809; the expression of a face behind a
cup, which now and then passes for unoccluded, is no longer announced."""
MIN_SEEN_SHARE = 0.3
"""Share of the window's frames in which a face must be found to have a verdict: one that is found in fewer is as likely
a print on a jumper."""
MIN_MAYBE_PROBABILITY = 0.4
"""Mean probability, balanced, that an expression needs for a "maybe", where the model's card does not ask for more."""
FADED_S = 0.4
"""Seconds without evidence for the held expression after which announcements of it that still wait are withdrawn. With
the second that the window needs to notice it, such an announcement begins no later than 1.5 s after the expression
ended."""
PRESENCE_DWELL_S = 1.1
"""Seconds after the first possible verdict in which the expression of a new track may settle; then the state is
CANNOT_TELL, and the person can be announced without an expression. With the window's share before that, 1.9 s at ten
frames a second."""
TIME_TOLERANCE_S = 1e-6
"""Frame times are sums of fractions; two that mean the same second differ by this at most."""


@dataclass
class _TrackWindow:
    """The state of one track, and the window of readings that it follows."""

    state: str = NOBODY
    reason: str = ""
    """Why the state is CANNOT_TELL."""
    readings: deque[Reading] = field(default_factory=deque)
    """Oldest first."""
    frames: deque[float] = field(default_factory=deque)
    """Times of all frames in the window, with and without a reading."""
    since: float = 0.0
    """When the window began to fill, seconds."""
    changed_at: float = 0.0
    """When the state began, or the track came into view."""
    unsure_since: float | None = None
    """Since when no expression is sure enough; None where one is."""
    present_since: float | None = None
    """When the first verdict was possible, since the track came into view; None before."""
    top_label: int | None = None
    """Index of the likeliest expression."""
    top_since: float = 0.0
    """Since when that has been the likeliest."""
    read: list[tuple[float, ...]] = field(default_factory=list)
    """The probabilities of those readings in the window that have any, oldest first."""
    means: list[float] = field(default_factory=list)
    """Their mean, of each expression; empty where there are none."""
    is_settled: bool = False
    """Whether the newest verdict was for the state, and the likeliest expression has been the same for a window."""

    @property
    def last_at(self) -> float:
        """Time of the newest reading."""
        return self.readings[-1].at


@dataclass(frozen=True)
class TrackEstimate:
    """The estimate of a track's expression at one moment, whether or not it is sure enough to be the state."""

    state: str
    """An expression, CANNOT_TELL or NOBODY."""
    expression: str
    """The expression of the state where that is sure, else the likeliest one by the balanced posterior; empty where
    none is likely enough for a "maybe"."""
    probability: float
    """Mean probability of `expression`, balanced where it is not the state."""
    reason: str
    """Why there is no expression; a key of the locale's [reasons]."""
    since: float
    """When the state began, or the track came into view, seconds."""


class Stabilizer:
    """Holds the state of every track in view."""

    def __init__(self, settings: DecisionSettings, labels: Sequence[str], thresholds: Thresholds | None = None) -> None:
        """labels: the expression of each probability of a reading, in order. thresholds: what the model's card asks of
        each expression; the setting `enter_threshold` is the least for all."""
        self.settings = settings
        self.labels = tuple(labels)
        thresholds = thresholds or Thresholds()
        self.enter = tuple(max(thresholds.looks.get(label, 0.0), settings.enter_threshold) for label in labels)
        self.weights = tuple(thresholds.weights.get(label, 0.0) for label in labels) if thresholds.weights else ()
        self.maybe = tuple(max(thresholds.maybe.get(label, 0.0), MIN_MAYBE_PROBABILITY) for label in labels)
        self._tracks: dict[int, _TrackWindow] = {}

    def update(self, at: float, readings: Sequence[Reading]) -> tuple[Change, ...]:
        """The changes of a frame taken at `at` (seconds), given one reading for each track that was seen in it."""
        seen = {reading.track_id: reading for reading in readings}
        changes = []
        for track_id in sorted(self._tracks.keys() | seen.keys()):
            track = self._tracks.setdefault(track_id, _TrackWindow(changed_at=at))
            new = self._with_reading(track, seen[track_id]) if track_id in seen else self._without_reading(track, at)
            if new is not None and new != track.state:
                reason = track.reason if new == CANNOT_TELL else ""
                changes.append(Change(at, track_id, track.state, new, reason))
                track.state, track.changed_at, track.present_since = new, at, None
            if track_id not in seen and track.state == NOBODY and at - track.last_at > self.settings.dwell_s:
                del self._tracks[track_id]
        return tuple(changes)

    def wait(self, seconds: float) -> None:
        """Leave a pause of so many seconds out of account: it counts neither as absence nor as time in a state."""
        for track in self._tracks.values():
            track.readings = deque(replace(each, at=each.at + seconds) for each in track.readings)
            track.frames = deque(at + seconds for at in track.frames)
            track.since += seconds
            track.top_since += seconds
            if track.unsure_since is not None:
                track.unsure_since += seconds
            if track.present_since is not None:
                track.present_since += seconds

    def forget(self) -> None:
        """Drop every track."""
        self._tracks = {}

    def states(self) -> dict[int, str]:
        """The state of every track that has one, by track_id."""
        return {track_id: track.state for track_id, track in self._tracks.items() if track.state != NOBODY}

    def settled(self) -> set[int]:
        """The tracks, seen in the newest frame, whose state would stay if they went on to look as they do."""
        return {track_id for track_id, track in self._tracks.items() if track.is_settled}

    @property
    def is_settled(self) -> bool:
        """Whether that holds for every track, so that none was missed in the newest frame."""
        return all(track.is_settled for track in self._tracks.values())

    @property
    def has_tracks(self) -> bool:
        """Whether anybody is in view, or was a moment ago."""
        return bool(self._tracks)

    def faded(self, at: float) -> set[int]:
        """The tracks whose expression is still their state at `at` (seconds), but has had no evidence for FADED_S."""
        return {
            track_id
            for track_id, track in self._tracks.items()
            if track.state in self.labels
            and at - (track.last_at if track.unsure_since is None else track.unsure_since) >= FADED_S - TIME_TOLERANCE_S
        }

    def estimate(self, track_id: int) -> TrackEstimate:
        """The estimate of a track from its window of readings."""
        track = self._tracks.get(track_id)
        if track is None or not track.readings:
            return TrackEstimate(NOBODY, "", 0.0, "", 0.0)
        if len(track.read) * 2 < len(track.readings):
            return TrackEstimate(track.state, "", 0.0, _reason(track.readings), track.changed_at)
        means = track.means
        weighted = balanced(means, self.weights)
        best = max(range(len(means)), key=weighted.__getitem__)
        if track.state in self.labels:
            index = self.labels.index(track.state)
            if best == index or means[index] >= FAIRLY_SURE or weighted[best] < self.maybe[best]:
                return TrackEstimate(track.state, track.state, means[index], "", track.changed_at)
        likely = self.labels[best] if weighted[best] >= self.maybe[best] else ""
        return TrackEstimate(track.state, likely, weighted[best], "unclear", track.changed_at)

    def _without_reading(self, track: _TrackWindow, at: float) -> str | None:
        track.is_settled = False
        track.frames.append(at)
        return NOBODY if at - track.last_at >= self.settings.dwell_s - TIME_TOLERANCE_S else None

    def _with_reading(self, track: _TrackWindow, reading: Reading) -> str | None:
        """The state that the window speaks for; None: nothing new."""
        s, at = self.settings, reading.at
        track.is_settled = False
        if not track.readings or at - track.last_at > s.max_gap_s:
            track.readings.clear()
            track.frames.clear()
            track.since, track.unsure_since, track.present_since, track.top_label = at, None, None, None
        track.readings.append(reading)
        track.frames.append(at)
        oldest = at - s.window_s + TIME_TOLERANCE_S
        while track.readings[0].at < oldest and len(track.readings) > s.min_readings:
            track.readings.popleft()
        while track.frames[0] < min(oldest, track.readings[0].at):
            track.frames.popleft()
        has_span = at - track.since >= MIN_WINDOW_SHARE * s.window_s - TIME_TOLERANCE_S
        is_full = has_span and len(track.readings) >= s.min_readings
        verdict = self._verdict(track, reading, is_full=is_full and self._is_seen_enough(track))
        if verdict is not None or track.state != NOBODY or not is_full:
            return verdict
        return self._presence(track, at)

    def _verdict(self, track: _TrackWindow, reading: Reading, *, is_full: bool) -> str | None:
        s, at = self.settings, reading.at
        track.read = read = [each.probabilities for each in track.readings if each.probabilities is not None]
        track.means = means = [total / len(read) for total in map(sum, zip(*read, strict=True))]
        best = means.index(max(means)) if means else None
        if best != track.top_label:
            track.top_label, track.top_since = best, at
        if not is_full:
            return None
        if best is None or len(read) < max(s.min_readings, len(track.readings) / 2):
            track.is_settled = not read and track.state == CANNOT_TELL
            return self._unsure(track, at, _reason(track.readings))
        is_long = track.top_since <= track.readings[0].at
        is_steady = is_long and self.labels[best] == track.state
        highest = list(map(max, read))
        is_agreed = sum(map(eq, highest, [each[best] for each in read])) >= MIN_AGREEMENT * len(read)
        unreadable = (len(track.readings) - len(read)) / len(read)
        if is_agreed and means[best] >= self._threshold(track, best, unreadable):
            track.unsure_since = None
            track.is_settled = is_steady and not unreadable
            return self.labels[best] if reading.probabilities is not None else None
        is_held = track.state in self.labels and means[self.labels.index(track.state)] >= s.exit_threshold
        is_contested = not is_agreed and sum(highest) / len(read) >= s.exit_threshold
        if is_held or is_contested:
            track.unsure_since = None
            track.is_settled = is_steady and is_agreed and not unreadable
            return None
        track.is_settled = is_long and track.state == CANNOT_TELL
        return self._unsure(track, at, "unclear")

    def _threshold(self, track: _TrackWindow, index: int, unreadable: float) -> float:
        """The mean probability that an expression, the likeliest of the window, must have to become the state.

        unreadable: readings without probabilities for each reading with them.
        """
        enter = self.enter[index]
        with_unreadable = enter * (1.0 + UNREADABLE_WEIGHT * unreadable)
        is_doubted = track.top_since < track.readings[0].at
        return max(with_unreadable, enter + DOUBT_MARGIN * (1.0 - enter)) if is_doubted else with_unreadable

    def _presence(self, track: _TrackWindow, at: float) -> str | None:
        """CANNOT_TELL for a track that has no state yet, PRESENCE_DWELL_S after the first verdict was possible."""
        if not self._is_seen_enough(track):
            return None
        if track.present_since is None:
            track.present_since = at
        if at - track.present_since < PRESENCE_DWELL_S - TIME_TOLERANCE_S:
            return None
        track.reason = _reason(track.readings)
        return CANNOT_TELL

    @staticmethod
    def _is_seen_enough(track: _TrackWindow) -> bool:
        return len(track.readings) >= MIN_SEEN_SHARE * len(track.frames)

    def _unsure(self, track: _TrackWindow, at: float, reason: str) -> str | None:
        if track.unsure_since is None:
            track.unsure_since = at
        if at - track.unsure_since < self.settings.dwell_s - TIME_TOLERANCE_S:
            return None
        track.reason = reason
        return CANNOT_TELL


def _reason(readings: Iterable[Reading]) -> str:
    """The most frequent reason of the readings without probabilities; of equally frequent ones the newest."""
    reasons = Counter(each.reason for each in reversed(tuple(readings)) if each.reason)
    return reasons.most_common(1)[0][0] if reasons else "unclear"
