"""`replay --annotate`: what is seen and heard of a recording, as a clip with its subtitles."""
