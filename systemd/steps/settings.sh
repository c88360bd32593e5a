# shellcheck shell=bash
# The settings file: written with all defaults and their comments, and updated as long as it was not edited.

install_settings() {
    "$PREFIX/venv/bin/python" -I -B -c 'from assistant.config.profiles import DEFAULT, profile_of
from assistant.system.board import Board
print("[power]\nprofile = \"%s\"" % (profile_of(Board().name()) or DEFAULT))' >"$WORK/profile.toml" ||
        fail "the board could not be looked at" "report the line above"
    "$PREFIX/venv/bin/python" -I -B -m assistant config --config "$WORK/profile.toml" >"$WORK/config.toml" ||
        fail "the default settings could not be written" "report the line above"
    if [ -e "$SETTINGS" ] && [ "$(digest "$SETTINGS")" != "$(cat "$PREFIX/settings.sha256" 2>/dev/null)" ]; then
        note "$SETTINGS was edited: it stays as it is"
        return
    fi
    put "$WORK/config.toml" "$SETTINGS"
    digest "$SETTINGS" >"$PREFIX/settings.sha256"
}

# set_setting TABLE KEY VALUE: put it into the settings file, which from now on counts as edited.
set_setting() {
    awk -v table="[$1]" -v key="$2" -v value="$3" '
        function add() { if (inside && !done) { print key " = " value; done = 1 } }
        /^[ \t]*\[/ { add(); inside = ($1 == table) }
        inside && !done && $0 ~ "^[ \t]*" key "[ \t]*=" { add(); next }
        { print }
        END { add(); if (!done) print "\n" table "\n" key " = " value }' "$SETTINGS" >"$WORK/settings.toml"
    put "$WORK/settings.toml" "$SETTINGS"
}

# Records the sentences about faults in the language of the settings, so that aplay alone can play them when no process of
# the assistant runs.
record_sentences() {
    local sound
    put "$HERE/announce" "$PREFIX/announce" 755
    mkdir "$WORK/recorded"
    if ! "$PREFIX/venv/bin/python" -I -B -m assistant record "$WORK/recorded" >"$WORK/output" 2>"$WORK/why"; then
        warn "the sentences for a fault could not be recorded: $(last_line "$WORK/why"). A fault of the voice will be silent"
        return
    fi
    if diff -rq "$WORK/recorded" "$PREFIX/recorded" >/dev/null 2>&1; then return; fi
    for sound in "$WORK"/recorded/*; do install -D -m 644 "$sound" "$PREFIX/recorded.new/${sound##*/}"; done
    rm -rf "$PREFIX/recorded"
    mv "$PREFIX/recorded.new" "$PREFIX/recorded"
    note "$(find "$PREFIX/recorded" -type f | wc -l) recordings in $PREFIX/recorded"
}
