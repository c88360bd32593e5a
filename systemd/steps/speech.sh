# shellcheck shell=bash
# Reports each step in one line, and every failure: printed and, where sound works, spoken.
# Uses nothing of the assistant: it may not be installed yet, or be broken.

SETTINGS=/etc/emotion-assistant/config.toml
CARD_SETTINGS=/boot/firmware/emotion-assistant.toml # takes precedence over SETTINGS
FAILED="Installation failed."
SPOKEN_STEPS=no

# The sound card that the settings name, in aplay's form; where they name none the first USB card, else nothing.
sound_card() {
    local name
    name=$(sed -n 's/^device *= *"\(.*\)".*/\1/p' "$CARD_SETTINGS" "$SETTINGS" 2>/dev/null | head -n 1) || true
    case $name in
    '' | auto)
        LC_ALL=C aplay -l 2>/dev/null | grep -i -e usb -e headset |
            sed -n 's/^card [0-9]*: \([^ ]*\) .*, device \([0-9]*\): .*/plughw:CARD=\1,DEV=\2/p' | head -n 1 || true
        ;;
    *:*) printf '%s\n' "$name" ;;
    *) printf 'plughw:CARD=%s\n' "$name" ;;
    esac
}

# speak TEXT: never fails, never waits long. Without espeak-ng, by the recordings on a prepared SD card.
speak() {
    local card recording
    command -v aplay >/dev/null || return 0
    card=$(sound_card)
    if command -v espeak-ng >/dev/null; then
        espeak-ng --stdout -s 160 -- "$1" 2>/dev/null | timeout 30 aplay -q ${card:+-D "$card"} - 2>/dev/null || true
    else
        recording="$HERE/../spoken-steps/$(name_of "$1").wav"
        if [ -f "$recording" ]; then timeout 30 aplay -q ${card:+-D "$card"} "$recording" 2>/dev/null || true; fi
    fi
}

# name_of TEXT: the file name of its recording; all failures share one.
name_of() {
    case $1 in "$FAILED"*) set -- "$FAILED" ;; esac
    printf '%s' "$1" | LC_ALL=C tr '[:upper:]' '[:lower:]' | LC_ALL=C tr -cs '[:lower:]' - | cut -c 1-60
}

step() {
    printf '%s\n' "$*"
    [ "$SPOKEN_STEPS" = no ] || speak "$*"
}

note() { printf '  %s\n' "$*"; }

# warn TEXT: something does not work, but the installation goes on.
warn() {
    printf 'install.sh: %s\n' "$*" >&2
    [ "$SPOKEN_STEPS" = no ] || speak "$*"
}

# fail WHAT WHAT-TO-DO: print and speak both, and exit.
fail() {
    printf 'install.sh: %s; %s\n' "$1" "$2" >&2
    speak "$FAILED $1. $2."
    exit 1
}
