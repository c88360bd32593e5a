"""This program, by its public interface: a camera of ours gives the frames to `replay`."""

from assistant import AnnouncementOutcome, Frame, Settings, make_pipeline, replay


class GivenFrames:
    """A camera that gives frames as they are asked for."""

    is_live = False

    def __init__(self, frames):
        self.frames, self.seq = iter(frames), 0

    def read(self):
        """The next frame."""
        image, at = next(self.frames, (None, 0.0))
        self.seq += 1
        return None if image is None else Frame(image, at, self.seq)

    def close(self):
        """Nothing is open."""


class Reader:
    """Default settings; each scene has a pipeline of its own, which is made before its time begins."""

    def __init__(self):
        self.settings = Settings()
        self.pipeline = make_pipeline(self.settings)

    def play(self, frames):
        """Announcements that are begun to be spoken."""
        pipeline, self.pipeline = self.pipeline or make_pipeline(self.settings), None
        outcomes = replay(GivenFrames(frames), pipeline, self.settings)
        said = [each for each in outcomes if isinstance(each, AnnouncementOutcome)]
        return sum(each.started_at is not None for each in said)
