# shellcheck shell=bash
# What reading text needs: Tesseract with the language of the sentences, by apt, or rapidocr from its lock file.

# Debian's package of each language of the assistant: tesseract-ocr-NAME.
declare -A TESSERACT_LANGUAGES=([ar]=ara [de]=deu [en]=eng [es]=spa [fr]=fra [hi]=hin [it]=ita [pt]=por)

# reader_works ENGINE: whether the reader can be loaded, with the settings' language.
reader_works() {
    "$PREFIX/venv/bin/python" -I -B -c 'import sys
from dataclasses import replace
from pathlib import Path
from assistant.config.settings import ReadSettings
from assistant.config.settings_file import parse_settings
from assistant.skills.reading.engine import open_engine
settings = parse_settings(Path(sys.argv[1]).read_text("utf-8"))
open_engine(replace(settings, read=ReadSettings(engine=sys.argv[2]))).close()' "$SETTINGS" "$1" 2>"$WORK/why"
}

settings_locale() {
    "$PREFIX/venv/bin/python" -I -B -c 'import sys
from pathlib import Path
from assistant.config.settings_file import parse_settings
print(parse_settings(Path(sys.argv[1]).read_text("utf-8")).announcements.locale)' "$SETTINGS" 2>"$WORK/why" || echo en
}

# add_tesseract: the program, English, and the language of the settings.
add_tesseract() {
    local locale
    local -a missing
    locale=$(settings_locale)
    locale=${locale:-en}
    mapfile -t missing < <(missing_packages tesseract-ocr tesseract-ocr-eng "tesseract-ocr-${TESSERACT_LANGUAGES[$locale]:-eng}" | sort -u)
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$APT" != yes ] || [ -n "$DEBS" ]; then
        echo "these packages are missing: ${missing[*]}" >"$WORK/why"
        return 1
    fi
    note "${missing[*]}"
    apt_install "${missing[@]}" 2>"$WORK/why" || { apt-get update -qq && apt_install "${missing[@]}" 2>"$WORK/why"; }
}

# install_reading ENGINE: tesseract or rapidocr.
install_reading() {
    if [ "$1" = rapidocr ] && ! { add_extra read && reader_works rapidocr; }; then
        warn "rapidocr could not be had: $(last_line "$WORK/why"). Tesseract is taken"
        set -- tesseract
    fi
    if [ "$1" = tesseract ] && ! { add_tesseract && reader_works tesseract; }; then
        warn "Tesseract could not be had: $(last_line "$WORK/why"). Nothing is read; try again later with --read"
        return
    fi
    set_setting read enabled true
    note "text before the camera is read with $1 when the wearer asks; read.enabled = false in $SETTINGS ends that"
}
