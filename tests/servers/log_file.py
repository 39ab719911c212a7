"""A server's log, read stretch by stretch."""

import os

import service

QUIET_POLLS = 4  # of 50 ms each


class LogFile:
    def __init__(self, path):
        self._path = path
        self._offset = 0

    def next_stretch(self):
        """What was written since the last call, once the server is quiet."""
        sizes = []

        def quiet():
            sizes.append(os.path.getsize(self._path))
            return len(sizes) >= QUIET_POLLS and len(
                set(sizes[-QUIET_POLLS:])) == 1
        service.wait_until(quiet, f"{self._path} still grows")
        with open(self._path, errors="replace") as file:
            file.seek(self._offset)
            text = file.read()
            self._offset = file.tell()
        return text
