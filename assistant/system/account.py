"""The account of another user, with whose rights child processes can be started: a service may read less than root."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from typing import Any

from assistant.dataclass import dataclass

USER = "emotion-assistant"
"""The user of both units, see systemd/emotion-assistant.sysusers."""


@dataclass(frozen=True)
class Account:
    """A user of the system and the groups that the user is in."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str

    @staticmethod
    def find(name: str) -> "Account | None":
        """The account of that name; None where there is none, or the system has no such accounts."""
        try:
            import pwd

            entry = pwd.getpwnam(name)
        except (ImportError, KeyError):
            return None
        groups = tuple(os.getgrouplist(name, entry.pw_gid))
        return Account(name, entry.pw_uid, entry.pw_gid, groups, entry.pw_dir)

    def popen_options(self, environment: Mapping[str, str] | None) -> dict[str, Any]:
        """Arguments of `subprocess.Popen` that start a child process with this account's rights and home."""
        own = {**(os.environ if environment is None else environment), "HOME": self.home, "USER": self.name}
        own.pop("XDG_RUNTIME_DIR", None)  # it holds the socket of this user's sound server
        return {"user": self.uid, "group": self.gid, "extra_groups": list(self.groups), "env": own}


def account_of_service() -> Account | None:
    """The service's account, where this process is root and the assistant is installed as a service; else None."""
    return Account.find(USER) if hasattr(os, "geteuid") and os.geteuid() == 0 else None


@contextlib.contextmanager
def acting_as(account: Account | None) -> Iterator[None]:
    """Until the end of the block, this process opens and makes files with that account's rights; None: with its own.

    Only root may give an account. The whole process changes, so no other thread may be opening files meanwhile.
    """
    if account is None:
        yield
        return
    groups, gid = os.getgroups(), os.getegid()
    try:
        os.setgroups(account.groups)
        os.setegid(account.gid)
        os.seteuid(account.uid)
        yield
    finally:
        os.seteuid(os.getuid())
        os.setegid(gid)
        os.setgroups(groups)


_accounts: list[Account | None] = [None]
"""The accounts of the nested blocks of `children_as`; the last one counts."""


@contextlib.contextmanager
def children_as(account: Account | None) -> Iterator[None]:
    """Until the end of the block, child processes of this package run with that account's rights; None: with those
    of this process.

    Only root may give an account.
    """
    _accounts.append(account)
    try:
        yield
    finally:
        _accounts.pop()


def popen_options(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Arguments of `subprocess.Popen` for a child process with that environment; None: this process's."""
    account = _accounts[-1]
    return {"env": environment} if account is None else account.popen_options(environment)
