"""`make mutate`: changes the rules of announcing and speaking, one at a time, and counts how many changes a test
notices.

The modules and their tests stand in setup.cfg, [mutmut]. What a module has outside its functions is not changed.
"""

import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

LEAST = 0.85
NOTICED = {"killed", "timeout", "caught by type check", "segfault"}
UNDONE = {"not checked", "check was interrupted by user"}


def main() -> int:
    """Run the command; returns the exit code."""
    shutil.rmtree("mutants", ignore_errors=True)  # earlier results are of other tests
    mutmut = [sys.executable, "-m", "mutmut"]
    done = subprocess.run([*mutmut, "run", *sys.argv[1:]], check=False)
    if done.returncode or not Path("mutants").is_dir():
        print(f"mutmut ended with exit code {done.returncode}", file=sys.stderr)
        return 1
    results = subprocess.run([*mutmut, "results", "--all", "true"], check=True, capture_output=True, text=True).stdout
    fates = [line.strip().rpartition(": ")[::2] for line in results.splitlines() if ": " in line]
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for name, fate in fates:
        counts[name.rpartition(".")[0]][fate] += 1
    total = sum(counts.values(), Counter[str]())
    print(f"{'module':32} {'changes':>8} {'noticed':>8} {'score':>7}")
    for module, each in (*sorted(counts.items()), ("in all", total)):
        print(f"{module:32} {each.total():8} {_noticed(each):8} {_noticed(each) / each.total():7.1%}")
    missed = [f"  {name}: {fate}" for name, fate in fates if fate not in NOTICED]
    print("Not noticed (python -m mutmut show NAME):", *missed, sep="\n")
    is_whole = not any(total[fate] for fate in UNDONE)
    return int(not total or not is_whole or _noticed(total) < LEAST * total.total())


def _noticed(fates: Counter[str]) -> int:
    return sum(count for fate, count in fates.items() if fate in NOTICED)


if __name__ == "__main__":
    sys.exit(main())
