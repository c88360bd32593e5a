"""Teaching a friend by ear and button, hearing who is known, and forgetting. See `session.AnswerFunction`.

Nothing is kept of anybody who has not pressed to agree, nor where the wearer or the friend stops: a double press, or no
press in time. What was collected lives in this generator alone until it is saved.
"""

import dataclasses
from collections.abc import Generator, Iterator, Sequence

from assistant.errors import SkillError
from assistant.people import KnownName
from assistant.records import FaultName, Utterance
from assistant.skills.friends import calendar
from assistant.skills.friends.dialogue import OFFER_S, Dialogue, utterance
from assistant.skills.friends.enrolment import Enrolment
from assistant.skills.friends.friend import MIN_VIEWS, ConsentWay, Friend
from assistant.skills.friends.friends_file import MAX_FRIENDS, is_same_name
from assistant.skills.friends.gallery import Gallery
from assistant.skills.friends.name_request import record_voice_tag
from assistant.skills.friends.store import FriendsFileError, FriendStore
from assistant.skills.friends.taught_views import collect
from assistant.skills.friends.thresholds import NameThresholds
from assistant.skills.session import Press, Session, SkillName
from assistant.system.friends_folder import friends_folder

ABOUT_LIMIT_S = 5.0
"""Seconds for the engine to say which recognizer it is."""
OFFERS = ("teach", "list", "forget", "forget_all")
"""What is offered, in this order; each is the argument, too, with which it is done at once."""

Said = Generator[Utterance, None, None]


def teach(session: Session) -> Iterator[Utterance]:
    """Offers to teach a friend, to list the friends, to forget one or all; `session.argument` may be one of OFFERS.
    Lets SkillError pass."""
    folder = friends_folder()
    if folder is None:
        raise SkillError("there is no home, and so no folder for friends")
    dialogue, store = Dialogue(session), FriendStore(folder)
    actions = {"teach": _teach, "list": _list, "forget": _forget_one, "forget_all": _forget_all}
    try:
        if session.argument in actions:
            yield from actions[session.argument](dialogue, store)
            return
        yield from _review(dialogue, store)
        for offer in OFFERS if store.load() else OFFERS[:1]:
            press = yield from dialogue.ask(dialogue.say("menu", offer), OFFER_S)
            if press is Press.YES:
                yield from actions[offer](dialogue, store)
                return
        yield dialogue.say("menu", "over")
    except FriendsFileError as err:
        yield utterance(session.phrases.fault(FaultName.DISK))
        raise SkillError(str(err)) from err


def _teach(dialogue: Dialogue, store: FriendStore) -> Said:
    session, friends = dialogue.session, store.load()
    if len(friends) >= MAX_FRIENDS:
        yield dialogue.say("teach", "full")
        return
    about = session.ask(SkillName.FRIENDS, {"op": "about"}, limit_s=ABOUT_LIMIT_S)
    model, thresholds = str(about["model"]), NameThresholds(float(about["name"]), float(about["maybe"]))
    is_adult = yield from _consent(dialogue)
    if is_adult is None:
        return
    enrolment = Enrolment(Gallery(friends, model, thresholds))
    if not (yield from collect(dialogue, enrolment)):
        yield dialogue.say("teach", "cancelled")
        return
    if (problem := _problem(dialogue, enrolment)) is not None:
        yield problem
        return
    friend = enrolment.friend(
        _free_name(session, friends), model, ConsentWay.BUTTON, calendar.as_text(calendar.today()), is_adult=is_adult
    )
    tag = yield from record_voice_tag(dialogue, store.folder)
    if tag is None:
        yield dialogue.say("teach", "cancelled")
        return
    kept = store.add(friend, tag)
    yield dialogue.say("teach", "saved", kept)
    yield dialogue.say("teach", f"views_{len(kept.views)}")


def _consent(dialogue: Dialogue) -> Generator[Utterance, None, bool | None]:
    """Ask the friend; the generator's value is whether the friend is an adult, None where they did not agree."""
    if (yield from dialogue.tell(dialogue.say("teach", "give"))):
        yield dialogue.say("teach", "cancelled")
        return None
    if (yield from dialogue.ask(dialogue.say("teach", "agree"))) is not Press.YES:
        yield dialogue.say("teach", "refused")
        return None
    press = yield from dialogue.ask(dialogue.say("teach", "adult"))
    if press is None:
        yield dialogue.say("teach", "cancelled")
    elif press is Press.BACK:
        yield dialogue.say("teach", "child")
    return None if press is None else press is Press.YES


def _problem(dialogue: Dialogue, enrolment: Enrolment) -> Utterance | None:
    """Why the views cannot become a friend; None: they can."""
    if len(enrolment.views) < MIN_VIEWS:
        return dialogue.say("teach", "few")
    if enrolment.strangers():
        return dialogue.say("teach", "several")
    known = enrolment.known_as()
    return dialogue.say("teach", "known", known) if known is not None else None


def _free_name(session: Session, friends: Sequence[Friend]) -> str:
    """The first of "Friend 1", "Friend 2" that nobody has, in the wearer's language."""
    form = session.phrases.text("names", "friend")
    names = (session.phrases.capitalize(form.format(number=number)) for number in range(1, MAX_FRIENDS + 2))
    return next(name for name in names if not any(is_same_name(name, friend.name) for friend in friends))


def _list(dialogue: Dialogue, store: FriendStore) -> Said:
    friends = store.load()
    if not friends:
        yield dialogue.say("friends", "none")
    for friend in friends:
        text = dialogue.session.phrases.join([friend.name])
        yield utterance(text, friend.name if friend.tag else "", friend.tag)


def _forget_one(dialogue: Dialogue, store: FriendStore) -> Said:
    for friend in store.load():
        press = yield from dialogue.ask(dialogue.say("friends", "forget", friend), OFFER_S)
        if press is Press.YES:
            yield from _forget(dialogue, store, friend)
            return
    yield dialogue.say("menu", "over")


def _forget(dialogue: Dialogue, store: FriendStore, friend: Friend) -> Said:
    if (yield from dialogue.ask(dialogue.say("friends", "again", friend))) is not Press.YES:
        yield dialogue.say("menu", "over")
        return
    store.forget(friend.friend_id)
    yield dialogue.say("friends", "forgotten", KnownName(friend.name))  # the voice tag is gone with the friend


def _forget_all(dialogue: Dialogue, store: FriendStore) -> Said:
    if (yield from dialogue.ask(dialogue.say("friends", "all_again"))) is not Press.YES:
        yield dialogue.say("menu", "over")
        return
    store.forget_all()
    yield dialogue.say("friends", "all_forgotten")


def _review(dialogue: Dialogue, store: FriendStore) -> Said:
    """Ask of each friend, once a year, whether to keep them; no answer: ask again next time."""
    day = calendar.today()
    for friend in calendar.due_for_review(store.load(), day):
        press = yield from dialogue.ask(dialogue.say("friends", "keep", friend), OFFER_S)
        if press is Press.YES:
            store.replace(dataclasses.replace(friend, kept_on=calendar.as_text(day)))
            yield dialogue.say("friends", "kept", friend)
        elif press is Press.BACK:
            yield from _forget(dialogue, store, friend)
