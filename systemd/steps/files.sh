# shellcheck shell=bash
# Files are put in place only where they differ, whole or not at all; CHANGED is yes where one did.

export CHANGED=no

# put FILE PLACE [MODE]
put() {
    if cmp -s "$1" "$2"; then return; fi
    install -D -m "${3:-644}" "$1" "$2.new"
    mv -f "$2.new" "$2"
    export CHANGED=yes
    note "$2"
}

digest() { sha256sum "$1" | cut -d ' ' -f 1; }
