"""A trained run to a .tflite file that is int8 throughout, with its card: post-training quantization, checked.

Weights are quantized per channel, activations by the ranges that the calibration pictures show. The result is written
only if it is what the assistant expects: int8 in and out, grey levels carried unchanged, no operator left in float.
"""

import hashlib
from pathlib import Path

import numpy as np

from assistant.system.atomic_files import write_atomically
from convert.data.fer2013 import Faces
from convert.expression import calibration_set, card, networks
from convert.expression.soft_labels import fixed_view
from convert.tflite import card_file
from convert.tflite.export import check_int8, to_tflite
from convert.training.provenance import data_sha256
from convert.training.run_folder import Run

JITTERED = 2
"""The calibration pictures are seen as they are and once more in this view, off as a detector's box may be."""


def quantize(run: Run, faces: Faces, model: Path, chosen: list[tuple[str, str]], head: str) -> None:
    """Write `model` (int8) with its card, and the float model with a card of its own into the run folder.

    chosen: the calibration list, (digest, class) of each picture. Raises RunError, DatasetError, or ModelError where
    the result is not wholly int8; nothing is written then.
    """
    given = calibration_set.find(faces, chosen)
    pictures = np.concatenate([given, [fixed_view(picture, JITTERED) for picture in given]])
    served, reference = networks.with_head(networks.restore(run), head), run.float_model(model.stem, head)
    contents = {reference: to_tflite(served, None), model: to_tflite(served, pictures)}
    check_int8(model.name, contents[model])
    facts = {"pictures": len(given), "views": [0, JITTERED], "sha256": hashlib.sha256(pictures.tobytes()).hexdigest()}
    files: dict[Path, bytes] = {}
    for path, content in contents.items():
        about = card.describe(
            path.stem,
            content,
            run,
            head=head,
            labels=networks.HEADS[head],
            data_sha256=data_sha256(faces),
            calibration=facts,
        )
        files |= {path: content, card_file.path_of(path): card_file.encode(about)}
    write_atomically(files)
