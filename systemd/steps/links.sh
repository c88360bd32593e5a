# shellcheck shell=bash
# The command, its man page and its completions, as links from /usr/local into the environment.

LOCAL=/usr/local
# That of zsh only where its folder exists.
LINKS=(bin/emotion-assistant share/man/man1/emotion-assistant.1 share/bash-completion/completions/emotion-assistant
    share/zsh/site-functions/_emotion-assistant)

install_links() {
    local link
    mkdir -p "$LOCAL/share/man/man1" "$LOCAL/share/bash-completion/completions"
    for link in "${LINKS[@]}"; do
        [ -d "$LOCAL/${link%/*}" ] || continue
        [ "$(readlink "$LOCAL/$link" 2>/dev/null)" = "$PREFIX/venv/$link" ] || ln -sfn "$PREFIX/venv/$link" "$LOCAL/$link"
    done
}

remove_links() {
    local link
    for link in "${LINKS[@]}"; do
        [ ! -L "$LOCAL/$link" ] || rm -f "$LOCAL/$link"
    done
    rmdir --ignore-fail-on-non-empty "$LOCAL/share/man/man1" "$LOCAL/share/bash-completion/completions" \
        "$LOCAL/share/bash-completion" 2>/dev/null || true
}
