"""Where friends are kept: a folder that only the service's user may enter, with the list, its copy and the voice tags.

The list is written all or nothing, and twice, with the same content: where one file is damaged the other is used, and
what was forgotten is in neither. There are no pictures, and it is not kept whom the assistant has seen.
"""

import contextlib
import dataclasses
import errno
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from assistant.errors import SkillError
from assistant.skills.friends.friend import Friend
from assistant.skills.friends.friends_file import MAX_BYTES, MAX_FRIENDS, decode, encode, is_same_name, name_mistake
from assistant.system.atomic_files import write_atomically
from assistant.system.friends_folder import MAX_TAG_BYTES, VOICE_TAG
from assistant.system.regular_file import read_bytes

log = logging.getLogger(__name__)

LIST, COPY, LOCK = "friends.json", "friends.copy.json", "lock"
PARTS = (f".{LIST}.", f".{COPY}.")
"""What a power cut may leave of a list that was being written begins with one of these."""


class FriendsFileError(SkillError):
    """The list of friends cannot be read or written; nothing in it was changed."""


class FriendStore:
    """The friends in one folder. Every change is made by one process at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def stamp(self) -> tuple[int, ...]:
        """Changes whenever the list does; costs next to nothing."""
        try:
            about = (self.folder / LIST).stat()
        except OSError:
            return ()
        return about.st_ino, about.st_mtime_ns, about.st_size

    def load(self) -> tuple[Friend, ...]:
        """All friends, in the order in which they were taught. Raises FriendsFileError where both files are damaged, or
        cannot be read."""
        found = [self._content(name) for name in (LIST, COPY)]
        friends = self._newest(found)
        if len(set(found)) > 1:
            self._mend()
        return friends

    def change(self, function: Callable[[tuple[Friend, ...]], Sequence[Friend]]) -> tuple[Friend, ...]:
        """Replace the list by what `function` makes of it, and return that. Raises FriendsFileError."""
        with self._locked():
            friends = tuple(function(self._newest([self._content(name) for name in (LIST, COPY)])))
            self._write(friends)
        return friends

    def add(self, friend: Friend, tag: bytes = b"") -> Friend:
        """Keep a new friend. tag: a WAV file in which somebody says the name. Returns the friend as kept. Raises
        FriendsFileError."""
        if mistake := name_mistake(friend.name):
            raise FriendsFileError(mistake)
        if len(tag) > MAX_TAG_BYTES:
            raise FriendsFileError("the spoken name is too long")
        kept = dataclasses.replace(friend, tag=f"{friend.friend_id}.wav" if tag else "")

        def added(friends: tuple[Friend, ...]) -> Sequence[Friend]:
            if any(is_same_name(each.name, kept.name) for each in friends):
                raise FriendsFileError(f"there is a friend called {kept.name} already; forget or rename that one")
            if len(friends) >= MAX_FRIENDS:
                raise FriendsFileError(f"there are {MAX_FRIENDS} friends already; forget one first")
            if tag:
                self._write_files({self.folder / kept.tag: tag})
            return *friends, kept

        self.change(added)
        return kept

    def replace(self, friend: Friend) -> None:
        """Keep a friend's changed values, e.g. another name, a stricter bar. Raises FriendsFileError, also where the
        friend was forgotten in the meantime."""
        if mistake := name_mistake(friend.name):
            raise FriendsFileError(mistake)

        def replaced(friends: tuple[Friend, ...]) -> Sequence[Friend]:
            if friend.friend_id not in {each.friend_id for each in friends}:
                raise FriendsFileError(f"{friend.name} is no longer a friend")
            if any(is_same_name(each.name, friend.name) and each.friend_id != friend.friend_id for each in friends):
                raise FriendsFileError(f"there is a friend called {friend.name} already")
            return [friend if each.friend_id == friend.friend_id else each for each in friends]

        self.change(replaced)

    def forget(self, friend_id: str) -> None:
        """Forget a friend, in both files, with the voice tag. Raises FriendsFileError."""
        self.change(lambda friends: [each for each in friends if each.friend_id != friend_id])

    def forget_all(self) -> None:
        """Forget everybody, also where the list is damaged, or the card is full. Raises FriendsFileError."""
        with self._locked():
            try:
                self._write(())
            except FriendsFileError:
                self._delete(lambda name: name in (LIST, COPY) or VOICE_TAG.fullmatch(name) is not None)

    def tag_file(self, friend: Friend) -> Path | None:
        """The WAV file in which somebody says the friend's name; None where there is none."""
        file = self.folder / friend.tag
        return file if friend.tag and VOICE_TAG.fullmatch(friend.tag) and file.is_file() else None

    def _content(self, name: str) -> bytes | None:
        """The content of a file; None where it is not there."""
        try:
            return read_bytes(self.folder / name, MAX_BYTES)
        except FileNotFoundError:
            return None
        except OSError as err:
            raise FriendsFileError(f"{self.folder / name}: the friends cannot be read: {err.strerror}") from err

    def _newest(self, found: Sequence[bytes | None]) -> tuple[Friend, ...]:
        """The friends of the first content that is whole; nobody where there are no files."""
        mistakes = []
        for name, content in zip((LIST, COPY), found, strict=True):
            if content is None:
                continue
            try:
                friends = decode(content)
            except ValueError as err:
                mistakes.append(f"{name}: {err}")
            else:
                if mistakes:
                    log.warning("%s: damaged, %s; %s is used", self.folder, mistakes[0], name)
                return friends
        if mistakes:
            raise FriendsFileError(
                f"{self.folder}: the list of friends is damaged, and its copy too ({mistakes[0]}); begin anew with "
                "`emotion-assistant friends forget-all`, then import an export"
            )
        return ()

    def _mend(self) -> None:
        """Make both files the same again, if that is possible: a power cut may have come between them."""
        with contextlib.suppress(FriendsFileError, OSError):
            self.change(lambda friends: friends)

    def _write(self, friends: tuple[Friend, ...]) -> None:
        content = encode(friends)
        self._write_files({self.folder / LIST: content, self.folder / COPY: content})
        kept = {friend.tag for friend in friends}
        self._delete(lambda name: VOICE_TAG.fullmatch(name) is not None and name not in kept)

    def _delete(self, is_unwanted: Callable[[str], bool]) -> None:
        """Delete the files of such names, and what was left of lists that were being written."""
        try:
            for file in self.folder.iterdir():
                if is_unwanted(file.name) or file.name.startswith(PARTS):
                    file.unlink(missing_ok=True)
        except OSError as err:
            raise FriendsFileError(f"{self.folder}: what was forgotten cannot be deleted: {err.strerror}") from err

    def _write_files(self, contents: dict[Path, bytes]) -> None:
        try:
            write_atomically(contents, mode=0o600)
        except OSError as err:
            why = "the card is full" if err.errno in (errno.ENOSPC, errno.EDQUOT) else err.strerror
            raise FriendsFileError(f"{self.folder}: the friends cannot be saved: {why}; nothing was changed") from err

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Nobody else changes the friends meanwhile. Makes the folder. Raises FriendsFileError."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            handle = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as err:
            raise FriendsFileError(f"{self.folder}: the friends cannot be saved: {err.strerror}") from err
        try:
            with contextlib.suppress(ImportError):  # not on Windows
                import fcntl

                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
