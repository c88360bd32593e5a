"""Training of the occlusion classifier (`models/face-cover-int8.tflite`), a small network.

A fifth of the people and pictures is held out for the figures in its model card.
"""

import dataclasses
import math
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from assistant.system.atomic_files import write_atomically
from assistant.vision.faces import preprocess
from assistant.vision.inference import occlusion
from convert.data.boxes import DATASET_TERMS
from convert.face_occlusion import dataset
from convert.face_occlusion.dataset import MAX_PICTURES, OcclusionCrops
from convert.tflite import card_file
from convert.tflite.export import check_int8, to_tflite
from convert.training import backbones, optimizers
from convert.training.augment import Augment
from convert.training.equivariance import make_equivariant
from convert.training.loop import progress_callbacks, verbosity
from convert.training.recipe_file import AugmentConfig, Schedule

HELD_OUT_SHARE = 0.2
"""Share of the people and pictures that is held out."""
NETWORK: dict[str, Any] = {"widths": (16, 32, 64, 128), "convs": (1, 2, 2, 2), "separable": True}
"""Arguments of `backbones.plain`."""
DROPOUT = 0.2
AUGMENTATION = AugmentConfig(
    rotation_deg=8.0, zoom=0.1, shift=0.05, contrast=0.4, brightness=0.5,
    blur_probability=0.1, erase_probability=0.0, horizontal_flip=False,
)  # fmt: skip
"""Augmentation of the training crops. No random erasing, since that would be an occlusion; no mirroring, since the
network is equivariant."""
SCHEDULE = Schedule(epochs=18, batch_size=128, learning_rate=0.1, weight_decay=0.0005, warmup_share=0.05)
MOMENTUM = 0.9
EPOCHS_WITHOUT_MASKS = 1
"""Number of first epochs without the pictures of people with masks. In later epochs those of them are used, labelled as
occluded, that the network itself classifies as occluded, since some of these people wear no mask."""
LABEL_SMOOTHING = 0.02
CALIBRATION_CROPS = 300
"""Number of training crops with which the int8 model is calibrated."""
THRESHOLD = 0.5
"""Logit from which a face is classified as occluded. On the held-out faces 1.1 % of the bare ones are then classified
as occluded and 1.5 % of the occlusions missed; with a threshold of 0 2.0 and 1.1 %, with 1 .7 and 2.1 %."""
TASK = "occlusion classification"
INTENDED_USE = (
    "To tell, for a blind or visually impaired wearer, that the expression of a face cannot be read because it is "
    "occluded. One grey 48x48 crop of one face in, the logarithm of the odds out."
)
LIMITS = (
    "Learned mostly from occlusions that were drawn, and from real masks. Takes some bare faces for occluded ones, "
    "above all with beards, thick glasses and deep shadows (held_out: bare and accessories are not occluded); ages, "
    "skin tones and cultures are unevenly represented, which was not measured."
)
DATA_TERMS = {
    **{origin: DATASET_TERMS[origin] for origin in ("fm", "yt", "th", "hs", "ho", "crops")},
    "mu": "muxspace facial_expressions: Apache-2.0",
}
ETHICS = "Not for checking whether people wear masks. It runs on the wearer's device and keeps no picture."


def train(
    data: Path, model: Path, *, seed: int = 1, limit: int = MAX_PICTURES, epochs: int = SCHEDULE.epochs
) -> dict[str, Any]:
    """Train the classifier, write it to `model` as int8 with its card, and return the card.

    data: the folder of the data sets. limit: largest number of pictures of each origin. Raises DatasetError, or
    ModelError where the result is not int8 throughout; nothing is written then.
    """
    synthetic, masks = dataset.synthetic_crops(data, seed, limit), dataset.mask_crops(data)
    random = np.random.default_rng(seed)
    is_training = synthetic.person_hashes >= HELD_OUT_SHARE
    crops, is_occluded = synthetic.crops[is_training], synthetic.is_occluded[is_training]
    net, masks_used = fit(crops, is_occluded, masks, seed, epochs)
    calibration = crops[random.permutation(len(crops))[:CALIBRATION_CROPS]]
    pixels = keras.Input((preprocess.CROP_SIDE, preprocess.CROP_SIDE, 1), batch_size=1)
    content = to_tflite(keras.Sequential([pixels, net]), calibration)
    check_int8(model.name, content)
    card = {
        "name": model.stem,
        "task": TASK,
        **card_file.measured_from(model.name, content),
        "threshold": THRESHOLD,
        "input": {
            "shape": [1, preprocess.CROP_SIDE, preprocess.CROP_SIDE, 1],
            "dtype": "int8",
            "scaling": preprocess.INPUT_SCALING,
        },
        "output": {"dtype": "int8", "meaning": "logarithm of the odds that the face is occluded"},
        "training": {
            "network": NETWORK, "seed": seed, "epochs": epochs, "keras": keras.__version__,
            "synthetic_crops": int(is_training.sum()), "mask_crops": len(masks), "mask_crops_used": masks_used,
        },
        "data": {"terms": DATA_TERMS, "note": "The pictures are not part of this project."},
        "intended_use": INTENDED_USE,
        "limits": LIMITS,
        "ethics": ETHICS,
        "made": card_file.made_now(),
    }  # fmt: skip
    card["held_out"] = _held_out_figures(content, card, synthetic, ~is_training)
    write_atomically({model: content, card_file.path_of(model): card_file.encode(card)})
    return card


def build() -> keras.Model:
    """A network from float32 [N, 48, 48, 1] (`preprocess.normalize`) to logits of occlusion [N, 1]."""
    pixels = keras.Input((preprocess.CROP_SIDE, preprocess.CROP_SIDE, 1), name="face")
    features = layers.GlobalAveragePooling2D()(backbones.plain(pixels, **NETWORK))
    network = keras.Model(pixels, layers.Dense(1, name="occluded")(layers.Dropout(DROPOUT)(features)), name="occlusion")
    make_equivariant(network)
    return network


def fit(
    crops: NDArray[np.uint8],
    is_occluded: NDArray[np.bool_],
    masks: NDArray[np.uint8],
    seed: int,
    epochs: int = SCHEDULE.epochs,
) -> tuple[keras.Model, int]:  # fmt: skip
    """Train a network; returns it, and the number of `masks` that were used in the last epoch.

    crops: uint8 [N, 48, 48]. is_occluded: their labels, bool [N]. masks: crops uint8 [M, 48, 48] of people most of whom
    wear a mask (EPOCHS_WITHOUT_MASKS).
    """
    keras.utils.set_random_seed(seed)
    keras.mixed_precision.set_global_policy("float32")
    net, pixels = build(), keras.Input((preprocess.CROP_SIDE, preprocess.CROP_SIDE, 1), name="face")
    model = keras.Model(pixels, net(Augment(dataclasses.asdict(AUGMENTATION), seed=seed)(pixels)))
    steps = epochs * math.ceil((len(crops) + len(masks)) / SCHEDULE.batch_size)
    model.compile(
        optimizers.sgd(SCHEDULE, steps, MOMENTUM, not_decayed=()),
        keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=LABEL_SMOOTHING),
    )
    inputs, labels, mask_inputs = (
        preprocess.normalize(crops), is_occluded.astype(np.float32), preprocess.normalize(masks)
    )  # fmt: skip
    is_used, progress = np.zeros(len(masks), bool), progress_callbacks(epochs)
    for epoch in range(epochs):
        if epoch >= EPOCHS_WITHOUT_MASKS and len(masks):
            is_used = net.predict(mask_inputs, batch_size=512, verbose=0)[:, 0] > 0
        x = np.concatenate([inputs, mask_inputs[is_used]])
        y = np.concatenate([labels, np.ones(is_used.sum(), np.float32)])
        model.fit(
            x, y, batch_size=SCHEDULE.batch_size, initial_epoch=epoch, epochs=epoch + 1, verbose=verbosity(),
            callbacks=progress,
        )  # fmt: skip
    return net, int(is_used.sum())


def _held_out_figures(
    content: bytes, card: dict[str, Any], crops: OcclusionCrops, is_held_out: NDArray[np.bool_]
) -> dict[str, Any]:
    """Share of the held-out faces of each kind that the assistant classifies as occluded.

    content: the bytes of the .tflite file. is_held_out: mask [N] of `crops`.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trial.tflite"
        write_atomically({file: content, card_file.path_of(file): card_file.encode(card)})
        classifier = occlusion.OcclusionClassifier(file)
    is_occluded = np.array([classifier(crop) for crop in crops.crops[is_held_out]])
    kinds = crops.kinds[is_held_out]
    return {
        str(kind): {"faces": int((kinds == kind).sum()), "occluded": round(float(is_occluded[kinds == kind].mean()), 3)}
        for kind in sorted(set(kinds))
    }
