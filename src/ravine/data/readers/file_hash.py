"""The SHA-256 of the bytes of a file, computed while a reader parses them."""

from __future__ import annotations

import hashlib
import threading

__all__ = ["FileHash"]

THREAD_BYTES = 1 << 22  # a thread costs more than the hash of fewer bytes


class FileHash:
    """The SHA-256 of bytes; a thread of its own computes that of a large file."""

    def __init__(self, content: bytes):
        self._content = content
        self._digest = ""
        self._thread: threading.Thread | None = None
        if len(content) >= THREAD_BYTES:
            thread = threading.Thread(target=self._compute, daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the system allows no further thread: `hexdigest` computes it
                return
            self._thread = thread

    def hexdigest(self) -> str:
        """Return the hash as hexadecimal digits. Waits for the thread."""
        if self._thread:
            self._thread.join()
        if not self._digest:
            self._compute()
        return self._digest

    def _compute(self) -> None:
        self._digest = hashlib.sha256(self._content).hexdigest()
