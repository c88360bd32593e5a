"""Removes the tables of static symbols from shared libraries, as strip(1) does, which a device does not have.

    drop_symbols.py FOLDER      prints how many MB of the disk that saves

Only debuggers read them: the loader has tables of its own. The libraries of wheels cannot be shortened, since parts
that are loaded lie behind the tables: the file keeps its length, and has a hole that takes no room on the disk.
"""

import os
import struct
import sys
from pathlib import Path

MIN_BYTES = 1 << 16
"""Smaller tables are left: a hole consists of whole blocks of the file system."""
ELF64 = b"\x7fELF\x02\x01"
"""How a file for 64-bit little-endian machines begins."""
LOAD, NULL, SYMTAB = 1, 0, 2
"""PT_LOAD; SHT_NULL and SHT_SYMTAB; see elf(5)."""
ALLOC = 2
"""SHF_ALLOC: the section is loaded."""


def drop_symbols(path: Path) -> int:
    """Replace the tables of one library by holes; returns their bytes. Any other file is left alone. Raises OSError."""
    with path.open("rb") as file:
        if file.read(6) != ELF64:
            return 0
        content = bytearray(path.read_bytes())
    try:
        holes = _tables(content)
    except (struct.error, IndexError):  # cut, or no library at all
        return 0
    if not holes:
        return 0
    beside = path.with_name(f"{path.name}.new")
    with beside.open("wb") as target:
        at = 0
        for first, end in [*holes, (len(content), len(content))]:
            target.seek(at)
            target.write(content[at:first])
            at = end
        target.truncate(len(content))
    beside.chmod(path.stat().st_mode)
    beside.replace(path)
    return sum(end - first for first, end in holes)


def _tables(content: bytearray) -> list[tuple[int, int]]:
    """Where the tables of a library lie, in order; their section headers no longer say so."""
    programs_at, sections_at = struct.unpack_from("<QQ", content, 32)
    program_size, programs, section_size, sections, names = struct.unpack_from("<HHHHH", content, 54)
    loaded = []
    for number in range(programs):
        kind, _, offset, _, _, size = struct.unpack_from("<IIQQQQ", content, programs_at + number * program_size)
        if kind == LOAD:
            loaded.append((offset, offset + size))
    headers = [struct.unpack_from("<IIQQQQIIQQ", content, sections_at + n * section_size) for n in range(sections)]
    wanted = {n for n, header in enumerate(headers) if header[1] == SYMTAB}
    wanted |= {headers[n][6] for n in wanted} - {names}
    holes = []
    for number in wanted:
        _, _, flags, _, offset, size = headers[number][:6]
        taken = [*loaded, (sections_at, sections_at + sections * section_size)]
        is_apart = all(offset >= end or offset + size <= first for first, end in taken)
        if size >= MIN_BYTES and not flags & ALLOC and is_apart and offset + size <= len(content):
            struct.pack_into("<I", content, sections_at + number * section_size + 4, NULL)
            holes.append((offset, offset + size))
    return sorted(holes)


if __name__ == "__main__":
    saved = sum(drop_symbols(path) for path in sorted(Path(sys.argv[1]).rglob("*.so*")) if path.is_file())
    print(f"{saved / 1e6:.0f} MB of symbol tables")
    sys.exit(os.EX_OK)
