# shellcheck shell=bash
# What the assistant keeps: settings, state, and the friends, which are people's: they go unless they are asked for.

STATE=/var/lib
FRIENDS=emotion-assistant-friends

# remove_state KEEP-SETTINGS KEEP-FRIENDS, each yes or no.
remove_state() {
    local folder
    if [ "$1" = no ]; then
        rm -rf "${SETTINGS%/*}"
        for folder in "$STATE"/emotion-assistant "$STATE"/emotion-assistant-*; do
            [ "${folder##*/}" = "$FRIENDS" ] || rm -rf "$folder"
        done
    fi
    if [ "$2" = no ]; then
        rm -rf "${STATE:?}/$FRIENDS"
    elif [ -d "$STATE/$FRIENDS" ]; then
        note "the friends stay in $STATE/$FRIENDS"
    fi
}
