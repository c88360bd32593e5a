"""Earcons: short, soft at the ends, no two to be mistaken for each other; and the spoken tour of them."""

import array
import itertools
import math
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from assistant import phrases
from assistant.app import cli
from assistant.config.settings import VoiceSettings
from assistant.records import EXPRESSIONS
from assistant.voice.audio.loudness import TARGET_LUFS
from assistant.voice.audio.player import Pcm
from assistant.voice.speech import earcons
from assistant.voice.speech.earcons import earcon, sound_tour
from assistant.voice.voices.earcon import EarconVoice, earcon_player
from tests.support.bs1770 import lufs
from tests.support.captured_audio import CapturingPlayer, FakePrograms
from tests.support.fake_voices import FakeVoice

SEVEN = EXPRESSIONS[:7]
TOUR = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
CUES = ("facing_you", "turned_away")
PARTS = 3


def contour(sound: Pcm, parts: int = PARTS) -> tuple[float, ...]:
    """The contour of a sound, measured from the samples alone: the pitch of each part in semitones above
    440 Hz, from the time between its first and its last upward crossing of zero."""
    values = array.array("h", sound.samples)
    third, pitches = len(values) // parts, []
    for start in range(0, third * parts, third):
        part = values[start : start + third]
        ups = [n for n in range(1, len(part)) if part[n - 1] < 0 <= part[n]]
        hertz = (len(ups) - 1) * sound.rate / (ups[-1] - ups[0])
        pitches.append(12 * math.log2(hertz / 440))
    return tuple(pitches)


def direction(pitches: tuple[float, ...]) -> tuple[int, ...]:
    """For each step 1 up, -1 down, 0 the same; two semitones are the smallest interval that every listener hears."""
    return tuple((after - before > 2) - (after - before < -2) for before, after in itertools.pairwise(pitches))


@pytest.mark.parametrize("name", SEVEN)
def test_an_expression_is_short_and_does_not_click(name: str) -> None:
    sound = earcons.earcon(name)
    values = array.array("h", sound.samples)
    assert 0.2 < sound.seconds <= 0.3
    assert 4000 < max(values) < 16000
    assert max(abs(values[0]), abs(values[-1])) < 0.02 * max(values)
    jumps = max(abs(after - before) for before, after in itertools.pairwise(values))
    assert jumps < 0.6 * max(values), "more than the steepest wave here is a click"


def test_all_are_equally_loud() -> None:
    levels = [lufs(earcons.earcon(name)) for name in (*SEVEN, "alarm")]
    assert levels == [pytest.approx(TARGET_LUFS, abs=0.2)] * 8


def test_no_two_have_the_same_contour_or_are_near_each_other() -> None:
    measured = {name: contour(earcons.earcon(name)) for name in SEVEN}
    assert len({direction(pitches) for pitches in measured.values()}) == len(SEVEN)
    for one, other in itertools.combinations(SEVEN, 2):
        apart = max(abs(a - b) for a, b in zip(measured[one], measured[other], strict=True))
        assert apart >= 3.5, (one, other, apart)


def test_the_contour_tells_pleasant_from_unpleasant() -> None:
    rises = {name: (pitches := contour(earcons.earcon(name)))[-1] - pitches[0] for name in SEVEN}
    assert {name for name, rise in rises.items() if rise > 4} == {"happy", "surprise"}
    assert {name for name, rise in rises.items() if rise < -4} == {"angry", "disgust", "fear", "sad"}
    assert abs(rises["neutral"]) < 0.5


def test_that_somebody_came_is_a_trill_and_that_an_expression_is_over_one_low_tone_both_softer_than_words() -> None:
    came, over = earcons.earcon("came"), earcons.earcon("over")
    low, high, again, last = contour(came, 4)
    assert (high - low, last - again) == pytest.approx((12, 12), abs=0.5)
    assert len({round(pitch) for pitch in contour(over)}) == 1
    assert max(contour(over)) < low
    for sound in (came, over):
        assert sound.seconds <= 0.2
        assert lufs(sound) == pytest.approx(TARGET_LUFS - 6, abs=0.2)


def test_a_cue_of_attention_rises_or_falls_in_two_steps_and_is_softer() -> None:
    for name, sign in zip(CUES, (1, -1), strict=True):
        sound = earcons.earcon(name)
        first, second = contour(sound, 2)
        assert sign * (second - first) == pytest.approx(7, abs=0.5)
        assert sound.seconds <= 0.2
        assert lufs(sound) == pytest.approx(TARGET_LUFS - 6, abs=0.2)


def test_the_tick_is_soft_and_the_alarm_is_that_of_the_last_voice() -> None:
    tick = earcons.earcon("still_here")
    assert tick.seconds <= 0.06
    assert lufs(tick) == pytest.approx(TARGET_LUFS - 20, abs=0.2)
    assert earcons.earcon("alarm") == earcons.three_beeps()
    assert set(earcons.NAMES) == {*SEVEN, *CUES, "came", "over", "centred", "still_here", "alarm"}
    with pytest.raises(KeyError):
        earcons.earcon("contempt")


PRINTED = """\
These are the sounds.
Looks angry.
♪ angry
Looks disgusted.
♪ disgust
Looks afraid.
♪ fear
Looks happy.
♪ happy
Looks sad.
♪ sad
Looks surprised.
♪ surprise
Looks neutral.
♪ neutral
Facing you.
♪ facing you
Turned away.
♪ turned away
While aiming: higher is nearer the middle.
Centred.
♪ centred
While searching: quicker is nearer the middle.
Somebody else is in view.
♪ came
An expression is over.
♪ over
Still here, nothing to say.
♪ still here
Speech is broken.
♪ alarm
"""


@dataclass
class Tour:
    """A voice and a player that note what came in which order."""

    player: CapturingPlayer = field(default_factory=CapturingPlayer)
    earcons_before: list[int] = field(default_factory=list)
    """For each text, how many earcons were played before it."""

    def __post_init__(self) -> None:
        self.voice = FakeVoice(outcome=self._say)
        self.earcons = EarconVoice(VoiceSettings(), earcon_player(VoiceSettings(), self.player))

    def run(self, locale: phrases.Phrases, cancel: threading.Event) -> bool:
        return sound_tour(locale, self.voice, self.earcons, cancel)

    def _say(self, cancel: threading.Event) -> bool:
        self.earcons_before.append(len(self.player.sounds))
        return not cancel.is_set()


def test_each_meaning_comes_before_its_sound() -> None:
    tour = Tour()
    assert tour.run(phrases.load("en", "movement"), threading.Event()) is True
    names = (*TOUR, *CUES, "centred", "came", "over", "still_here", "alarm")
    assert tour.player.sounds == [earcon(name) for name in names]
    assert (tour.voice.spoken[0][0], tour.earcons_before[0]) == ("These are the sounds.", 0)
    described = [*range(10), 9, 10, *range(10, len(names))]
    assert tour.earcons_before[1:] == described, "the tones of aiming and of a search are but described"
    assert (tour.voice.spoken[4][0], tour.earcons_before[4]) == ("Smiling.", 3)


def test_a_tour_that_is_cut_off_ends() -> None:
    tour, cancel = Tour(), threading.Event()
    cancel.set()
    assert tour.run(phrases.load("en"), cancel) is False
    assert (len(tour.voice.spoken), tour.player.sounds) == (1, [])


def test_the_command_prints_sounds_where_words_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sounds", "--voice", "printed"]) == 0
    assert capsys.readouterr() == (PRINTED, "")


def test_the_command_fails_in_one_line_where_nothing_can_be_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tool = FakePrograms(tmp_path, monkeypatch)
    tool.install("failing", "espeak-ng")
    assert cli.main(["sounds", "--voice", "espeak"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("emotion-assistant: espeak-ng failed with exit code 1: cannot find card; ")
    assert "doctor" in said
    assert said.count("\n") == 1
