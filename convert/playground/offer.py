"""What one start of the playground offers beside the shipped models and the demo."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from convert.scenarios.script import folder


@dataclass(frozen=True)
class Offer:
    """Files of one's own."""

    models: Sequence[str] = ()
    """Paths of .tflite files, or names of shipped models; the first one is chosen at the beginning."""
    yunet: Path | None = None
    """The file of the detector YuNet."""
    scenes: Path | None = None
    """A folder of scenes, each a clip with its truth.json."""

    def scene_clips(self) -> dict[str, str]:
        """The clips of the scenes: their names, and their paths. Raises DatasetError."""
        return {each.truth.name: str(each.path) for each in folder.read(self.scenes)} if self.scenes else {}
