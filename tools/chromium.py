"""Finds the Chromium that the browser tests drive; on a new Debian machine of CI, installs it with Chinese fonts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.trouble import Trouble

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "microsoft-edge")
MAC_PROGRAMS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
DEBIAN_PACKAGES = ("chromium", "fonts-noto-cjk")
MISSING = (
    "Browser tests need Chromium: install it (Debian: apt install chromium fonts-noto-cjk) or name one with "
    "GUANTONG_CHROMIUM."
)


def find_chromium() -> str | None:
    """The Chromium to use: the one GUANTONG_CHROMIUM names, one on the path, macOS's, or playwright's own."""
    named = os.environ.get("GUANTONG_CHROMIUM", "").strip()
    if named:
        return named if os.access(named, os.X_OK) else None
    for name in NAMES:
        if found := shutil.which(name):
            return found
    for program in MAC_PROGRAMS:
        if os.access(program, os.X_OK):
            return program
    return _playwrights_own()


def _playwrights_own() -> str | None:
    caches = [Path.home() / ".cache" / "ms-playwright", Path.home() / "Library" / "Caches" / "ms-playwright"]
    for cache in caches:
        for program in sorted(cache.glob("chromium*/chrome-*/*"), reverse=True):
            if program.name in {"chrome", "headless_shell", "chrome-headless-shell"} and os.access(program, os.X_OK):
                return str(program)
    return None


def ensure_chromium_in_ci() -> str:
    """Chromium and Chinese fonts, installed when they are missing and we may; otherwise one sentence."""
    found = find_chromium()
    if found and _has_chinese_font():
        return found
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        if found:
            return found
        raise Trouble(MISSING)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *DEBIAN_PACKAGES],
    ):
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            print(done.stdout[-3000:], file=sys.stderr)
    found = find_chromium()
    if not found:
        raise Trouble(MISSING)
    return found


def _has_chinese_font() -> bool:
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh"], capture_output=True, text=True).stdout.strip())


if __name__ == "__main__":
    try:
        print(ensure_chromium_in_ci())
    except Trouble as trouble:
        sys.exit(str(trouble))
