"""What pip, npm and the system say becomes one sentence."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from tools.check import CLOSING_LINE
from tools.frontend import is_node_new_enough
from tools.trouble import explain_log, explain_os_error

PIP_WITHOUT_NETWORK = """WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(': Failed to
establish a new connection: [Errno -3] Temporary failure in name resolution')': /simple/asgiref/
ERROR: Could not find a version that satisfies the requirement asgiref==3.13.0 (from versions: none)
ERROR: No matching distribution found for asgiref==3.13.0"""


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (PIP_WITHOUT_NETWORK, "the package index cannot be reached"),
        ("ERROR: No matching distribution found for numba==9", "does not have a package of the lock"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "its hash differs"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("OSError: [Errno 30] Read-only file system: '/x/.venv'", "read-only file system"),
        ("npm error code ENOTFOUND\nnpm error network request to x failed", "the package index cannot be reached"),
        ("npm error code EINTEGRITY", "its hash differs"),
        ("npm error code EUSAGE", "package-lock.json does not fit"),
        ("npm error code E401", "refuses this machine"),
        ("some line\nERROR: a new kind of failure.", "ERROR: a new kind of failure"),
        ("", "no reason given"),
    ],
)
def test_a_log_becomes_one_sentence(log: str, words: str):
    sentence = explain_log(log, "It failed", Path("/x/log"))
    assert words in sentence
    assert sentence.startswith("It failed: ")
    assert sentence.endswith(" (all of it: /x/log).")
    assert "\n" not in sentence


def test_an_error_of_the_system_names_the_file():
    sentence = explain_os_error(OSError(errno.EACCES, "Permission denied", "/x/.venv"))
    assert "may not be written" in sentence
    assert "/x/.venv" in sentence


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v20.19.0", True),
        ("v20.18.3", False),
        ("v21.7.3", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.19.0\n", True),
        ("v18.20.4", False),
        ("", False),
    ],
)
def test_node_must_be_one_that_vite_runs_on(version: str, enough: bool):
    assert is_node_new_enough(version) is enough


@pytest.mark.parametrize(
    "line",
    [
        "3 passed in 0.10s",
        "1 failed, 3 passed, 2 warnings in 61.20s (0:01:01)",
        "===== 3 passed, 1 skipped in 0.10s =====",
        "no tests ran in 0.01s",
    ],
)
def test_the_closing_lines_of_pytest_are_known(line: str):
    assert CLOSING_LINE.match(line)
