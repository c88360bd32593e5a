"""`emotion-assistant friends`: teaches friends, lists, renames and forgets them, and moves them to another box.

As root on a device it works on the service's friends, with the rights of the service's user; else on the user's own.
"""

import argparse
import contextlib
import dataclasses
import difflib
import getpass
import hashlib
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.app.exit_codes import EXIT_ERROR
from assistant.app.spoken_text import spoken
from assistant.config.settings import Settings
from assistant.errors import SkillError, printable
from assistant.phrases import load as load_locale
from assistant.skills.friends import calendar, transfer, vocabulary
from assistant.skills.friends.friend import ConsentWay, Friend
from assistant.skills.friends.friends_file import is_same_name, name_mistake
from assistant.skills.friends.store import FriendsFileError, FriendStore
from assistant.system.account import Account, account_of_service, acting_as
from assistant.system.friends_folder import SYSTEM_FOLDER, friends_folder

if TYPE_CHECKING:
    from assistant.skills.friends.gates import Refusal
    from assistant.skills.friends.view_collector import ViewCollector

CONSENT = (
    "{name}, may this box recognize you? It keeps numbers computed from your face, and no picture; it tells its wearer "
    "your name. You can have it forgotten at any time."
)


class FriendsCommand:
    """One call of the command. ask(question): a line that is typed; empty at the end of the input. say(text): speaks
    a text in the wearer's language, where that is possible; what it means is printed too."""

    def __init__(
        self,
        settings: Settings,
        store: FriendStore,
        account: Account | None = None,
        ask: Callable[[str], str] | None = None,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        """account: whose rights the store needs; None: those of this process."""
        self._settings, self._store, self._account = settings, store, account
        self._ask, self._say = ask or typed, say
        self._words = vocabulary.load(settings.announcements.locale)

    def run(self, options: argparse.Namespace) -> int:
        """Carry out the action; returns the exit code. Raises SkillError."""
        action: Callable[[argparse.Namespace], int] = {
            "add": self._add, "list": self._list, "rename": self._rename, "forget": self._forget,
            "forget-all": self._forget_all, "export": self._export, "import": self._import,
        }[options.action]  # fmt: skip
        return action(options)

    def _friends(self) -> tuple[Friend, ...]:
        with acting_as(self._account):
            return self._store.load()

    def _named(self, name: str) -> Friend:
        friends = self._friends()
        for friend in friends:
            if is_same_name(friend.name, name):
                return friend
        names = [friend.name for friend in friends]
        near = difflib.get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names) or 'none'}"
        raise SkillError(f"no friend is called {printable(name)}; {hint}")

    def _add(self, options: argparse.Namespace) -> int:
        from assistant.skills.friends.enrolment import Enrolment
        from assistant.skills.friends.gallery import Gallery
        from assistant.skills.friends.recognizer import open_recognizer
        from assistant.skills.friends.view_collector import open_collector
        from assistant.skills.friends.weights import recognizer_file

        if mistake := name_mistake(options.name):
            raise SkillError(mistake)
        if any(is_same_name(friend.name, options.name) for friend in self._friends()):
            raise SkillError(f"there is a friend called {options.name} already; forget or rename that one")
        recognizer = open_recognizer(recognizer_file(self._settings))
        consent = self._consent(options)
        if consent is None:
            print(f"{options.name} did not agree: nothing was kept")
            return EXIT_ERROR
        enrolment = Enrolment(Gallery(self._friends(), recognizer.sha256, recognizer.thresholds))
        self._collect(options, open_collector(self._settings, recognizer, enrolment))
        is_adult = self._is_adult(options)
        day = calendar.as_text(calendar.today())
        friend = enrolment.friend(options.name, recognizer.sha256, consent, day, is_adult=is_adult)
        with acting_as(self._account):
            self._store.add(friend)
        print(f"{friend.name} saved. {len(friend.views)} views.", flush=True)
        self._say(self._words.text("teach", "saved", name=friend.name))
        if is_adult is False:
            print("children change within months, and brothers and sisters are confused: teach them anew now and then")
        if not self._settings.friends.enabled:
            print("friends.enabled is false in the settings: nobody is named until it is true")
        return 0

    def _collect(self, options: argparse.Namespace, collector: "ViewCollector") -> None:
        from assistant.app import friends_views

        if options.pictures is not None:
            friends_views.collect_pictures(collector, options.pictures, print)
        elif options.clip is not None:
            friends_views.collect_clip(collector, options.clip, self._settings, print)
        else:
            friends_views.collect_camera(collector, self._settings, self._advise)

    def _advise(self, line: str, refused: "Refusal | None") -> None:
        print(line, flush=True)
        if refused is not None:
            self._say(self._words.text("refusals", refused))

    def _consent(self, options: argparse.Namespace) -> ConsentWay | None:
        """How the friend agreed; None: not."""
        if options.they_agreed:
            return ConsentWay.SAID_BY_USER
        if options.pictures is not None or options.clip is not None:
            options.usage_error("pictures and clips need --they-agreed: have you asked this person?")
        print(CONSENT.format(name=options.name), flush=True)
        self._say(self._words.text("teach", "agree_aloud"))
        return ConsentWay.TERMINAL if self._is_yes(f"Has {options.name} agreed? Type yes: ") else None

    def _is_adult(self, options: argparse.Namespace) -> bool | None:
        if options.adult:
            return bool(options.adult == "yes")
        answer = self._ask("An adult? Type yes or no: ").strip().casefold()
        return {"yes": True, "y": True, "no": False, "n": False}.get(answer)

    def _list(self, options: argparse.Namespace) -> int:
        friends = self._friends()
        model = self._model()
        for friend in friends:
            age = {True: "an adult", False: "a child", None: "age not told"}[friend.is_adult]
            when = f" on {friend.consent_on}" if friend.consent_on else ""
            parts = [age, f"{len(friend.views)} views", f"agreed{when} ({friend.consent})"]
            parts += ["has a spoken name"] if friend.tag else []
            parts += ["stricter since a wrong name"] if friend.is_strict else []
            parts += ["another face recognizer is used now: teach anew"] if model not in ("", friend.model) else []
            print(f"{friend.name}: {', '.join(parts)}")
        if not friends:
            print("no friends; `emotion-assistant friends add NAME` teaches one")
        return 0

    def _model(self) -> str:
        """SHA-256 of the recognizer that is used; empty where there is none."""
        from assistant.skills.friends.weights import recognizer_file

        with contextlib.suppress(SkillError, OSError):
            return hashlib.sha256(recognizer_file(self._settings).read_bytes()).hexdigest()
        return ""

    def _rename(self, options: argparse.Namespace) -> int:
        friend = self._named(options.name)
        with acting_as(self._account):
            self._store.replace(dataclasses.replace(friend, name=options.new_name))
        print(f"{friend.name} is now {options.new_name}.", flush=True)
        return 0

    def _forget(self, options: argparse.Namespace) -> int:
        friend = self._named(options.name)
        if not options.yes and not self._is_yes(f"Forget {friend.name}? Type yes: "):
            return self._unchanged()
        with acting_as(self._account):
            self._store.forget(friend.friend_id)
        print(f"{friend.name} is forgotten.", flush=True)
        self._say(self._words.text("friends", "forgotten", name=friend.name))
        return 0

    def _forget_all(self, options: argparse.Namespace) -> int:
        if not options.yes and not self._is_yes("Forget all friends? Type yes: "):
            return self._unchanged()
        with acting_as(self._account):
            self._store.forget_all()
        print("All friends are forgotten.", flush=True)
        self._say(self._words.text("friends", "all_forgotten"))
        return 0

    def _export(self, options: argparse.Namespace) -> int:
        with acting_as(self._account):
            exported = [
                transfer.Exported(friend, tag.read_bytes() if (tag := self._store.tag_file(friend)) else b"")
                for friend in self._store.load()
            ]
        if not exported:
            raise SkillError("there are no friends to export")
        passphrase = self._passphrase("Passphrase: ")
        if passphrase != self._passphrase("The same again: "):
            raise SkillError("the passphrases differ; nothing was written")
        transfer.write_export(options.file, exported, passphrase)
        print(f"{len(exported)} friends are in {options.file}, encrypted; without the passphrase it is of no use")
        return 0

    def _import(self, options: argparse.Namespace) -> int:
        exported = transfer.read_export(options.file, self._passphrase("Passphrase: "))
        model, failed = self._model(), 0
        for each in exported:
            try:
                with acting_as(self._account):
                    self._store.add(each.friend, each.tag)
            except FriendsFileError as err:
                print(f"emotion-assistant: {err}", file=sys.stderr)
                failed += 1
                continue
            again = "" if model in ("", each.friend.model) else "; another face recognizer is used here: teach anew"
            print(f"{each.friend.name} was added{again}")
        return EXIT_ERROR if failed else 0

    def _is_yes(self, question: str) -> bool:
        return self._ask(question).strip().casefold() in ("yes", "y")

    def _unchanged(self) -> int:
        print("nothing was changed")
        return EXIT_ERROR

    def _passphrase(self, question: str) -> str:
        return getpass.getpass(question) if sys.stdin.isatty() else self._ask("")


def typed(question: str) -> str:
    """A line that is typed; empty at the end of the input."""
    try:
        return input(question)
    except EOFError:
        print()
        return ""


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Carry out `emotion-assistant friends`; returns the exit code. Raises SkillError."""
    account = account_of_service()
    folder = friends_folder(of_service=account is not None)
    if folder is None:
        raise FriendsFileError("there is no folder for friends: HOME is not set")
    if account is None and not folder.exists() and SYSTEM_FOLDER.exists():
        raise FriendsFileError(f"the friends are in {SYSTEM_FOLDER}, which only the service may enter; use sudo")
    if account is not None:
        _make_folder(account)
    phrases = load_locale(settings.announcements.locale)
    with spoken(settings, phrases.voice) as say:
        return FriendsCommand(settings, FriendStore(folder), account, say=say).run(options)


def _make_folder(account: Account) -> None:
    """The service's folder, which its units make at their first start."""
    with contextlib.suppress(FileExistsError):
        SYSTEM_FOLDER.mkdir(mode=0o700)
        os.chown(SYSTEM_FOLDER, account.uid, account.gid)
