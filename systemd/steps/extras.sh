# shellcheck shell=bash
# Packages that some settings need, added to the environment from outside, each with the hash in its lock file.

# What each is for, by its name in setup.cfg; for each there is a lock file ARCH-NAME.txt.
declare -A EXTRAS=(
    [listen]="words that wait for a gap in talk" [nanodet]="a second detector of things"
    [piper]="the voice piper" [pyttsx3]="the voice pyttsx3" [read]="reading by rapidocr"
)

# The names of the extras in the environment in use, one a line; an update adds them to the new one.
installed_extras() { cat "$PREFIX/venv/extras" 2>/dev/null || true; }

has_extra() { installed_extras | grep -qx "$1"; }

# add_extra NAME: false where it could not be had, with the reason in $WORK/why.
add_extra() {
    has_extra "$1" && return
    locked_pip "$PREFIX/venv/bin/python" "$(lock_of "$1")" 2>"$WORK/why" || return
    printf '%s\n' "$1" >>"$PREFIX/venv/extras"
    slim_environment "$PREFIX/venv"
    export CHANGED=yes
}

# add_extras NAME...: those that are not there yet; the installation goes on without one that cannot be had.
add_extras() {
    local name
    for name in "$@"; do
        add_extra "$name" || warn "$name (${EXTRAS[$name]}) could not be had: $(last_line "$WORK/why"); try again later with --extra $name"
    done
}
