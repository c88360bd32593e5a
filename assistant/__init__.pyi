from assistant.app.api import watch as watch
from assistant.app.api import with_source as with_source
from assistant.app.replay import AnnouncementOutcome as AnnouncementOutcome
from assistant.app.replay import AnswerOutcome as AnswerOutcome
from assistant.app.replay import ReplaySummary as ReplaySummary
from assistant.app.replay import replay as replay
from assistant.config.settings import Settings as Settings
from assistant.config.settings_file import load_settings as load_settings
from assistant.config.settings_file import parse_settings as parse_settings
from assistant.errors import AssistantError as AssistantError
from assistant.errors import CameraError as CameraError
from assistant.errors import ConfigError as ConfigError
from assistant.errors import ModelError as ModelError
from assistant.records import Box as Box
from assistant.records import Change as Change
from assistant.records import Face as Face
from assistant.records import Fate as Fate
from assistant.records import Frame as Frame
from assistant.records import Reading as Reading
from assistant.records import Track as Track
from assistant.records import Utterance as Utterance
from assistant.vision.cameras import Camera as Camera
from assistant.vision.cameras import open_camera as open_camera
from assistant.vision.factory import make_pipeline as make_pipeline
from assistant.vision.pipeline import Pipeline as Pipeline
from assistant.vision.step import Step as Step

__version__: str

__all__ = [
    "AnnouncementOutcome", "AnswerOutcome", "AssistantError", "Box", "Camera", "CameraError", "Change",
    "ConfigError", "Face", "Fate", "Frame", "ModelError", "Pipeline", "Reading", "ReplaySummary", "Settings",
    "Step", "Track", "Utterance", "load_settings", "make_pipeline", "open_camera", "parse_settings", "replay",
    "watch", "with_source",
]  # fmt: skip
