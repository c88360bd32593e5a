"""The doctor: looks at every part of the assistant in turn, says what it finds, and what to do where something fails.

It works where the rest is broken: nothing here imports NumPy, OpenCV or a runtime, but for `sight` and `parts`, which
run in a child process of their own.
"""
