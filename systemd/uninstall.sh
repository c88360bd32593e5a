#!/usr/bin/env bash
# Takes emotion-assistant away: units, environment, settings, state, user, and the groups that were made for it.
set -euo pipefail

HERE=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
PREFIX=/opt/emotion-assistant
. "$HERE/steps/speech.sh"
. "$HERE/steps/files.sh"
. "$HERE/steps/account.sh"
. "$HERE/steps/units.sh"

[ $# = 0 ] || { echo "usage: sudo systemd/uninstall.sh" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "uninstall.sh: this changes the system: run it with sudo" >&2; exit 1; }

step "Stopping the assistant."
remove_units
step "Removing the user emotion-assistant."
remove_account
step "Removing files, settings and state."
rm -rf "$PREFIX" "${SETTINGS%/*}" /var/lib/emotion-assistant /var/lib/emotion-assistant-* /run/emotion-assistant /run/emotion-assistant-*
[ ! -L /usr/local/bin/emotion-assistant ] || rm -f /usr/local/bin/emotion-assistant
step "Removed. The system's packages stay."
