"""MkDocs hook: fills the pages that come from the program itself, so that they cannot contradict it."""

import argparse
import html
import re
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r"^<!-- include: (\S+) -->$", re.MULTILINE)
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
LINK = re.compile(r"\[([^\]\n]+)\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)")
PAGES = {"models/README.md": "models.md", "tests/README.md": "tests.md", "CONTRIBUTING.md": "contributing.md"}
"""Files of the repository that are pages of the site."""
SPOKEN = {"arrived": "One person looks happy.", "too-dark": "Cannot tell, too dark. Ahead, close.",
          "camera-lost": "Camera lost. I keep looking."}  # fmt: skip
"""Sound samples that espeak-ng speaks when the site is built: file name and sentence."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the sound samples: the earcons, and the sentences of SPOKEN."""
    for name, data in {**dict(_earcons()), **dict(_spoken())}.items():
        files.append(File.generated(config, f"sounds/{name}.wav", content=data))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Replace the markers of a page by what they stand for."""
    markdown = INCLUDE.sub(lambda found: _included(found[1]), markdown)
    for marker, make in {"cli": _cli, "settings": _settings, "messages": _messages, "sounds": _sounds}.items():
        if f"<!-- {marker} -->" in markdown:
            markdown = markdown.replace(f"<!-- {marker} -->", make())
    return markdown


def _included(name: str) -> str:
    """A Markdown file of the repository, its links turned to pages of the site, or to plain text."""
    text = FRONT_MATTER.sub("", (ROOT / name).read_text("utf-8"))

    def turned(found: re.Match[str]) -> str:
        label, link, anchor = found[1], found[2], found[3] or ""
        target = ((ROOT / name).parent / link).resolve()
        if not target.exists():
            raise FileNotFoundError(f"{name}: {link} does not exist")
        inside = str(target.relative_to(ROOT))
        to = PAGES.get(inside) or (inside.removeprefix("docs/") if inside.startswith("docs/") else None)
        return f"[{label}]({to}{anchor})" if to and to.endswith(".md") else label

    return LINK.sub(turned, text)


def _cli() -> str:
    """Both programs' help, a section each verb."""
    from assistant.app.parser import make_parser as assistant_parser
    from convert.cli import make_parser as convert_parser

    return "\n".join(line for make in (assistant_parser, convert_parser) for line in _program(make()))


def _program(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## {parser.prog}\n\n```text\n{parser.format_help().strip()}\n```\n"
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            listed = {choice.dest for choice in action._choices_actions}
            for name, verb in action.choices.items():
                if name in listed:
                    yield f"### {parser.prog} {name}\n\n```text\n{verb.format_help().strip()}\n```\n"


def _settings() -> str:
    from assistant.config.settings import Settings
    from assistant.config.settings_file import to_toml

    return f"```toml\n{to_toml(Settings()).strip()}\n```"


def _messages() -> str:
    """Each fault: what is said, what it means, what to do, what is said at its end."""
    sentences = tomllib.loads((ROOT / "assistant/locales/en.toml").read_text("utf-8"))
    entries: dict[str, dict[str, str]] = tomllib.loads((ROOT / "docs/messages.toml").read_text("utf-8"))
    rows = ["| said | meaning | what to do | said at its end |", "| --- | --- | --- | --- |"]
    for name, entry in entries.items():
        said, over = sentences["faults"][name], sentences["faults_over"][name]
        rows.append(f"| “{said}” | {entry['means']} | {entry['action']} | “{over}” |")
    return "\n".join(rows)


def _sounds() -> str:
    lines = [f'- {html.escape(name)} <audio controls preload="none" src="sounds/{name}.wav">{name}.wav</audio>'
             for name, _ in _earcons()]  # fmt: skip
    return "The short sounds:\n\n" + "\n".join(lines)


def _earcons() -> Iterator[tuple[str, bytes]]:
    from assistant.voice.audio.player import to_wav
    from assistant.voice.speech import earcons

    for name in sorted(earcons.NAMES):
        yield name, to_wav(earcons.earcon(name))


def _spoken() -> Iterator[tuple[str, bytes]]:
    """What espeak-ng makes of SPOKEN, by the installed program or by the library of a wheel."""
    from assistant.config.settings import VoiceSettings
    from assistant.voice.audio.player import to_wav
    from assistant.voice.voices.espeak import synthesizers

    synthesize = synthesizers(VoiceSettings(), "en")[0]
    for name, sentence in SPOKEN.items():
        sound = synthesize(sentence, threading.Event())
        if sound is None:
            raise RuntimeError(f"espeak-ng made no sound of {sentence!r}")
        yield name, to_wav(sound)
