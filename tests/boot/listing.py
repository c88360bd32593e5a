"""A system's files, to see what an installation left behind."""

import hashlib
import os
import stat
from pathlib import Path

NOT_OURS = (
    "proc", "sys", "dev", "run", "tmp", "mnt", "var/tmp", "srv",  # not kept, or the test's own
    "var/log", "var/cache", "var/lib/systemd", "var/lib/dbus", "etc/machine-id", "etc/localtime",  # what a boot writes
    "etc/.updated", "var/.updated",
    "var/lib/dpkg", "var/lib/apt",  # what apt keeps about itself
    "etc/passwd-", "etc/shadow-", "etc/group-", "etc/gshadow-", "etc/.pwd.lock",  # the last version but one
    "etc/subuid-", "etc/subgid-", "etc/ld.so.cache", "etc/hostname", "etc/resolv.conf", "root",
)  # fmt: skip


def listing(root: Path) -> dict[str, str]:
    """Every file of a system with what it is: mode, owner, and content or target. Folders without their times."""
    found: dict[str, str] = {}
    for folder, names, files in os.walk(root):
        place = Path(folder).relative_to(root)
        names[:] = sorted(name for name in names if str(place / name) not in NOT_OURS and name != "__pycache__")
        for name in [*names, *files]:
            path = Path(folder, name)
            inner = str(path.relative_to(root))
            if inner not in NOT_OURS:
                found[inner] = _what(path)
    return found


def difference(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What is new, gone or changed, one a line."""
    lines = [f"new: {name}" for name in sorted(after.keys() - before.keys())]
    lines += [f"gone: {name}" for name in sorted(before.keys() - after.keys())]
    return lines + [f"changed: {name}" for name in sorted(before) if after.get(name, before[name]) != before[name]]


def _what(path: Path) -> str:
    status = path.lstat()
    what = f"{status.st_mode:o} {status.st_uid} {status.st_gid}"
    if stat.S_ISLNK(status.st_mode):
        return f"{what} {path.readlink()}"
    if stat.S_ISREG(status.st_mode):
        return f"{what} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return what
