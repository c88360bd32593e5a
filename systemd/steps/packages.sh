# shellcheck shell=bash
# The system's packages: the required ones, and the optional ones where the system has them.

REQUIRED=(python3 python3-venv espeak-ng alsa-utils systemd)
OPTIONAL=(python3-picamera2 python3-gpiozero python3-lgpio python3-evdev)

has_package() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing_packages() {
    local package
    for package in "$@"; do has_package "$package" || printf '%s\n' "$package"; done
}

# Not through a pipe to `grep -q`, which ends at the first match, so that apt-cache fails.
is_available() {
    local policy
    policy=$(apt-cache policy "$1" 2>/dev/null)
    [[ $policy == *"Candidate: "[^\(]* ]]
}

install_packages() {
    local -a missing extra=()
    local package
    mapfile -t missing < <(missing_packages "${REQUIRED[@]}")
    if [ -n "$DEBS" ]; then
        offline_packages
        return
    fi
    mapfile -t extra < <(missing_packages "${OPTIONAL[@]}")
    if [ ${#missing[@]} = 0 ] && [ ${#extra[@]} = 0 ]; then
        note "all there"
        return
    fi
    if [ ${#missing[@]} -gt 0 ] || ! all_known "${extra[@]}"; then
        apt-get update -qq || warn "the list of packages could not be renewed; the one of last time is used"
    fi
    for package in "${extra[@]}"; do
        if is_available "$package"; then missing+=("$package"); else note "$package: this system does not have it"; fi
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    note "${missing[*]}"
    fetch_packages "${missing[@]}"
}

# Package lists that are too old name files that are gone: with new lists the second attempt may succeed.
fetch_packages() {
    apt_install "$@" || { apt-get update -qq && apt_install "$@"; } ||
        fail "apt could not install $*" "look at the lines above, check the network, and run this again"
}

apt_install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }

# install_named PACKAGE...: packages that an option of install.sh needs.
install_named() {
    local -a missing
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$APT" != yes ] || [ -n "$DEBS" ]; then
        fail "these packages are missing: ${missing[*]}" "install them with apt, and run this again"
    fi
    fetch_packages "${missing[@]}"
}

# all_known PACKAGE...: whether apt's lists have all of them, or there are lists, so that the others do not exist.
all_known() {
    local package
    for package in "$@"; do is_available "$package" || [ -n "$(ls -A /var/lib/apt/lists 2>/dev/null)" ] || return 1; done
}

# Without a network: the packages of the folder $DEBS, and none from elsewhere.
offline_packages() {
    local -a debs missing
    shopt -s nullglob
    debs=("$DEBS"/*.deb)
    shopt -u nullglob
    mapfile -t debs < <(newer_debs "${debs[@]}")
    if [ ${#debs[@]} -gt 0 ]; then
        note "${#debs[@]} packages from $DEBS"
        mkdir "$WORK/lists" # empty, and no sources: apt knows of nothing but these files
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o Dir::State::Lists="$WORK/lists" \
            -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=/dev/null "${debs[@]}" >/dev/null ||
            fail "apt could not install the packages in $DEBS" "look at the lines above for what they need, and put that there too"
    else
        note "nothing new in $DEBS"
    fi
    mapfile -t missing < <(missing_packages "${REQUIRED[@]}")
    [ ${#missing[@]} = 0 ] ||
        fail "these packages are missing: ${missing[*]}" "put them into $DEBS, or run this with a network and without --offline"
}

# Of the given .deb files those that are not installed in this or a newer version, with full paths.
newer_debs() {
    local deb name version arch is
    for deb in "$@"; do
        read -r name version arch < <(dpkg-deb -W --showformat='${Package} ${Version} ${Architecture}\n' "$deb") || continue
        [ "$arch" = all ] || [ "$arch" = "${ARCH:?}" ] || continue
        is=$(dpkg-query -W -f '${db:Status-Status} ${Version}' "$name" 2>/dev/null) || is=
        case $is in
        "installed "*) dpkg --compare-versions "${is#installed }" ge "$version" || printf '%s\n' "$(realpath "$deb")" ;;
        *) printf '%s\n' "$(realpath "$deb")" ;;
        esac
    done
}
