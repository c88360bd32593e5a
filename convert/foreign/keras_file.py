"""A foreign classifier in a .keras or .h5 file, and what TensorFlow Lite makes of it. The file is not trusted: layers
that bring code along are refused before Keras sees them, and Keras builds the rest in its safe mode."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelError
from assistant.vision.faces.input_format import OWN_FORMAT, InputFormat
from assistant.vision.inference.model_file import MAX_BYTES
from assistant.vision.inference.runtime import quiet_stderr
from convert.foreign import older_keras
from convert.foreign.network import Network
from convert.training import keras_config

BATCH_PIXELS = 64 * 128**2
"""Pixels of the pictures that a network is given at once: their feature maps take a few hundred MB."""


def load(file: Path) -> Network:
    """The classifier in a .keras or .h5 file. Raises ModelError, in one line, for a file that is none or that must not
    be loaded."""
    about = keras_config.inspect(file)
    with quiet_stderr():
        import keras
    model = _built(file, about)
    inputs, outputs = getattr(model, "inputs", None), getattr(model, "outputs", None)
    if not inputs or not outputs:
        raise ModelError(f"{file}: has no input shape yet; call the model once on pictures, and save it again")
    if len(inputs) != 1 or len(outputs) != 1:
        raise ModelError(
            f"{file}: has {len(inputs)} inputs and {len(outputs)} outputs; the assistant takes one of each"
        )
    shape, output = tuple(inputs[0].shape)[1:], tuple(outputs[0].shape)[1:]
    if len(output) != 1 or output[0] is None:
        raise ModelError(f"{file}: gives {list(output)}; the assistant takes one number for each class")

    def predict(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(keras.ops.convert_to_numpy(model.predict_on_batch(values)), np.float32)

    pixels = (shape[0] or OWN_FORMAT.side) * (shape[1] or OWN_FORMAT.side) if len(shape) == 3 else 1
    form = f"Keras {about.version}".strip() if about.version else "Keras"
    return Network(file, form, shape, int(output[0]), predict, max(1, BATCH_PIXELS // pixels), model=model)


def _built(file: Path, about: keras_config.About) -> Any:
    """The model that Keras builds of a file, in its safe mode. Raises ModelError."""
    import keras

    try:
        with quiet_stderr():
            if not about.is_h5:
                return keras.saving.load_model(file, compile=False, safe_mode=True)
            return _of_h5(file)
    except (MemoryError, ModelError):
        raise
    except Exception as err:  # a file of somebody else's: any of Keras's, h5py's and NumPy's exceptions
        reason = " ".join(str(err).split()) or type(err).__name__
        written = f" (Keras {about.version} wrote it)" if about.version else ""
        raise ModelError(
            f"{file}: Keras {keras.__version__} cannot build it{written}: {reason[:250]}; save it as .keras with "
            "Keras 3, or export a .tflite, in the program that made it"
        ) from err


def _of_h5(file: Path) -> Any:
    """The model of an .h5 file, by a copy of it with a configuration that Keras 3 builds."""
    import h5py
    import keras

    class ReversedChannels(keras.layers.Layer):
        """Red, green and blue the other way round."""

        def call(self, pixels: Any) -> Any:
            return keras.ops.flip(pixels, axis=-1)

    with tempfile.TemporaryDirectory() as folder:
        changed = Path(folder) / "model.h5"
        shutil.copyfile(file, changed)
        with h5py.File(changed, "r+") as held:
            config = json.loads(held.attrs["model_config"])
            held.attrs["model_config"] = json.dumps(older_keras.modernized(config, str(file)))
        known = {older_keras.REVERSED: ReversedChannels}
        return keras.saving.load_model(changed, custom_objects=known, compile=False, safe_mode=True)


def to_tflite(
    network: Network, input_format: InputFormat, crops: NDArray[np.uint8] | None, *, has_logits: bool
) -> bytes:
    """The .tflite file of a Keras network, with a softmax behind logits: int8, calibrated on crops uint8
    [N, *crop_shape], or float32 where these are None. Raises ModelError."""
    import keras

    from convert.tflite import export

    pixels = keras.Input((input_format.side, input_format.side, input_format.channels), batch_size=1, name="face")
    try:
        scores = network.model(pixels, training=False)
        scores = keras.layers.Softmax(dtype="float32")(scores) if has_logits else scores
        content = export.to_tflite(keras.Model(pixels, scores), crops, input_format)
    except Exception as err:  # TensorFlow's converter raises many, with pages of text
        reason = " ".join(str(err).split())[:200]
        advice = "" if crops is None else "; --float keeps it float32"
        raise ModelError(f"{network.file}: TensorFlow Lite cannot hold it: {reason}{advice}") from err
    if len(content) > MAX_BYTES:
        size = f"{len(content) / 1e6:.0f} MB"
        raise ModelError(f"{network.file}: makes a file of {size}; the assistant takes up to {MAX_BYTES >> 20} MiB")
    return content
