"""Drawing on pictures for people who see: boxes, words, bars and subtitles. Pure, but for the font's file."""
