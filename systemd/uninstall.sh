#!/usr/bin/env bash
# Removes emotion-assistant: units, environment, settings, state, friends, user, and the groups that were made for it.
# Also by `sh`: dash, and bash in its POSIX mode, do not know all that follows.
case "${BASH_VERSION:-}:${SHELLOPTS:-}:" in :* | *:posix:*) exec bash "$0" "$@" ;; esac
set -euo pipefail

HERE=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
PREFIX=/opt/emotion-assistant
. "$HERE/steps/speech.sh"
. "$HERE/steps/files.sh"
. "$HERE/steps/account.sh"
. "$HERE/steps/units.sh"
. "$HERE/steps/links.sh"
. "$HERE/steps/state.sh"

KEEP=no KEEP_FRIENDS=no
for option in "$@"; do
    case $option in
    --keep-settings) KEEP=yes ;;
    --keep-friends) KEEP_FRIENDS=yes ;;
    *) echo "usage: sudo systemd/uninstall.sh [--keep-settings] [--keep-friends]" >&2; exit 2 ;;
    esac
done
[ "$(id -u)" = 0 ] || { echo "uninstall.sh: this changes the system: run it with sudo" >&2; exit 1; }

step "Stopping the assistant."
remove_units
step "Removing the user emotion-assistant."
remove_account
if [ "$KEEP" = yes ]; then
    step "Removing files; settings and state stay."
else
    step "Removing files, settings and state."
fi
remove_state "$KEEP" "$KEEP_FRIENDS"
rm -rf "$PREFIX" /run/emotion-assistant /run/emotion-assistant-*
remove_links
step "Removed. The system's packages stay."
