"""The float32 and the int8 .tflite file of a classifier, by which size, operations, time and memory are measured.

A run's files are made as `emotion-convert quantize` makes them, and kept in its folder until its weights change.
"""

from pathlib import Path

import numpy as np

from assistant.errors import AssistantError
from assistant.vision.inference.runtime import quiet_stderr
from convert.comparison.sources import RUN, TFLITE, Source
from convert.data.fer2013 import Faces
from convert.expression.evaluation.predictor import Predictor
from convert.tflite import float_pair, graph
from convert.training.run_folder import Run

Files = dict[str, Path]
CALIBRATION_PICTURES = 200
"""Training pictures by which a Keras file is calibrated here: for its size and time, not for use."""
FLOAT, INT8 = "float32", "int8"
STEM = "compared-int8"
"""Name of the int8 file of a run, in `RUN/compared/HEAD`: not one that its owner has calibrated."""


def files_of(source: Source, predictor: Predictor, head: str, faces: Faces, scratch: Path) -> tuple[Files, str]:
    """The files of a source by precision, FLOAT and INT8; and why one is missing, "" where none is.

    head: of a run. faces: own pictures, of which a Keras file is calibrated. scratch: folder for its files.
    """
    if source.form == TFLITE:
        other = float_pair.counterpart(source.path)
        return {_precision(each): each for each in (source.path, other) if each is not None}, ""
    made: Files = {}
    try:
        if source.form == RUN:
            return _of_run(Run(source.path), head, faces), ""
        _of_keras(predictor, faces, scratch, made)
    except (AssistantError, ModuleNotFoundError, ValueError, RuntimeError) as err:  # the converter raises all of them
        return made, f"no {INT8 if made else '.tflite'} file: {(str(err).splitlines() or [type(err).__name__])[0]}"
    return made, ""


def _of_keras(predictor: Predictor, faces: Faces, scratch: Path, made: Files) -> None:
    """Add the files of a Keras model to `made`, the float one first."""
    with quiet_stderr():
        import keras

        from convert.tflite.export import to_tflite
    input_format, images = predictor.input, faces.of("Training").images
    pixels = keras.Input(tuple(input_format.shape[1:]), batch_size=1)
    network = keras.Model(pixels, predictor.network(pixels, training=False))
    rows = np.arange(0, len(images), max(1, len(images) // CALIBRATION_PICTURES))
    crops = np.stack([input_format.fit(picture) for picture in images[rows]])
    for kind, pictures in ((FLOAT, None), (INT8, crops)):
        file = scratch / f"{predictor.path.stem}-{kind}.tflite"
        file.write_bytes(to_tflite(network, pictures, input_format))
        made[kind] = file


def _of_run(run: Run, head: str, faces: Faces) -> Files:
    quantized, whole = run.path / "compared" / head / f"{STEM}.tflite", run.float_model(STEM, head)
    made_at = run.weights.stat().st_mtime
    if not all(each.is_file() and each.stat().st_mtime >= made_at for each in (quantized, whole)):
        from convert.expression import calibration_set

        with quiet_stderr():
            from convert.expression.quantize import quantize
        chosen = calibration_set.of_run(run, faces)
        quantized.parent.mkdir(parents=True, exist_ok=True)
        print(f"{run.path}: converting to int8", flush=True)
        quantize(run, faces, quantized, chosen, head)
    return {FLOAT: whole, INT8: quantized}


def _precision(model: Path) -> str:
    return INT8 if graph.read(model).types & {"INT8", "UINT8"} else FLOAT
