"""In which line of a TOML text a setting stands: what is wrong is told with its line. Pure."""

import re

TABLE = re.compile(r"\s*\[\s*([A-Za-z0-9_-]+)\s*\]")
KEY = re.compile(r"\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*=")
TOML_SAYS = re.compile(r"\(at line (\d+), column \d+\)")


def places(text: str) -> dict[str, int]:
    """The first line, from 1, of each table and of each key, e.g. {"voice": 3, "voice.volume": 4}."""
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.split("\n"), 1):
        if begins := TABLE.match(line):
            table = begins[1]
            found.setdefault(table, number)
        elif key := KEY.match(line):
            found.setdefault(f"{table}.{key[1]}" if table else key[1], number)
    return found


def of_error(text: str, message: str) -> int:
    """The line that the TOML reader complains of; the last one where it names the end of the text."""
    said = TOML_SAYS.search(message)
    return int(said[1]) if said else len(text.rstrip("\n").split("\n"))
