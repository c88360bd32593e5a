# shellcheck shell=bash
# Networks that others trained: from the offline folder, else from their public home; each is used only with its hash.

# fetch_weights FILE URL SHA256 MIB: put it into $PREFIX. A file that is larger, too slow or has another hash is discarded,
# and $WORK/why says so.
fetch_weights() {
    local file=$1 url=$2 sha256=$3 mib=$4 near="${WHEELS:-/nonexistent}/../$1"
    if [ -f "$PREFIX/$file" ] && [ "$(digest "$PREFIX/$file")" = "$sha256" ]; then return; fi
    if [ -f "$near" ]; then
        cp "$near" "$WORK/weights"
    elif [ -n "$DEBS" ]; then
        echo "$file is not in the offline folder" >"$WORK/why"
        return 1
    else
        "$PYTHON" -I -B -c 'import sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=30) as source, open(sys.argv[2], "wb") as target:
    target.write(source.read(int(sys.argv[3]) << 20))' "$url" "$WORK/weights" "$mib" 2>"$WORK/why" || return 1
    fi
    if [ "$(digest "$WORK/weights")" != "$sha256" ]; then
        echo "what came is not the file whose hash is known" >"$WORK/why"
        return 1
    fi
    put "$WORK/weights" "$PREFIX/$file"
}
