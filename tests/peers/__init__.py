"""Other programs that read expressions beside this one, on the same frames: CPU time, memory, size, label changes.

By hand, never in CI: it installs other people's packages, each into an environment of its own outside the repository,
which holds none of their code or weights. `peers.toml` names them, `adapters` holds the few lines that call each.

    python -m tests.peers --install                    makes the environments (gigabytes; once)
    python -m tests.peers --readme models/README.md    measures, and writes the table (eight minutes)
    python -m tests.peers --instructions               instructions a frame, which other load does not change

It needs EMOTION_VIDEOS; EMOTION_YUNET, the file of YuNet; and npm for the packages from there. EMOTION_PEERS or
--environments says where the environments lie; default: ~/.cache/emotion-assistant/peers.
"""
