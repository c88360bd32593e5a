"""YuNet and a mini-Xception by OpenCV: what a maker would write without a framework."""

import cv2
from driver import changes, largest

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
LONG_SIDE = 320


class Reader:
    """The networks. yunet, mini_xception: their files."""

    def __init__(self, yunet, mini_xception):
        self.detector = cv2.FaceDetectorYN.create(yunet, "", (LONG_SIDE, LONG_SIDE))
        self.network = cv2.dnn.readNetFromTFLite(mini_xception)

    def play(self, frames):
        return changes([largest(self.faces(image)) for image, _ in frames])

    def faces(self, image):
        """Area and label of each face of a picture."""
        scale = LONG_SIDE / max(image.shape[:2])
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        self.detector.setInputSize((small.shape[1], small.shape[0]))
        _, found = self.detector.detect(small)
        read = []
        for box in [] if found is None else found:
            x, y, w, h = (max(0, round(float(each) / scale)) for each in box[:4])
            crop = image[y : y + h, x : x + w]
            if not crop.size:
                continue
            face = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), (64, 64))
            self.network.setInput(cv2.dnn.blobFromImage(face, 1 / 127.5, (64, 64), 127.5))
            read.append((w * h, LABELS[int(self.network.forward().argmax())]))
        return read
