"""The float32 and the int8 .tflite file of a classifier, by which size, operations, time and memory are measured.

A run's files are made as `emotion-convert quantize` makes them, and kept in its folder until its weights change.
"""

from pathlib import Path

from assistant.errors import AssistantError
from assistant.vision.inference.runtime import quiet_stderr
from convert.benchmark import precision
from convert.comparison.sources import RUN, TFLITE, Source
from convert.data.fer2013 import Faces
from convert.tflite import graph
from convert.training.run_folder import Run

FLOAT, INT8 = "float32", "int8"
STEM = "compared-int8"
"""Name of the int8 file of a run, in `RUN/compared/HEAD`: not one that its owner has calibrated."""


def files_of(source: Source, head: str, faces: Faces) -> tuple[dict[str, Path], str]:
    """The files of a source by precision, FLOAT and INT8; and why one is missing, "" where none is. head: of a run."""
    if source.form == TFLITE:
        other = precision.mate(source.path)
        return {_precision(each): each for each in (source.path, other) if each is not None}, ""
    if source.form != RUN:
        return {}, "no .tflite file: `emotion-convert import` makes one"
    try:
        return _of_run(Run(source.path), head, faces), ""
    except (AssistantError, ModuleNotFoundError, ValueError, RuntimeError) as err:  # the converter raises all of them
        return {}, f"no .tflite file: {(str(err).splitlines() or [type(err).__name__])[0]}"


def _of_run(run: Run, head: str, faces: Faces) -> dict[str, Path]:
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
