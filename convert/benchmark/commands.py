"""`emotion-convert benchmark`: what models cost on this machine, and what each stage of the assistant costs."""

import argparse
from pathlib import Path
from typing import Any

from assistant.system.atomic_files import check_replaceable
from assistant.vision.inference.model_file import find_model
from convert.cli_arguments import command, png_file, processes, show, whole_number
from convert.tflite import card_file

THREADS, ROUNDS = (1, 2), 10
"""What is measured of models where the user says nothing."""
STARTS, MEMORY_AFTER_S = 5, 60
"""The same of the start of the assistant."""
EXAMPLES = """\
examples:
  emotion-convert benchmark emotion-cnn-int8 --threads 1 2 4
  emotion-convert benchmark face-detector-int8 --operators
  emotion-convert benchmark pipeline clip.mp4
  emotion-convert benchmark pipeline --chart stages.png
  emotion-convert benchmark start
"""


def add(commands: Any) -> None:
    """Add this command to the command line."""
    benchmark = command(
        commands, "benchmark", _benchmark, "measure speed, size and memory of models on this machine", data=False
    )
    benchmark.formatter_class, benchmark.epilog = argparse.RawDescriptionHelpFormatter, EXAMPLES
    benchmark.add_argument(
        "models",
        nargs="*",
        metavar="MODEL",
        help="any .tflite files, or names of shipped models; default: all shipped expression models. The float or int8 "
        "file of the same model beside one is measured with it. Or `pipeline [CLIP]`: each stage of the assistant; "
        "without CLIP on one made of the two photographs of `emotion-assistant demo`. Or `start [CLIP]`: time and CPU "
        "time until the assistant is ready, what its imports take, and its memory",
    )
    benchmark.add_argument("--threads", type=processes, nargs="+", metavar="N", help="numbers of threads; default: 1 2")
    benchmark.add_argument(
        "--rounds",
        type=whole_number(1, 10_000),
        metavar="N",
        help=f"rounds of up to 50 forward passes each; default: {ROUNDS}; start: how many, default: {STARTS}",
    )
    benchmark.add_argument("--operators", action="store_true", help="also estimate what each operator takes")
    benchmark.add_argument(
        "--instructions", action="store_true", help="pipeline: also count instructions with valgrind (minutes)"
    )
    benchmark.add_argument(
        "--allocations", action="store_true", help="pipeline: also count allocations of memory with memray"
    )
    benchmark.add_argument(
        "--chart", type=png_file, metavar="FILE", help="pipeline: also draw the stages into a PNG file"
    )
    benchmark.add_argument(
        "--seconds",
        type=whole_number(0, 86_400),
        metavar="S",
        help=f"start: from ready until its memory is read; default: {MEMORY_AFTER_S}",
    )
    benchmark.add_argument("--json", action="store_true", help="print JSON alone")


def _benchmark(options: argparse.Namespace) -> int:
    if options.models[:1] == ["pipeline"]:
        return _pipeline(options)
    if options.models[:1] == ["start"]:
        return _start(options)
    if options.seconds is not None:
        options.usage_error("--seconds goes with `start`")
    if options.instructions or options.allocations or options.chart:
        options.usage_error("--instructions, --allocations and --chart go with `pipeline`")
    from convert.benchmark import models as benchmark
    from convert.benchmark import report

    models = benchmark.with_counterparts([find_model(name) for name in options.models] or card_file.shipped())
    made = benchmark.benchmark(
        models,
        tuple(dict.fromkeys(options.threads or THREADS)),
        options.rounds or ROUNDS,
        with_operators=options.operators,
    )
    show(made, report.as_text, options)
    return 0


def _pipeline(options: argparse.Namespace) -> int:
    from assistant.config.settings import Settings
    from convert.pipeline_cost import allocations, chart, frames, instructions, stages

    if len(options.models) > 2:
        options.usage_error("give `pipeline` one clip, or none")
    if options.threads or options.rounds or options.operators or options.seconds is not None:
        options.usage_error("--threads, --rounds, --operators and --seconds do not go with `pipeline`")
    if options.chart:
        check_replaceable(options.chart)
    given = Path(options.models[1]) if len(options.models) == 2 else None
    with frames.recording(given, Settings()) as clip:
        report = stages.measure(clip)
        if options.allocations:
            report["allocations"] = allocations.count(clip)
        if options.instructions:
            report["instructions"] = instructions.count(clip)
    if options.chart:
        chart.write(report, options.chart)
    show(report, stages.as_text, options)
    return 0


def _start(options: argparse.Namespace) -> int:
    from convert.start_cost import measure

    if len(options.models) > 2:
        options.usage_error("give `start` one clip, or none")
    if options.threads or options.operators or options.instructions or options.allocations or options.chart:
        options.usage_error("only --rounds, --seconds and --json go with `start`")
    clip = Path(options.models[1]) if len(options.models) == 2 else None
    after_s = MEMORY_AFTER_S if options.seconds is None else options.seconds
    show(measure.measure(clip, options.rounds or STARTS, after_s), measure.as_text, options)
    return 0
