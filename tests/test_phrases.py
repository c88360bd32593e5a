"""Announcements from changes to sentences (scene and phrases), and the locale files with their linter."""

import itertools
from importlib import resources

import pytest

from assistant import phrases
from assistant.config.settings import AnnouncementSettings, Settings
from assistant.faults import FaultTracker
from assistant.records import CANNOT_TELL, NOBODY, Change, FaultName, Track
from assistant.sentences import Sentence
from assistant.skills.protocol import REASONS
from assistant.skills.session import SkillName
from assistant.vision import factory
from assistant.vision.decisions.scene import Scene
from tests.support import locale_lint
from tests.support.standins import face

EN = phrases.load("en")


def announced(
    steps: list[tuple[int, str, str]],
    verbosity: str = "normal",
    places: dict[int, float] | None = None,
    every_s: float = 3.0,
    **settings,
) -> list[str]:
    """The sentences for changes (track_id, old, new), each in a frame 640 pixels wide with people at `places`."""
    scene, texts = Scene(AnnouncementSettings(verbosity=verbosity, **settings)), []
    where, present = places or {1: 320, 2: 560, 3: 60}, set()
    for at, (track_id, old, new) in enumerate(steps):
        present = present - {track_id} if new == NOBODY else present | {track_id}
        people = [Track(number, face(where[number] - 40)) for number in sorted(present)]
        made = [*scene.update([Change(every_s * at, track_id, old, new, "unclear")], people, (480, 640)).announcements]
        made += scene.update([], people, (480, 640), every_s * at + 2.5).announcements
        texts += [
            EN.announcement(
                each.sentence, expression=each.expression, where=each.where, reason=each.reason, people=each.people
            )
            for each in made
        ]
    return texts


def test_one_person_comes_changes_and_leaves() -> None:
    steps = [(1, NOBODY, "neutral"), (1, "neutral", "happy"), (1, "happy", "surprise"), (1, "surprise", NOBODY)]
    assert announced(steps) == ["One person looks neutral.", "Looks happy.", "Looks surprised.", "Nobody in view."]
    assert announced(steps, "brief") == ["Looks happy.", "Looks surprised."]
    assert announced(steps, "smiles") == ["Looks happy.", "No longer looking happy."]
    assert announced(steps, "full")[0] == "One person ahead looks neutral."


def test_a_second_person_is_announced_with_a_place_and_nobody_in_view_after_the_last() -> None:
    steps = [(1, NOBODY, "happy"), (2, NOBODY, "neutral"), (3, NOBODY, CANNOT_TELL), (1, "happy", NOBODY)]
    joined = ["On the right: one more person.", "On the left: one more person."]
    assert announced(steps, every_s=40) == ["One person looks happy.", *joined, "Two people."]
    rest = [(2, "neutral", NOBODY), (3, CANNOT_TELL, NOBODY)]
    assert announced(steps + rest, every_s=40)[4:] == ["One person.", "Nobody in view."]
    assert [each for each in announced(steps + rest, "full", every_s=40) if "left." in each or "view" in each] == [
        "One person left.",
        "One person left.",
        "Nobody in view.",
    ]


def test_an_expression_that_is_not_announced_only_ends_the_one_before() -> None:
    steps = [(1, NOBODY, "happy"), (1, "happy", "fear"), (1, "fear", "neutral"), (1, "neutral", "fear")]
    assert announced(steps) == ["One person looks happy.", "No longer looking happy.", "Looks neutral."]
    assert announced(steps, expressions=("happy", "fear", "neutral"))[1] == "Looks afraid."
    assert announced(steps, "brief") == ["Looks happy.", "No longer looking happy."]


def test_an_expression_is_not_announced_again_after_a_short_cannot_tell() -> None:
    steps = [(1, NOBODY, "happy"), (1, "happy", CANNOT_TELL), (1, CANNOT_TELL, "happy")]
    assert announced(steps) == ["One person looks happy."]
    assert announced(steps, "full") == ["One person ahead looks happy.", "Ahead: cannot tell, face is unclear."]


def test_a_person_without_an_expression_is_announced_as_a_person() -> None:
    assert announced([(1, NOBODY, CANNOT_TELL), (1, CANNOT_TELL, "happy")]) == ["One person.", "Looks happy."]
    assert announced([(1, NOBODY, "fear")]) == ["One person."]
    assert announced([(1, NOBODY, "fear"), (1, "fear", NOBODY)], "brief") == []


def test_eight_languages_are_known() -> None:
    assert {"ar", "de", "en", "es", "fr", "hi", "it", "pt"} <= set(phrases.known_locales())


def test_another_language_needs_only_one_more_file() -> None:
    text = resources.files("assistant.locales").joinpath("en.toml").read_text("utf-8")
    assert locale_lint.mistakes(phrases.parse(text, "xx")) == []
    with pytest.raises(
        phrases.LocaleError, match=r"locale xx: wording_rules.claims is missing; wording_rules.feelings"
    ):
        phrases.parse(text[: text.index("\n[wording_rules]\n")], "xx")
    language = phrases.parse(text.replace('claims = "is', 'claims = "looks'), "xx")
    assert any("says what somebody feels" in mistake for mistake in locale_lint.mistakes(language)), (
        "its own words hold"
    )


@pytest.mark.parametrize("wording", ["emotion", "movement"])
@pytest.mark.parametrize("locale", phrases.known_locales())
def test_every_sentence_is_short_hedged_and_complete(locale: str, wording: str) -> None:
    assert locale_lint.mistakes(phrases.load(locale, wording)) == []


@pytest.mark.parametrize("locale", phrases.known_locales())
def test_no_phrase_may_be_missing(locale: str) -> None:
    """Each phrase is left out once. A file is read slowly: one lacks a phrase of each table."""
    lines = resources.files("assistant.locales").joinpath(f"{locale}.toml").read_text("utf-8").splitlines()
    table, at_line = "", dict[str, dict[str, int]]()
    for at, line in enumerate(lines):
        table = line.strip("[]") if line.startswith("[") else table
        key, equals, _ = line.partition(" = ")
        if table and equals and not key.startswith("#"):
            at_line.setdefault(table, {})[key] = at
    assert {table: set(keys) for table, keys in at_line.items()} == phrases.TABLES
    for left_out in itertools.zip_longest(*([(table, key) for key in keys] for table, keys in at_line.items())):
        without = dict(each for each in left_out if each)
        gone = {at_line[table][key] for table, key in without.items()}
        with pytest.raises(phrases.LocaleError) as caught:
            phrases.parse("\n".join(line for at, line in enumerate(lines) if at not in gone), locale)
        _, _, mistakes = str(caught.value).partition(f"locale {locale}: ")
        assert sorted(mistakes.split("; ")) == sorted(f"{table}.{key} is missing" for table, key in without.items())


@pytest.mark.parametrize(
    ("locale", "expression"),
    [
        ("ar", "سَعيد"),
        ("ar", "تَبدو سَعيدَة"),
        ("ar", "رَجُل يَبدو سَعيدًا"),
        ("de", "ist fröhlich"),
        ("de", "er wirkt fröhlich"),
        ("en", "is happy"),
        ("en", "looks happy, is happy"),
        ("en", "feels good"),
        ("en", "looks like a happy woman"),
        ("en", "looks happy and young"),
        ("en", "looks happy with his friends"),
        ("es", "está feliz"),
        ("es", "es feliz"),
        ("es", "parece contenta"),
        ("es", "él parece feliz"),
        ("fr", "est heureux"),
        ("fr", "semble heureuse"),
        ("fr", "elle a l'air triste"),
        ("hi", "चेहरा खुश है"),
        ("hi", "खुश दिखती है"),
        ("hi", "वह खुश लगता है"),
        ("it", "è felice"),
        ("it", "lei sembra felice"),
        ("it", "sembra arrabbiata"),
        ("it", "aria arrabbiato"),
        ("es", "cara contenta"),
        ("ar", "وَجه سَعيدَة"),
        ("pt", "está feliz"),
        ("pt", "ela parece feliz"),
        ("pt", "parece assustado"),
    ],
)
def test_the_linter_catches_a_forbidden_expression(locale: str, expression: str) -> None:
    language = phrases.load(locale)
    language.tables["emotion"]["happy"] = expression
    found = locale_lint.mistakes(language)
    assert any(" says " in mistake and expression in mistake.lower() for mistake in found), found


@pytest.mark.parametrize(
    ("table", "key", "phrase", "mistake"),
    [
        ("status", "ready", "Now I am quite ready to look at you.", "has more than 8 words"),
        ("where", "left", "somewhere on the left of you", "has more than 8 words"),
        ("reasons", "dark", "there is far too little light", "has more than 8 words"),
        ("duration", "minutes", "for quite some minutes or more", "has more than 8 words"),
        ("facing", "left", "turned a little to the left of you now", "has more than 8 words"),
        ("status", "ready", "Ready", "does not end"),
        ("faults", "camera", "No camera..", "ends twice"),
        ("sounds", "alarm", "Speech  is broken.", "a space too many"),
        ("aim", "up", "tilt up.", "begin with a capital"),
        ("sentences", "nobody_in_view", "Nobody. nothing.", "begin with a capital"),
        ("status", "ready", "{where}.", "a brace left"),
        ("counts", "1", "one pers\u200bon", "cannot be seen"),
        ("counts", "2", "two cafe\u0301s", "not in the composed form"),
        ("sentences", "looks_where", "{expression}.", "other placeholders"),
        ("answers", "why", "{expression}, {sureness}.", "other placeholders"),
        ("emotion", "sad", "looks happy", "emotion: 'looks happy' is said twice"),
        ("movement", "sad", "smiling", "movement: 'smiling' is said twice"),
        ("clock", "1", "ahead", "'ahead' is said twice"),
        ("status", "quieter", "Louder.", "'Louder.' is said twice"),
        ("facing", "left", "turned right", "is said twice"),
        ("faults_over", "voice", "The voice stopped.", "'The voice stopped.' is said twice"),
        ("sentences", "no_longer", "{expression}.", "'Smiling.' is said twice"),
        ("movement", "happy", "looks happy", "names a feeling"),
    ],
)
def test_the_linter_catches_a_malformed_sentence(table: str, key: str, phrase: str, mistake: str) -> None:
    language = phrases.load("en", "movement")
    language.tables[table][key] = phrase
    assert any(mistake in each for each in locale_lint.mistakes(language)), locale_lint.mistakes(language)


def test_parts_that_are_too_long_for_a_sentence_begin_another_one() -> None:
    assert EN.join(["one person", "", "on the left", "close", "turned left"]) == (
        "One person, on the left, close, turned left."
    )
    spanish = phrases.load("es").join(["una persona", "a la izquierda", "cerca", "cara hacia la izquierda"])
    assert spanish == "Una persona, a la izquierda, cerca. Cara hacia la izquierda."


def test_an_incomplete_locale_is_refused_with_all_its_mistakes() -> None:
    with pytest.raises(phrases.LocaleError) as caught:
        phrases.parse('voice = "xx"\n[sentences]\nnobody_in_view = "Nobody {who}."\nnothing = "x"', "xx")
    for part in (
        "sentences.arrived is missing",
        "sentences.nothing is unknown",
        "nobody_in_view has an unknown placeholder",
    ):
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


def test_a_fault_is_announced_at_once_then_ever_more_rarely_and_its_end_once() -> None:
    faults = FaultTracker()
    announced_at = [at for at in range(5000) if faults.begin(FaultName.CAMERA, float(at), "gone")]
    assert announced_at == [0, 60, 360, 1260, 2160, 3060, 3960, 4860]
    assert faults.active() == ("camera",)
    (over,) = faults.end(FaultName.CAMERA, 5000.0)
    assert over.is_over
    assert over.name == "camera"
    assert faults.end(FaultName.CAMERA, 5001.0) == ()
    assert faults.active() == ()


def test_nobody_in_view_is_not_announced_while_a_face_is_in_view() -> None:
    scene = Scene(AnnouncementSettings())
    scene.update([Change(1.0, 1, NOBODY, "happy")], [Track(1, face(280))], (480, 640))
    newcomer = [Track(2, face(280))]
    assert scene.update([Change(4.0, 1, "happy", NOBODY)], newcomer, (480, 640)).announcements == ()
    (arrival,) = scene.update([Change(5.0, 2, NOBODY, "happy")], newcomer, (480, 640)).announcements
    assert arrival.sentence == "arrived"
    assert scene.update([], [], (480, 640)).announcements == ()
    scene.update([Change(8.0, 2, "happy", NOBODY)], [Track(3, face(280))], (480, 640))
    (empty,) = scene.update([], [], (480, 640)).announcements  # a track that never had a state has ended too
    assert empty.sentence == "nobody_in_view"


def test_an_expression_that_had_ended_may_be_announced_again() -> None:
    steps = [(1, NOBODY, "happy"), (1, "happy", "fear"), (1, "fear", "happy")]
    assert announced(steps) == ["One person looks happy.", "No longer looking happy.", "Looks happy."]


def test_left_ahead_and_right_are_thirds_of_the_picture() -> None:
    for x, where in ((180, "On the left"), (300, "Ahead"), (460, "On the right")):
        assert (
            announced([(1, NOBODY, "neutral"), (2, NOBODY, "happy")], places={1: 320, 2: x})[1]
            == f"{where}: looks happy."
        )


BUTTONS = ["button", "taste", "botón", "bouton", "botão", "pulsante", "बटन", "ضَغطَة"]


@pytest.mark.parametrize("locale", phrases.known_locales())
def test_how_to_confirm_a_shutdown_holds_for_buttons_and_commands(locale: str) -> None:
    text = phrases.load(locale).status("shutdown_confirm").lower()
    assert [word for word in BUTTONS if word in text] == []


def test_the_phrases_follow_the_settings() -> None:
    expressions = {
        (locale, wording): factory.load_phrases(
            Settings(announcements=AnnouncementSettings(locale=locale, wording=wording))
        ).expression("happy")
        for locale in ("de", "en")
        for wording in ("emotion", "movement")
    }
    assert expressions == {
        ("de", "emotion"): "wirkt fröhlich",
        ("de", "movement"): "lächelt",
        ("en", "emotion"): "looks happy",
        ("en", "movement"): "smiling",
    }


def test_what_a_face_does_stands_apart_from_the_person() -> None:
    english = phrases.load("en", "movement")
    assert english.announcement(Sentence.ARRIVED, expression="surprise") == "One person, eyebrows raised."
    assert (
        english.announcement(Sentence.ARRIVED, expression="happy", where="left") == "One person on the left, smiling."
    )
    assert phrases.load("en").announcement(Sentence.ARRIVED, expression="happy") == "One person looks happy."


def test_a_single_one_has_no_plural() -> None:
    english = phrases.load("en")
    assert english.finding("model", 1) == "The model works, one millisecond a face."
    assert english.finding("model", 2) == "The model works, 2 milliseconds a face."
    assert english.finding("units_restarts", 1) == "The service was restarted once."


def test_every_reason_of_a_skill_has_words_of_that_skill_or_of_all() -> None:
    en = phrases.load("en")
    said = {(reason, skill): en.skill_failure(reason, skill) for reason in REASONS for skill in SkillName}
    assert said["off", SkillName.READ] == "Reading is switched off."
    assert said["missing", SkillName.THINGS] == "Finding things is not set up."
    assert {said["late", skill] for skill in SkillName} == {"That took too long. I gave up."}
    assert en.skill_failure("of another version", "read") == en.skill_failure("failed", "read")
