"""One line that says how far a long step is: a bar on a terminal, a line every few seconds anywhere else."""

from __future__ import annotations

import sys
import time
from typing import TextIO

BAR_WIDTH = 24
SECONDS_BETWEEN_LINES = 5.0
SECONDS_BETWEEN_DRAWS = 0.1


class Progress:
    """Shows `title`, a bar and what is being done; safe to call thousands of times a second."""

    def __init__(self, title: str, stream: TextIO | None = None) -> None:
        """Begin; nothing is written before the first `update`."""
        self.title = title
        self.stream = sys.stderr if stream is None else stream
        self.is_terminal = self.stream.isatty()
        self._shown_at = 0.0
        self._open = False
        self._began = time.monotonic()

    def update(self, done: int, total: int, what: str = "") -> None:
        """Say that `done` of `total` is done; a total of 0 means that nobody knows how much there is."""
        now = time.monotonic()
        gap = SECONDS_BETWEEN_DRAWS if self.is_terminal else SECONDS_BETWEEN_LINES
        if self._shown_at and now - self._shown_at < gap:
            return
        self._shown_at = now
        share = min(max(done / total, 0.0), 1.0) if total > 0 else 0.0
        percent = f"{share:4.0%}" if total > 0 else "    "
        if not self.is_terminal:
            self._write(f"{self.title}: {percent.strip()} {what}".rstrip() + "\n")
            return
        filled = round(share * BAR_WIDTH)
        bar = "█" * filled + "░" * (BAR_WIDTH - filled)
        self._write(f"\r\x1b[2K{self.title:<14} {bar} {percent} {what}"[:160])
        self._open = True

    def finish(self, what: str = "done") -> None:
        """Close the line with the time it took."""
        seconds = time.monotonic() - self._began
        erase = "\r\x1b[2K" if self._open else ""
        self._write(f"{erase}{self.title:<14} {what} ({seconds:.1f} s)\n")
        self._open = False

    def drop(self) -> None:
        """Erase a half-drawn bar, so that an error sentence begins on a clean line."""
        if self._open:
            self._write("\r\x1b[2K")
            self._open = False

    def _write(self, text: str) -> None:
        """Write, leaving out signs that the terminal cannot show; a closed terminal ends nothing."""
        encoding = getattr(self.stream, "encoding", None) or "ascii"
        try:
            self.stream.write(text.encode(encoding, "replace").decode(encoding))
            self.stream.flush()
        except OSError:
            self.is_terminal = False
