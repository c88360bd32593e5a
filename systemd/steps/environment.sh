# shellcheck shell=bash
# The Python environment: built beside the one in use, tried, and only then put in its place in one step.
# An update that fails, or a power cut in the middle of one, leaves the environment that worked.

PYTHON=/usr/bin/python3
# What the assistant's own wheel is built from.
PARTS=(emotion_assistant.py assistant convert models share setup.cfg pyproject.toml README.md LICENSE)

# The lock file of a variant: `default`, or `numpy1` for systems whose own packages are built on NumPy 1.
lock_of() { if [ "$1" = default ]; then printf '%s\n' "$HERE/locks/$ARCH.txt"; else printf '%s\n' "$HERE/locks/$ARCH-$1.txt"; fi; }

# make_builder: an environment with pip, for this installation alone: the assistant's own holds none (27 MB).
make_builder() {
    [ -x "$WORK/build/bin/python" ] || "$PYTHON" -m venv "$WORK/build" ||
        fail "the Python environment could not be made in $WORK" "install python3-venv and look for free space with df -h /tmp"
}

# pip_into PYTHON ARGUMENT...: the builder's pip, installing into the environment of PYTHON.
pip_into() {
    local python=$1
    shift
    make_builder
    "$WORK/build/bin/python" -I -m pip --python "$python" --disable-pip-version-check install --quiet --no-cache-dir \
        --no-deps "$@"
}

# locked_pip PYTHON LOCK: install the wheels of a lock file, each with the hash in it; offline where WHEELS names a folder.
locked_pip() {
    local python=$1 lock=$2
    local -a where=()
    [ -z "$WHEELS" ] || where=(--no-index --find-links "$WHEELS")
    pip_into "$python" --require-hashes --only-binary :all: "${where[@]}" -r "$lock"
}

# The assistant's own wheel if one was given, else its source tree.
find_product() {
    local -a wheels
    shopt -s nullglob
    wheels=("${WHEELS:-/nonexistent}"/emotion_assistant-*.whl)
    shopt -u nullglob
    if [ ${#wheels[@]} = 1 ]; then
        PRODUCT=${wheels[0]}
    elif [ -f "$HERE/../setup.cfg" ]; then
        PRODUCT=$(realpath "$HERE/..")
    else
        fail "there is neither a source tree beside this script nor one emotion_assistant wheel in ${WHEELS:-a folder of wheels}" \
            "run this from a checkout, or put the wheel there"
    fi
}

# environment_id VARIANT: a hash of all parts of an environment, twelve digits.
environment_id() {
    {
        "$PYTHON" -I -c 'import sys; print(sys.version_info[:2], sys.executable)'
        cat "$(lock_of "$1")"
        printf '%s\n' "${UNUSED[@]}"
        if [ -f "$PRODUCT" ]; then
            cat "$PRODUCT"
        else
            (cd "$PRODUCT" && find "${PARTS[@]}" -type f ! -name '*.pyc' -print0 |
                LC_ALL=C sort -z | xargs -0 sha256sum)
        fi
    } | sha256sum | cut -c 1-12
}

# The product's wheel, built from the source tree by the locked setuptools in an environment of its own.
build_wheel() {
    local part
    mkdir "$WORK/source"
    for part in "${PARTS[@]}"; do
        cp -R "$PRODUCT/$part" "$WORK/source"
    done
    make_builder
    if ! { locked_pip "$WORK/build/bin/python" "$HERE/locks/build.txt" &&
        "$WORK/build/bin/python" -I -m pip wheel --quiet --disable-pip-version-check --no-deps --no-index \
            --no-build-isolation --wheel-dir "$WORK/wheel" "$WORK/source" >/dev/null; }; then
        fail "the assistant's own package could not be built" "see the lines above"
    fi
    PRODUCT_WHEEL=$(echo "$WORK"/wheel/emotion_assistant-*.whl)
}

make_environment() {
    local variant=$1 place=$2
    local python="$place/bin/python"
    if [ -f "$PRODUCT" ]; then PRODUCT_WHEEL=$PRODUCT; elif [ -z "${PRODUCT_WHEEL:-}" ]; then build_wheel; fi
    rm -rf "$place"
    "$PYTHON" -m venv --without-pip --system-site-packages "$place" ||
        fail "the Python environment could not be made in $place" "install python3-venv and look for free space with df -h /opt"
    locked_pip "$python" "$(lock_of "$variant")" ||
        fail "the Python packages could not be installed" "look at the lines above: no network, no space, or a file that is not the one whose hash is in $(lock_of "$variant")"
    pip_into "$python" --no-index "$PRODUCT_WHEEL" ||
        fail "the assistant's own package could not be installed" "see the lines above"
    slim_environment "$place"
}

# check_assistant ENVIRONMENT: load the detector and the models, with their self-tests; an import alone proves little.
check_assistant() {
    "$1/bin/python" -I -B -c 'from assistant.config.settings import Settings; from assistant.vision.factory import make_pipeline; make_pipeline(Settings())' 2>"$WORK/why"
}

# check_camera ENVIRONMENT: whether the system's picamera2 works with its packages; true where the system has none that works.
check_camera() {
    "$PYTHON" -I -B -c 'import picamera2' >/dev/null 2>&1 || return 0
    "$1/bin/python" -I -B -c 'import numpy, cv2, picamera2' >/dev/null 2>"$WORK/why"
}

last_line() { grep -v '^ *$' "$1" | tail -n 1; }

# try_variant ID VARIANT: build it, and check whether the system's picamera2 works with it.
try_variant() {
    PLACE="$PREFIX/env-$1-$2"
    make_environment "$2" "$PLACE"
    check_camera "$PLACE"
}

install_environment() {
    local id current
    find_product
    id=$(environment_id default)
    current=$(readlink "$PREFIX/venv" 2>/dev/null) || current=
    case $current in
    "env-$id-"*)
        if check_assistant "$PREFIX/$current" && check_camera "$PREFIX/$current"; then
            note "up to date"
            return
        fi
        note "what is there does not work any more: $(last_line "$WORK/why")"
        ;;
    esac
    if ! try_variant "$id" default; then
        note "the system's picamera2 does not work with these versions: $(last_line "$WORK/why")"
        if [ ! -f "$(lock_of numpy1)" ]; then
            warn "there is no other set of versions for $ARCH; the Pi's camera will not work, a USB camera will"
        else
            note "so NumPy 1 and the OpenCV that goes with it are taken instead"
            try_variant "$id" numpy1 ||
                warn "the Pi's camera does not work with that either: $(last_line "$WORK/why"); a USB camera will"
        fi
    fi
    check_assistant "$PLACE" ||
        fail "what was installed does not work: $(last_line "$WORK/why")" "report this line; what ran before was left as it was"
    ln -sfn "${PLACE##*/}" "$PREFIX/venv.new"
    mv -fT "$PREFIX/venv.new" "$PREFIX/venv"
    export CHANGED=yes
    note "$("$PREFIX/venv/bin/python" -I -B -c 'import cv2, numpy; print("NumPy", numpy.__version__, "OpenCV", cv2.__version__)')"
}

# Removes every environment that is not in use: the previous one, or one that was not finished.
remove_other_environments() {
    local current
    [ -d "$PREFIX" ] || return 0
    current=$(readlink "$PREFIX/venv" 2>/dev/null) || current=
    find "$PREFIX" -mindepth 1 -maxdepth 1 -name 'env-*' ! -name "${current:-none}" -exec rm -rf {} +
}
