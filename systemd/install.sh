#!/usr/bin/env bash
# Installs emotion-assistant on Raspberry Pi OS or Debian (bookworm, trixie; arm64, amd64), or brings it up to date.
# Also by `sh`: dash, and bash in its POSIX mode, do not know all that follows.
case "${BASH_VERSION:-}:${SHELLOPTS:-}:" in :* | *:posix:*) exec bash "$0" "$@" ;; esac
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: sudo systemd/install.sh [OPTION]...
       systemd/install.sh --card FOLDER [--offline DIR | --wheels DIR]

  --yunet        also fetch the face detector YuNet and use it
  --friends      also fetch a face recognizer, and name the friends who agreed to it
  --things       also fetch a detector of things, and tell what is in front and where a thing is
  --read         also read text aloud with Tesseract; --read=rapidocr: with RapidOCR, better, on boards with 2 GB
  --listen       also let words wait for a gap in talk; needs a microphone
  --extra NAME   also add the packages of listen, nanodet, piper, pyttsx3 or read; may be repeated
  --bluetooth    also set up a Bluetooth headset, guided by ear
  --offline DIR  no network: Python packages from DIR/wheels, the system's from DIR/debs
  --wheels DIR   Python packages from DIR, the system's by apt
  --no-apt       leave the system's packages alone: they are there already
  --only-packages
                 install the system's packages and stop there
  --spoken       say each step aloud, too, as soon as that is possible
  --card FOLDER  prepare a freshly written SD card, whose boot partition is FOLDER: its first boot installs

May be run again at any time: what is as it should be stays as it is, an edited settings file always.
TEXT
}

HERE=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
PREFIX=/opt/emotion-assistant
WHEELS='' DEBS='' APT=yes YUNET_TOO=no FRIENDS_TOO=no THINGS_TOO=no READ=no LISTEN=no BLUETOOTH=no CARD=''
ADDED=()
. "$HERE/steps/speech.sh"
. "$HERE/steps/files.sh"
. "$HERE/steps/packages.sh"
. "$HERE/steps/account.sh"
. "$HERE/steps/slim.sh"
. "$HERE/steps/environment.sh"
. "$HERE/steps/extras.sh"
. "$HERE/steps/settings.sh"
. "$HERE/steps/yunet.sh"
. "$HERE/steps/weights.sh"
. "$HERE/steps/friends.sh"
. "$HERE/steps/things.sh"
. "$HERE/steps/read.sh"
. "$HERE/steps/listen.sh"
. "$HERE/steps/bluetooth.sh"
. "$HERE/steps/card.sh"
. "$HERE/steps/units.sh"
. "$HERE/steps/links.sh"

while [ $# -gt 0 ]; do
    case $1 in
    --offline)
        [ -d "${2:-}/wheels" ] || { echo "install.sh: --offline wants a folder with wheels/ in it, not '${2:-}'" >&2; exit 2; }
        WHEELS=$(realpath "$2/wheels") DEBS=$(realpath "$2")/debs
        shift
        ;;
    --wheels)
        [ -d "${2:-}" ] || { echo "install.sh: --wheels wants a folder, not '${2:-}'" >&2; exit 2; }
        WHEELS=$(realpath "$2")
        shift
        ;;
    --card)
        [ -d "${2:-}" ] || { echo "install.sh: --card wants the folder of a boot partition, not '${2:-}'" >&2; exit 2; }
        CARD=$(realpath "$2")
        shift
        ;;
    --yunet) YUNET_TOO=yes ;;
    --friends) FRIENDS_TOO=yes ;;
    --things) THINGS_TOO=yes ;;
    --read | --read=tesseract) READ=tesseract ;;
    --read=rapidocr) READ=rapidocr ;;
    --listen) LISTEN=yes ;;
    --extra)
        [ -n "${EXTRAS[${2:-none}]:-}" ] || { echo "install.sh: --extra wants one of ${!EXTRAS[*]}, not '${2:-}'" >&2; exit 2; }
        ADDED+=("$2")
        shift
        ;;
    --bluetooth) BLUETOOTH=yes ;;
    --no-apt) APT=no ;;
    --only-packages) APT=only ;;
    --spoken) SPOKEN_STEPS=yes ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
    esac
    shift
done

if [ -n "$CARD" ]; then
    prepare_card "$CARD"
    exit 0
fi
[ "$(id -u)" = 0 ] || { echo "install.sh: this changes the system: run it with sudo" >&2; exit 1; }
command -v dpkg >/dev/null || fail "this is not Debian or Raspberry Pi OS" "see the README for other ways to run the assistant"
ARCH=$(dpkg --print-architecture)
[ -f "$HERE/locks/$ARCH.txt" ] || fail "this system is $ARCH; there are packages for 64-bit Arm and PC only" "install the 64-bit Raspberry Pi OS"

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"; remove_other_environments' EXIT
umask 022

if [ "$APT" != no ]; then
    step "Installing the system's packages."
    install_packages
    [ "$APT" != only ] || exit 0
fi
mkdir -p "$PREFIX"
version=$("$PYTHON" -I -c 'import sys; print("%d.%d" % sys.version_info[:2])')
grep -q "^# Python.* $version" "$HERE/locks/$ARCH.txt" ||
    fail "this system has Python $version; there are packages for $(sed -n 's/^# Python //p' "$HERE/locks/$ARCH.txt")" "use Debian or Raspberry Pi OS bookworm or trixie"

step "Making the user emotion-assistant."
make_account
step "Installing the assistant. This takes a few minutes."
mapfile -t before < <(installed_extras)
install_environment
add_extras "${before[@]}" "${ADDED[@]}"
install_links
step "Writing the settings."
install_settings
if [ "$YUNET_TOO" = yes ]; then
    step "Fetching the face detector YuNet."
    install_yunet
fi
if [ "$FRIENDS_TOO" = yes ]; then
    step "Fetching the face recognizer."
    install_friends
fi
if [ "$THINGS_TOO" = yes ]; then
    step "Fetching the detector of things."
    install_things
fi
if [ "$READ" != no ]; then
    step "Setting up reading."
    install_reading "$READ"
fi
if [ "$LISTEN" = yes ]; then
    step "Setting up the microphone."
    install_listening
fi
if [ "$BLUETOOTH" = yes ]; then
    step "Setting up the headset."
    install_bluetooth
fi
step "Recording the sentences for a fault."
record_sentences
step "Starting the assistant."
install_units
step "Installed."
note "To check every part, by ear: sudo emotion-assistant doctor"
