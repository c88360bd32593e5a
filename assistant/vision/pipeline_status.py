"""The state of a pipeline, for whoever announces what does not work."""

from assistant.dataclass import dataclass
from assistant.vision.readings import ModelFailure


@dataclass(frozen=True)
class PipelineStatus:
    """The state of a pipeline at one moment."""

    is_lens_covered: bool
    """The assistant pauses."""
    has_classifier: bool
    """Whether expressions are classified; without a model people are still announced."""
    model_failure: ModelFailure | None
    """Set while the expression classifier returns no probabilities."""
    has_occlusion_classifier: bool
    """Whether faces are checked for occlusions."""
    occlusion_error: str
    """Why the last face could not be checked for an occlusion; empty if it could."""
    partner: int | None
    """track_id of the conversation partner; None where there is none."""
    people_count: int
    """How many people have been in view for at least a second so far."""
    has_names: bool = False
    """Whether friends are to be recognized."""
    names_error: str = ""
    """Why they cannot be; empty where they can."""
