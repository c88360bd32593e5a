"""The package `fer` as its documentation calls it. Argument: haar or mtcnn."""

from driver import changes, largest
from fer.fer import FER


class Reader:
    """Its detector, and its network as TensorFlow Lite."""

    def __init__(self, detector):
        self.fer = FER(mtcnn=detector == "mtcnn")

    def play(self, frames):
        return changes([largest(self.faces(image)) for image, _ in frames])

    def faces(self, image):
        """Area and label of each face of a picture."""
        return [
            (each["box"][2] * each["box"][3], max(each["emotions"], key=each["emotions"].get))
            for each in self.fer.detect_emotions(image)
        ]
