# shellcheck shell=bash
# Tells what is done, one line a step, and what went wrong: in writing and, where sound works, aloud.
# Needs nothing of the assistant: it may not be installed yet, or may be what is broken.

SETTINGS=/etc/emotion-assistant/config.toml
CARD_SETTINGS=/boot/firmware/emotion-assistant.toml # goes before
FAILED="Installation failed."
SPOKEN_STEPS=no

# The sound card that the settings name, in aplay's form; nothing where they name none.
sound_card() {
    local name
    name=$(sed -n 's/^device *= *"\(.*\)".*/\1/p' "$CARD_SETTINGS" "$SETTINGS" 2>/dev/null | head -n 1) || true
    case $name in
    '') ;;
    *:*) printf '%s\n' "$name" ;;
    *) printf 'plughw:CARD=%s\n' "$name" ;;
    esac
}

# Speak, if that is possible; never fails, never waits long. Where there is no voice yet, what a prepared card brought.
speak() {
    local card said
    command -v aplay >/dev/null || return 0
    card=$(sound_card)
    if command -v espeak-ng >/dev/null; then
        espeak-ng --stdout -s 160 -- "$1" 2>/dev/null | timeout 30 aplay -q ${card:+-D "$card"} - 2>/dev/null || true
    else
        said="$HERE/../said/$(name_of "$1").wav"
        if [ -f "$said" ]; then timeout 30 aplay -q ${card:+-D "$card"} "$said" 2>/dev/null || true; fi
    fi
}

# The file name of a sentence; all failures have one.
name_of() {
    case $1 in "$FAILED"*) set -- "$FAILED" ;; esac
    printf '%s' "$1" | LC_ALL=C tr '[:upper:]' '[:lower:]' | LC_ALL=C tr -cs '[:lower:]' - | cut -c 1-60
}

step() {
    printf '%s\n' "$*"
    [ "$SPOKEN_STEPS" = no ] || speak "$*"
}

note() { printf '  %s\n' "$*"; }

# What is less than asked for, but no reason to stop.
warn() {
    printf 'install.sh: %s\n' "$*" >&2
    [ "$SPOKEN_STEPS" = no ] || speak "$*"
}

# fail WHAT WHAT-TO-DO: both in writing, both aloud.
fail() {
    printf 'install.sh: %s; %s\n' "$1" "$2" >&2
    speak "$FAILED $1. $2."
    exit 1
}
