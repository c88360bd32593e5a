"""What the scene makes of one frame."""

from typing import NamedTuple

from assistant.vision.decisions.announcement_log import Announcement


class SceneUpdate(NamedTuple):
    """The result of one frame."""

    announcements: tuple[Announcement, ...]
    """The new announcements, in the order in which they are to be spoken."""
    deferred: tuple[Announcement, ...]
    """Announcements that the minute does not allow; they are tried again."""
    withdrawn: tuple[int, ...]
    """track_ids, ascending, whose waiting announcements are no longer true."""
    cues: tuple[Announcement, ...] = ()
    """Who has turned to the wearer, or away; they are spoken, or sound, after the others."""
