"""What is worth saying (scene), how it sounds (phrases), and which faults are heard."""

import string

import pytest

from assistant import phrases
from assistant.config import Words
from assistant.faults import Faults
from assistant.records import CANNOT_TELL, NOBODY, Change, Person
from assistant.vision.scene import Scene
from tests.standins import face

EN = phrases.load("en")


def told(
    steps: list[tuple[int, str, str]], verbosity: str = "normal", places: dict[int, float] | None = None, **words
) -> list[str]:
    """The sentences for changes (person, old, new), each in a frame 640 pixels wide with people at `places`."""
    scene, texts = Scene(Words(verbosity=verbosity, **words)), []
    where, present = places or {1: 320, 2: 560, 3: 60}, set()
    for at, (person, old, new) in enumerate(steps):
        present = present - {person} if new == NOBODY else present | {person}
        people = [Person(number, face(where[number] - 40)) for number in sorted(present)]
        remarks = [*scene.update([Change(3.0 * at, person, old, new, "unclear")], people, 640)]
        remarks += scene.update([], people, 640, 3.0 * at + 2.5)
        texts += [
            EN.remark(each.sentence, expression=each.expression, where=each.where, reason=each.reason)
            for each in remarks
        ]
    return texts


def test_one_person_comes_changes_and_goes() -> None:
    steps = [(1, NOBODY, "neutral"), (1, "neutral", "happy"), (1, "happy", "surprise"), (1, "surprise", NOBODY)]
    assert told(steps) == ["One person looks neutral.", "Looks happy.", "Looks surprised.", "Nobody in view."]
    assert told(steps, "brief") == ["Looks happy.", "Looks surprised."]
    assert told(steps, "full")[0] == "One person ahead looks neutral."


def test_who_joins_is_told_by_place_and_nobody_only_when_the_last_has_left() -> None:
    steps = [(1, NOBODY, "happy"), (2, NOBODY, "neutral"), (3, NOBODY, CANNOT_TELL), (1, "happy", NOBODY)]
    joined = ["On the right: one more person.", "On the left: one more person."]
    assert told(steps) == ["One person looks happy.", *joined]
    rest = [(2, "neutral", NOBODY), (3, CANNOT_TELL, NOBODY)]
    assert told(steps + rest)[3:] == ["Nobody in view."]
    assert told(steps + rest, "full")[-3:] == ["One person left.", "One person left.", "Nobody in view."]


def test_an_expression_that_is_not_to_be_said_only_ends_the_one_before() -> None:
    steps = [(1, NOBODY, "happy"), (1, "happy", "sad"), (1, "sad", "neutral"), (1, "neutral", "sad")]
    assert told(steps) == ["One person looks happy.", "No longer looking happy.", "Looks neutral."]
    assert told(steps, expressions=("happy", "sad", "neutral"))[1] == "Looks sad."
    assert told(steps, "brief") == ["Looks happy."]


def test_nothing_is_said_twice_across_a_moment_of_doubt() -> None:
    steps = [(1, NOBODY, "happy"), (1, "happy", CANNOT_TELL), (1, CANNOT_TELL, "happy")]
    assert told(steps) == ["One person looks happy."]
    assert told(steps, "full") == ["One person ahead looks happy.", "Ahead: cannot tell, face is unclear."]


def test_a_stranger_whose_face_cannot_be_told_is_still_a_person() -> None:
    assert told([(1, NOBODY, CANNOT_TELL), (1, CANNOT_TELL, "happy")]) == ["One person.", "Looks happy."]
    assert told([(1, NOBODY, "sad")]) == ["One person."]
    assert told([(1, NOBODY, "sad"), (1, "sad", NOBODY)], "brief") == []


@pytest.mark.parametrize("locale", phrases.known_locales())
def test_every_sentence_is_short_hedged_and_complete(locale: str) -> None:
    words = phrases.load(locale)
    sentences = set()
    for name in (name for name in phrases.TABLES["sentences"] if not name.endswith("_where")):
        for expression in phrases.SPOKEN:
            for where in ("", *phrases.TABLES["where"]):
                sentences.add(words.remark(name, expression=expression, where=where, reason="unclear"))
    for table in ("status", "faults", "faults_over"):
        sentences |= set(words.tables[table].values())
    for sentence in sentences:
        assert len(sentence.split()) <= 8, sentence
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert not set("{}") & set(sentence)
        if locale == "en":
            plain = sentence.lower().translate(str.maketrans("", "", string.punctuation)).split()
            assert not {"feels", "feeling", "emotion", "man", "woman", "he", "she", "his", "her"} & set(plain)
            for word in ("happy", "sad", "angry", "afraid", "surprised", "disgusted", "neutral"):
                if word in plain:
                    assert plain[plain.index(word) - 1] in ("looks", "looking")


def test_a_locale_with_gaps_is_refused_with_all_of_them() -> None:
    with pytest.raises(phrases.LocaleError) as caught:
        phrases.parse('voice = "xx"\n[sentences]\nnobody = "Nobody {who}."\nnothing = "x"', "xx")
    for part in ("sentences.arrived is missing", "sentences.nothing is unknown", "nobody has an unknown placeholder"):
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(phrases.LocaleError, match="there are: .*en"):
        phrases.load("xx")
    with pytest.raises(phrases.LocaleError, match="not valid TOML"):
        phrases.parse("[", "xx")
    with pytest.raises(phrases.LocaleError, match="voice is missing"):
        phrases.parse("", "xx")
    for line, wrong in (("where = 3", "where is no table"), ("[where]\nleft = 3", "where.left is no text"),
                        ("[where]\nleft = '{'", "where.left has a brace"), ("colour = 1", "colour is unknown"),
                        ("[status]\nready = '{where}'", "status.ready has an unknown")):  # fmt: skip
        with pytest.raises(phrases.LocaleError, match=wrong):
            phrases.parse(line, "xx")


def test_a_fault_is_said_at_once_then_ever_more_rarely_and_its_end_once() -> None:
    faults = Faults()
    said = [at for at in range(5000) if faults.begin("camera", float(at), "gone")]
    assert said == [0, 60, 360, 1260, 2160, 3060, 3960, 4860]
    assert faults.standing() == ("camera",)
    (over,) = faults.end("camera", 5000.0)
    assert over.is_over
    assert over.name == "camera"
    assert faults.end("camera", 5001.0) == ()
    assert faults.standing() == ()


def test_nobody_is_not_said_while_a_face_is_in_view() -> None:
    scene = Scene(Words())
    scene.update([Change(1.0, 1, NOBODY, "happy")], [Person(1, face(280))], 640)
    newcomer = [Person(2, face(280))]
    assert scene.update([Change(4.0, 1, "happy", NOBODY)], newcomer, 640) == ()
    (remark,) = scene.update([Change(5.0, 2, NOBODY, "happy")], newcomer, 640)
    assert remark.sentence == "arrived"
    assert scene.update([], [], 640) == ()
    scene.update([Change(8.0, 2, "happy", NOBODY)], [Person(3, face(280))], 640)
    (remark,) = scene.update([], [], 640)  # a passing face that never had a state is gone too
    assert remark.sentence == "nobody"


def test_what_was_ended_may_be_said_again() -> None:
    steps = [(1, NOBODY, "happy"), (1, "happy", "sad"), (1, "sad", "happy")]
    assert told(steps) == ["One person looks happy.", "No longer looking happy.", "Looks happy."]


def test_left_ahead_and_right_are_thirds() -> None:
    for x, where in ((180, "On the left"), (300, "Ahead"), (460, "On the right")):
        assert (
            told([(1, NOBODY, "neutral"), (2, NOBODY, "happy")], places={1: 320, 2: x})[1] == f"{where}: looks happy."
        )
