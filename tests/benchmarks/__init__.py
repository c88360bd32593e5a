"""`make benchmark`: the hot paths, timed by pytest-benchmark; not part of `make test`."""
