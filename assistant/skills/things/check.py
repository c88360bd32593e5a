"""What `doctor` checks of the things: quick, and without loading the detector."""

from importlib.util import find_spec

from assistant.config.settings import Settings
from assistant.errors import SkillError
from assistant.skills.things import nanodet, yolox
from assistant.skills.things.weights import detector_file, read_known


def check(settings: Settings) -> None:
    """Raises SkillError where the detector's file is missing or another, or its library is not installed."""
    path = detector_file(settings)
    if path.suffix != ".param":
        read_known(path, yolox.SHA256)
        return
    read_known(path, nanodet.SHA256)
    read_known(path.with_suffix(".bin"), nanodet.WEIGHTS_SHA256)
    if find_spec("ncnn") is None:
        raise SkillError(nanodet.NOT_INSTALLED, "missing")
