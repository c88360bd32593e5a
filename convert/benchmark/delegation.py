"""Which operators of a loaded model XNNPACK took: int8 crawls where it takes none.

The runtime lists the operators of the file, then a node DELEGATE for each part of the graph that was taken. The
operators of a part are those on the way from the tensors that it reads to those that it makes.
"""

from typing import Any

DELEGATE = "DELEGATE"


def delegated(interpreter: Any) -> tuple[int, frozenset[int]]:
    """The number of parts that were taken, and the indices of their operators in the order of the file."""
    nodes = interpreter._get_ops_details()
    makers = {int(output): node for node in nodes if node["op_name"] != DELEGATE for output in node["outputs"]}
    parts = [node for node in nodes if node["op_name"] == DELEGATE]
    taken: set[int] = set()
    for part in parts:
        read, waiting, within = set(map(int, part["inputs"])), list(map(int, part["outputs"])), set[int]()
        while waiting:
            made = waiting.pop()
            maker = makers.get(made)
            if maker is None or maker["index"] in within:
                continue
            within.add(maker["index"])
            waiting += [int(each) for each in maker["inputs"] if each >= 0 and int(each) not in read]
        taken |= within
    return len(parts), frozenset(taken)
