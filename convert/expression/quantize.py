"""Post-training quantization of a run to an int8 .tflite file, with its card.

Weights are quantized per channel, activations by the ranges measured on the calibration pictures. The file is written
only if it meets the assistant's requirements: int8 input and output, which takes all grey levels, no float operator.
"""

import hashlib
from pathlib import Path

import numpy as np

from assistant.system.atomic_files import write_atomically
from convert.data.fer2013 import Faces
from convert.data.pictures import fitted
from convert.expression import calibration_set, card, networks
from convert.expression import recipe as recipes
from convert.expression.soft_labels import fixed_view
from convert.tflite import card_file
from convert.tflite.export import check_int8, to_tflite
from convert.training.provenance import data_sha256
from convert.training.run_folder import Run

JITTERED_VIEW = 2
"""Fixed view in which the calibration pictures are added once more: shifted and zoomed, as by an inexact face box."""


def quantize(run: Run, faces: Faces, model: Path, chosen: list[tuple[str, str]], head: str) -> None:
    """Write one head as int8 to `model` with its card, and as float32 with its card into the run folder.

    chosen: the calibration list, (digest, class) of each picture. Raises RunError, DatasetError, or ModelError where
    the result is not int8 throughout; nothing is written then.
    """
    input_format = recipes.of_run(run).input_format
    originals = fitted(calibration_set.find(faces, chosen), input_format)[:]
    pictures = np.concatenate([originals, [fixed_view(picture, JITTERED_VIEW) for picture in originals]])
    exported, reference = (
        networks.with_head(networks.restore(run), head, input_format),
        run.float_model(model.stem, head),
    )
    contents = {reference: to_tflite(exported, None, input_format), model: to_tflite(exported, pictures, input_format)}
    check_int8(model.name, contents[model], input_format)
    facts = {
        "pictures": len(originals),
        "views": [0, JITTERED_VIEW],
        "sha256": hashlib.sha256(pictures.tobytes()).hexdigest(),
    }
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
