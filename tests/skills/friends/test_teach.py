"""Teaching a friend by ear: who agrees is kept, who does not is not, and every step ends."""

import dataclasses
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from assistant import phrases
from assistant.config.settings import Settings
from assistant.errors import SkillError
from assistant.people import PersonView
from assistant.phrases import MAX_WORDS
from assistant.records import CANNOT_TELL, Box, Utterance, UtteranceKind
from assistant.skills.friends import calendar, gates, teach, vocabulary
from assistant.skills.friends.friend import ConsentWay
from assistant.skills.friends.store import FriendStore
from assistant.skills.friends.taught_views import VIEWS_LIMIT_S
from assistant.skills.session import Look, Press, SkillName
from assistant.system.friends_folder import RECORDING
from tests.skills.friends.people import MODEL, direction, friend
from tests.support import locale_lint
from tests.support.scripted_pipeline import with_landmarks

EN = phrases.load("en")
FACE = with_landmarks()
PERSON = PersonView(1, FACE.box, CANNOT_TELL, landmarks=FACE.landmarks)
OTHER = PersonView(2, Box(10, 10, 90, 90), CANNOT_TELL, landmarks=FACE.landmarks)
IMAGE = np.full((480, 640, 3), 128, np.uint8)
YES, BACK = Press.YES, Press.BACK


class TeachSession:
    """Gives each question the next press, and shows always the same people, in views that differ as a head does that
    turns. `press(0)` gives none, as where nobody has pressed before being asked."""

    def __init__(
        self,
        *presses: Press | None,
        argument: str = "teach",
        people: Sequence[PersonView] = (PERSON,),
        views: Callable[[int], NDArray[np.float32]] | None = None,
        has_microphone: bool = False,
        locale: str = "en",
    ) -> None:
        made = Settings()
        self.settings = dataclasses.replace(made, listen=dataclasses.replace(made.listen, enabled=has_microphone))
        self.phrases, self.argument, self.memory = phrases.load(locale), argument, dict[str, Any]()
        self.cancel, self.at, self.looks = threading.Event(), 100.0, 0
        self.presses, self.people = iter(presses), people
        self.views = views or turning

    def now(self) -> float:
        return self.at

    def look(self, after: float | None = None) -> Look:
        self.at = max(self.at, after or 0.0)
        return Look(IMAGE, self.at, tuple(self.people))

    def ask(
        self, skill: SkillName, request: Mapping[str, Any], image: NDArray[np.uint8] | None = None, *, limit_s: float
    ) -> dict[str, Any]:
        assert skill is SkillName.FRIENDS
        about = {"model": MODEL, "name": 0.5, "maybe": 0.4}
        if request["op"] == "about":
            return about
        assert image is not None
        self.looks += 1
        return {**about, "embedding": self.views(self.looks).tolist()}

    def press(self, limit_s: float) -> Press | None:
        if not limit_s:
            return None
        pressed = next(self.presses, None)
        self.at += 0.5 if pressed else limit_s
        return pressed


def turning(number: int) -> NDArray[np.float32]:
    """Views of one person, with cosines of 0.8 among each other."""
    made = np.sqrt(0.8) * direction(0) + np.sqrt(0.2) * direction(number)
    return made.astype(np.float32)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(teach, "friends_folder", lambda: tmp_path / "friends")
    monkeypatch.setattr(gates, "refusal", lambda face, grey, width: None)
    monkeypatch.setattr(gates, "view_quality", lambda face, grey: 1.0)
    monkeypatch.setattr(calendar, "today", lambda: date(2026, 11, 30))
    return tmp_path / "friends"


def said(session: TeachSession) -> list[str]:
    return [each.text for each in teach.teach(session) if isinstance(each, Utterance)]


def test_who_agrees_is_kept_with_five_views_and_how_and_when(folder: Path) -> None:
    texts = said(TeachSession(None, YES, YES))
    assert texts[:3] == [
        "Please give your friend the button.",
        "Do you agree to be recognized? Press once.",
        "An adult? Press once; double for no.",
    ]
    assert "Look at the camera." in texts
    assert texts[-2:] == ["Friend 1 saved.", "Five views."]
    (kept,) = FriendStore(folder).load()
    assert (kept.name, kept.consent, kept.consent_on, kept.is_adult) == (
        "Friend 1", ConsentWay.BUTTON, "2026-11-30", True
    )  # fmt: skip
    assert (len(kept.views), kept.model, kept.tag) == (5, MODEL, "")


def test_a_child_is_taught_with_a_warning(folder: Path) -> None:
    assert "Children and relatives may be confused." in said(TeachSession(None, YES, BACK))
    assert FriendStore(folder).load()[0].is_adult is False


@pytest.mark.parametrize(
    ("presses", "last"),
    [
        ([BACK], "Stopped. Nothing is kept."),
        ([None, None], "Not agreed. Nothing is kept."),
        ([None, BACK], "Not agreed. Nothing is kept."),
        ([None, YES, None], "Stopped. Nothing is kept."),
    ],
)
def test_nothing_is_kept_where_somebody_stops_or_does_not_press(
    folder: Path, presses: list[Press | None], last: str
) -> None:
    session = TeachSession(*presses)
    assert said(session)[-1] == last
    assert session.looks == 0
    assert not FriendStore(folder).load()


def test_a_double_press_while_looking_stops_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = TeachSession(None, YES, YES)
    pressed = session.press
    monkeypatch.setattr(
        session, "press", lambda limit_s: BACK if not limit_s and session.looks >= 2 else pressed(limit_s)
    )
    assert said(session)[-1] == "Stopped. Nothing is kept."
    assert not FriendStore(folder).load()


def test_a_press_before_the_question_is_no_consent(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session, early = TeachSession(None, None), [YES, YES]
    pressed = session.press
    monkeypatch.setattr(
        session, "press", lambda limit_s: (early.pop() if early else None) if not limit_s else pressed(limit_s)
    )
    assert said(session)[-1] == "Not agreed. Nothing is kept."


def test_a_head_that_does_not_move_is_told_to_and_the_looking_ends(folder: Path) -> None:
    session = TeachSession(None, YES, YES, views=lambda number: direction(0))
    texts = said(session)
    assert "Move your head a little." in texts
    assert texts[-1] == "Too few good views. Nothing is kept."
    assert session.at < 200 + VIEWS_LIMIT_S
    assert not FriendStore(folder).load()


@pytest.mark.parametrize(("people", "advice"), [((), "I see no face."), ((PERSON, OTHER), "Only one person, please.")])
def test_advice_says_what_is_wrong(people: tuple[PersonView, ...], advice: str) -> None:
    texts = said(TeachSession(None, YES, YES, people=people))
    assert advice in texts
    assert texts[-1] == "Too few good views. Nothing is kept."


def test_too_dark_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "refusal", lambda face, grey, width: gates.Refusal.DARK)
    assert "Too dark." in said(TeachSession(None, YES, YES))


def test_advice_leaves_time_to_follow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "refusal", lambda face, grey, width: gates.Refusal.DARK)
    texts = said(TeachSession(None, YES, YES))
    assert texts.count("Too dark.") <= VIEWS_LIMIT_S / 2


def test_views_of_two_people_are_refused(folder: Path) -> None:
    texts = said(TeachSession(None, YES, YES, views=direction))
    assert texts[-1] == "The views show different people. Nothing is kept."
    assert not FriendStore(folder).load()


def test_who_is_a_friend_already_is_told(folder: Path) -> None:
    FriendStore(folder).add(friend(0, "Anna"))
    assert said(TeachSession(None, YES, YES))[-1] == "I know this friend already: Anna."
    assert len(FriendStore(folder).load()) == 1


def test_with_a_microphone_the_name_is_recorded(folder: Path) -> None:
    heard: list[Utterance] = []
    for each in teach.teach(TeachSession(None, YES, YES, has_microphone=True)):
        assert isinstance(each, Utterance)
        heard.append(each)
        if each.kind is UtteranceKind.NAME_REQUEST:
            folder.mkdir(exist_ok=True)
            (folder / RECORDING).write_bytes(b"RIFF")
    (kept,) = FriendStore(folder).load()
    assert (folder / kept.tag).read_bytes() == b"RIFF"
    assert not (folder / RECORDING).exists()
    saved = next(each for each in heard if each.text.endswith("saved."))
    assert (saved.spoken_name, saved.name_sound) == ("Friend 1", kept.tag)


def test_where_nothing_is_recorded_the_friend_has_a_number(folder: Path) -> None:
    assert said(TeachSession(None, YES, YES, has_microphone=True))[-2] == "Friend 1 saved."
    assert FriendStore(folder).load()[0].tag == ""


def test_the_menu_offers_one_thing_after_the_other(folder: Path) -> None:
    FriendStore(folder).add(friend(0, "Anna"))
    texts = said(TeachSession(None, BACK, None, None, argument=""))
    assert texts == [
        "Teach a friend? Ask them first. Press once.",
        "Hear your friends? Press once.",
        "Forget one friend? Press once.",
        "Forget all friends? Press once.",
        "Nothing was changed.",
    ]
    assert said(TeachSession(None, YES, argument=""))[-1] == "Anna."


def test_the_friends_are_told(folder: Path) -> None:
    assert said(TeachSession(argument="list")) == ["No friends are saved."]
    FriendStore(folder).add(friend(0, "Anna"))
    FriendStore(folder).add(friend(1, "Ben"))
    assert said(TeachSession(argument="list")) == ["Anna.", "Ben."]


def test_one_is_forgotten_after_two_presses(folder: Path) -> None:
    for number, name in enumerate(("Anna", "Ben")):
        FriendStore(folder).add(friend(number, name))
    assert said(TeachSession(None, YES, None, argument="forget"))[-1] == "Nothing was changed."
    assert len(FriendStore(folder).load()) == 2
    assert said(TeachSession(None, YES, YES, argument="forget"))[-1] == "Ben is forgotten."
    assert [each.name for each in FriendStore(folder).load()] == ["Anna"]


def test_all_are_forgotten_after_one_more_press(folder: Path) -> None:
    FriendStore(folder).add(friend(0, "Anna"))
    assert said(TeachSession(None, argument="forget_all"))[-1] == "Nothing was changed."
    assert said(TeachSession(YES, argument="forget_all"))[-1] == "All friends are forgotten."
    assert not FriendStore(folder).load()


def test_once_a_year_it_is_asked_whether_a_friend_is_to_be_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FriendStore(folder).add(friend(0, "Anna"))
    assert "Keep Anna? Press once." not in said(TeachSession(argument=""))
    monkeypatch.setattr(calendar, "today", lambda: date(2027, 12, 1))
    assert said(TeachSession(YES, argument=""))[:2] == ["Keep Anna? Press once.", "Anna is kept."]
    assert "Keep Anna? Press once." not in said(TeachSession(argument=""))
    monkeypatch.setattr(calendar, "today", lambda: date(2028, 12, 3))
    assert said(TeachSession(BACK, YES, argument=""))[2] == "Anna is forgotten."


def test_a_recognizer_that_is_missing_is_told_before_anybody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    session = TeachSession()

    def fails(*given: object, **named: object) -> dict[str, Any]:
        raise SkillError("no weights", "missing")

    monkeypatch.setattr(session, "ask", fails)
    with pytest.raises(SkillError):
        said(session)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([YES, BACK, None]), max_size=12), st.sampled_from(["", *teach.OFFERS]))
def test_whatever_is_pressed_it_ends_and_keeps_only_who_agreed(presses: list[Press | None], argument: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setattr(teach, "friends_folder", lambda: Path(home) / "friends")
        session = TeachSession(*presses, argument=argument)
        texts = said(session)
        assert session.at < 100 + 300  # the limit of the question
        kept = FriendStore(Path(home) / "friends").load()
        assert bool(kept) == ("Friend 1 saved." in texts)
        assert not kept or YES in presses


LOCALES = phrases.known_locales()


def lines(locale: str) -> Iterator[str]:
    for table, texts in vocabulary.load(locale).tables.items():
        for key in texts:
            named = {"name": "Anna Maria"} if "{name}" in texts[key] else {}
            yield vocabulary.load(locale).text(table, key, **named)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_sentence_is_short_and_says_nobodys_sex(locale: str) -> None:
    core = phrases.load(locale)
    language = locale_lint.Language.of(core)
    about_names = {"name", "namen", "nombre", "nom", "nome", "नाम", "اسم"}
    for text in lines(locale):
        for part in text.replace("?", f"{core.stop}").replace("؟", core.stop).split(core.stop):
            assert len(part.split()) <= MAX_WORDS, part
        assert not (locale_lint.tokens(text) & language.never) - about_names, text
        assert text.endswith((core.stop, "?", "؟")), text


@pytest.mark.parametrize("locale", LOCALES)
def test_no_two_sentences_are_alike(locale: str) -> None:
    tables = vocabulary.load(locale).tables
    for table in ("menu", "teach", "refusals", "friends"):
        assert len(set(tables[table].values())) == len(tables[table])
