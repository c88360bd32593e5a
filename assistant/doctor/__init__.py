"""The doctor: checks every part of the assistant in turn, says what it finds, and what to do where a check fails.

It works where the rest is broken: its own process imports no NumPy, no OpenCV and no TFLite runtime. The checks that
need them, or that open hardware (modules `vision`, `libraries` and `pins`), run in a child process each.
"""
