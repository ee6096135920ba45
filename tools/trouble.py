"""Turns what pip, npm and the operating system say into one sentence: what is wrong and what to do."""

from __future__ import annotations

import errno
import re
from pathlib import Path

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
NPM_LEFTOVER = r"npm error (A complete log|Lifecycle script|code|path|command|workspace|location|errno)\b"


class Trouble(Exception):
    """An expected failure; the message is one sentence for the person at the terminal."""


NOT_YOURS = "This folder may not be written by this user: change its owner, or copy Guantong to a folder of yours"

OS_ADVICE = {
    errno.ENOSPC: "The disk is full: free some space (about 1 GB is needed) and run the command again",
    errno.EDQUOT: "The disk quota is used up: free some space and run the command again",
    errno.EROFS: "This folder is on a read-only file system: copy Guantong to a folder that can be written",
    errno.EACCES: NOT_YOURS,
    errno.EPERM: NOT_YOURS,
}

INDEX_SETTINGS = "the settings of pip and npm"
NETWORK_WORDS = (
    "NameResolutionError|Temporary failure in name resolution|nodename nor servname|getaddrinfo|ENOTFOUND|EAI_AGAIN|"
    "Network is unreachable|ENETUNREACH|EHOSTUNREACH|Connection refused|ECONNREFUSED|ConnectTimeout|ETIMEDOUT|"
    "ReadTimeout|ProxyError|Max retries exceeded|NewConnectionError|Connection reset|ECONNRESET"
)

LOG_ADVICE: dict[str, str] = {
    r"No space left on device|ENOSPC|Errno 28\b": OS_ADVICE[errno.ENOSPC],
    r"Disk quota exceeded|EDQUOT": OS_ADVICE[errno.EDQUOT],
    r"Read-only file system|EROFS": OS_ADVICE[errno.EROFS],
    r"DO NOT MATCH THE HASHES|EINTEGRITY": "a downloaded package is not the one the lock names (its hash differs): "
    "ask who runs your package index, and do not go on",
    r"CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER": "the certificate of the "
    f"package index is not trusted by this machine: add your company's authority to {INDEX_SETTINGS}",
    NETWORK_WORDS: "the package index cannot be reached: check the network, the proxy, and the index in "
    f"{INDEX_SETTINGS}",
    r"E401|E403|401 Client Error|403 Client Error|407 Proxy": "the package index refuses this machine: check the name "
    f"and password in {INDEX_SETTINGS}",
    r"No matching distribution found|ETARGET|404 Client Error|E404": "the package index does not have a package of the "
    f"lock for this machine and Python: check the index in {INDEX_SETTINGS}, or use Python 3.11 to 3.13",
    r"npm error code EUSAGE": "frontend/package-lock.json does not fit frontend/package.json: run npm install there",
    r"Permission denied|EACCES|EPERM": OS_ADVICE[errno.EACCES],
    r"out of memory|Cannot allocate memory|ENOMEM|heap limit": "the machine has too little free memory",
}


def explain_log(text: str, what: str, log: Path | None = None) -> str:
    """The sentence for a tool's output: `what` failed, the cause if it is a known one, and where to read all of it."""
    where = f" (all of it: {log})" if log else ""
    for pattern, advice in LOG_ADVICE.items():
        if re.search(pattern, text):
            return f"{what}: {advice[0].lower()}{advice[1:]}{where}."
    return f"{what}: {_reason(text)}{where}."


def _reason(text: str) -> str:
    """The line that most likely says why: the last that begins like an error, with the next where it only announces."""
    lines = [line.strip().rstrip(".") for line in COLOURS.sub("", text).splitlines() if line.strip()]
    errors = [number for number, line in enumerate(lines) if re.match(r"(npm )?(error|ERROR)\b", line)]
    for number in reversed(errors):
        if not re.match(NPM_LEFTOVER, lines[number]):
            return " ".join(lines[number : number + 2] if lines[number].endswith(":") else lines[number : number + 1])
    return lines[-1] if lines else "no reason given"


def explain_os_error(error: OSError) -> str:
    """The sentence for an error of the operating system."""
    advice = OS_ADVICE.get(error.errno or 0)
    where = f" ({error.filename})" if error.filename else ""
    if advice:
        return f"{advice}{where}."
    return f"{error.strerror or error}{where}."
