"""Fits the judge of covered faces (`models/face-cover-int8.tflite`): a small network, on faces with and without covers.

A fifth of the people and pictures is held out for the figures in its card.
"""

import dataclasses
import hashlib
import math
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from assistant.system.atomic_files import write_whole
from assistant.vision.faces import preprocess
from assistant.vision.inference import occlusion
from convert.expression import networks
from convert.expression.augment import Augment
from convert.expression.card import encode, made_now, path_of
from convert.expression.quantize import check, convert
from convert.expression.recipe import Variation
from convert.expression.train import verbosity
from convert.face_detector.card import TERMS
from convert.face_occlusion import dataset
from convert.face_occlusion.dataset import MOST_EACH, Samples
from convert.tflite import graph
from convert.training import equivariance
from convert.training.schedules import warm_cosine

HELD_OUT = 0.2
NETWORK: dict[str, Any] = {"widths": (16, 32, 64, 128), "convs": (1, 2, 2, 2), "separable": True}
"""As options of networks.plain."""
DROPOUT = 0.2
VARIED = Variation(
    rotation_deg=8.0, zoom=0.1, shift=0.05, contrast=0.4, brightness=0.5, blur=0.1, erase=0.0, mirror=False
)
"""How far a crop is changed while learning; what is erased would be a cover, and mirror images are one to the judge."""
EPOCHS, BATCH, RATE, MOMENTUM, DECAY, WARMUP = 18, 128, 0.1, 0.9, 0.0005, 0.05
ALONE = 1
"""Epochs before pictures of people with masks are learned from, of those who are then taken for covered: some of those
people wear none."""
SMOOTHING = 0.02
PICTURES = 300
"""For calibration."""
THRESHOLD = 0.5
"""Logarithm of the odds. Of the faces held out 1.1 % of the bare ones are called covered then, and 1.5 % of the covers
overlooked; from 0 on 2.0 and 1.1 %, from 1 on .7 and 2.1 %."""
TASK = "judging covered faces"
INTENDED_USE = (
    "To tell, for a blind or visually impaired wearer, that the expression of a face cannot be read because it is "
    "covered. One grey 48x48 crop of one face in, the logarithm of the odds out."
)
LIMITS = (
    "Learned mostly from covers that were drawn, and from real masks. Takes some bare faces for covered ones, above "
    "all with beards, thick glasses and deep shadows (held_out: plain and worn are bare); ages, skin tones and "
    "cultures are unevenly represented, which was not measured."
)
ORIGINS = {
    **{origin: TERMS[origin] for origin in ("fm", "yt", "th", "hs", "ho", "crops")},
    "mu": "muxspace facial_expressions: Apache-2.0",
}
ETHICS = "Not for checking whether people wear masks. It runs on the wearer's device and keeps no picture."


def fit(data: Path, model: Path, *, seed: int = 1, each: int = MOST_EACH, epochs: int = EPOCHS) -> dict[str, Any]:
    """Fit the judge, write it to `model`, int8, with its card, and return that. data: the folder of the data sets.

    Raises DatasetError, or ModelError where the result is not wholly int8; nothing is written then.
    """
    drawn, masks = dataset.drawn(data, seed, each), dataset.masks(data)
    random = np.random.default_rng(seed)
    kept = drawn.shares >= HELD_OUT
    crops, covered = drawn.crops[kept], drawn.covered[kept]
    net, sure = taught(crops, covered, masks, seed, epochs)
    chosen = crops[random.permutation(len(crops))[:PICTURES]]
    content = convert(
        keras.Sequential([keras.Input((preprocess.CROP_SIDE, preprocess.CROP_SIDE, 1), batch_size=1), net]), chosen
    )
    check(model.name, content)
    made = graph.parse(model.name, content)
    card = {
        "name": model.stem,
        "task": TASK,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "parameters": made.parameters,
        "macs": made.macs,
        "threshold": THRESHOLD,
        "input": {
            "shape": [1, preprocess.CROP_SIDE, preprocess.CROP_SIDE, 1],
            "dtype": "int8",
            "scaling": preprocess.INPUT_SCALING,
        },
        "output": {"dtype": "int8", "meaning": "logarithm of the odds that the face is covered"},
        "training": {
            "network": NETWORK, "seed": seed, "epochs": epochs, "keras": keras.__version__,
            "drawn": int(kept.sum()), "masks": sure, "of_masks": len(masks),
        },
        "data": {"terms": ORIGINS, "note": "The pictures are not part of this project."},
        "intended_use": INTENDED_USE,
        "limits": LIMITS,
        "ethics": ETHICS,
        "made": made_now(),
    }  # fmt: skip
    card["held_out"] = _figures(content, card, drawn, ~kept)
    write_whole({model: content, path_of(model): encode(card)})
    return card


def network() -> keras.Model:
    """A network of float32 [N, 48, 48, 1] (`preprocess.normalize`) to the logarithm of the odds, [N, 1]."""
    pixels = keras.Input((preprocess.CROP_SIDE, preprocess.CROP_SIDE, 1), name="face")
    features = layers.GlobalAveragePooling2D()(networks.plain(pixels, **NETWORK))
    made = keras.Model(pixels, layers.Dense(1, name="covered")(layers.Dropout(DROPOUT)(features)), name="cover")
    equivariance.mirror(made)
    return made


def taught(
    crops: NDArray[np.uint8], covered: NDArray[np.bool_], masks: NDArray[np.uint8], seed: int, epochs: int = EPOCHS
) -> tuple[keras.Model, int]:
    """A network that has learned whether crops uint8 [N, 48, 48] are covered, bool [N], and how many of `masks`, crops
    of people most of whom wear one, it learned from at last."""
    keras.utils.set_random_seed(seed)
    keras.mixed_precision.set_global_policy("float32")
    net, pixels = network(), keras.Input((preprocess.CROP_SIDE, preprocess.CROP_SIDE, 1), name="face")
    model = keras.Model(pixels, net(Augment(dataclasses.asdict(VARIED), seed=seed)(pixels)))
    rate = warm_cosine(RATE, WARMUP, epochs * math.ceil((len(crops) + len(masks)) / BATCH))
    model.compile(
        keras.optimizers.SGD(rate, momentum=MOMENTUM, nesterov=True, weight_decay=DECAY),
        keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=SMOOTHING),
    )
    given, truth, worn = preprocess.normalize(crops), covered.astype(np.float32), preprocess.normalize(masks)
    sure = np.zeros(len(masks), bool)
    for epoch in range(epochs):
        if epoch >= ALONE and len(masks):
            sure = net.predict(worn, batch_size=512, verbose=0)[:, 0] > 0
        seen, told = np.concatenate([given, worn[sure]]), np.concatenate([truth, np.ones(sure.sum(), np.float32)])
        model.fit(seen, told, batch_size=BATCH, initial_epoch=epoch, epochs=epoch + 1, verbose=verbosity())
    return net, int(sure.sum())


def _figures(content: bytes, card: dict[str, Any], drawn: Samples, held: NDArray[np.bool_]) -> dict[str, Any]:
    """What share of each kind of the faces held out the assistant calls covered with that model file and card."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trial.tflite"
        write_whole({file: content, path_of(file): encode(card)})
        judge = occlusion.OcclusionClassifier(file)
    said, kinds = np.array([judge(crop) for crop in drawn.crops[held]]), drawn.kinds[held]
    return {
        str(kind): {"faces": int((kinds == kind).sum()), "covered": round(float(said[kinds == kind].mean()), 3)}
        for kind in sorted(set(kinds))
    }
