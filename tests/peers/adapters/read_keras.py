"""The way of older projects: OpenCV's cascade, and `model.predict` on each face. Argument: a recipe of this checkout.

The weights are random: the time does not depend on them, the labels mean nothing and are not counted.
"""

from pathlib import Path

import cv2
import numpy as np

from convert.expression import networks, recipe


class Reader:
    """The cascade, and the network of a recipe."""

    def __init__(self, file):
        self.cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
        made = recipe.read(Path(file))
        self.side, self.network = made.input_format.side, networks.of_recipe(made)

    def play(self, frames):
        for image, _ in frames:
            grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
            for x, y, w, h in self.cascade.detectMultiScale(grey, 1.3, 5):
                face = cv2.resize(grey[y : y + h, x : x + w], (self.side, self.side)).astype(np.float32) / 255
                self.network.predict(face[None, :, :, None], verbose=0)
