"""The program of docs/change-it.md that lets a local model describe a picture, with a stand-in for the model."""

import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from assistant.skills.description.captioner import caption

PAGE = Path(__file__).parents[2] / "docs/change-it.md"
MODEL = """#!{python}
import sys
picture = open(sys.argv[sys.argv.index("--image") + 1], "rb").read()
print("A grey wall.") if picture.startswith(b"\\x89PNG") else sys.exit("no picture")
"""


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="memory files are Linux's")
def test_the_documented_program_gives_the_picture_to_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (program,) = re.findall(r"```python title=\"\S+describe-picture\"\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (tmp_path / "describe-picture").write_text(program, "utf-8")
    (tmp_path / "llama-mtmd-cli").write_text(MODEL.format(python=sys.executable), "utf-8")
    (tmp_path / "llama-mtmd-cli").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    picture = np.full((30, 40, 3), 77, np.uint8)
    assert caption([sys.executable, str(tmp_path / "describe-picture")], picture, "en", 30) == "A grey wall."
