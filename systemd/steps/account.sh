# shellcheck shell=bash
# The account of the units: a user without a home or a shell, in the groups that own sound, camera and buttons.

make_account() {
    local group
    for group in gpio input; do
        getent group "$group" >/dev/null || printf '%s\n' "$group" >>"$PREFIX/groups-made"
    done
    systemd-sysusers "$HERE/emotion-assistant.sysusers" >"$WORK/output" 2>&1 || {
        cat "$WORK/output" >&2
        fail "the user emotion-assistant could not be made" "mend what systemd-sysusers says above"
    }
    note "$(id emotion-assistant)"
}

# Removes the user, and those groups that make_account has made.
remove_account() {
    local group
    if getent passwd emotion-assistant >/dev/null; then userdel emotion-assistant; fi
    if getent group emotion-assistant >/dev/null; then groupdel emotion-assistant; fi
    if [ -f "$PREFIX/groups-made" ]; then
        while read -r group; do
            if getent group "$group" >/dev/null; then groupdel "$group" || true; fi
        done <"$PREFIX/groups-made"
    fi
}
