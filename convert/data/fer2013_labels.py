"""The classes and splits of FER-2013 and FER+, and the error of all data sets."""

from assistant.errors import AssistantError

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""FER-2013's seven classes, in the order of its label column."""

FERPLUS_LABELS = ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear", "contempt")
"""FER+'s eight classes, in the order of its vote columns, by the names that this project uses."""

SPLITS = ("Training", "PublicTest", "PrivateTest")
"""Names of the splits, as in the column "Usage"."""


class DatasetError(AssistantError):
    """A data set that is missing or invalid."""
