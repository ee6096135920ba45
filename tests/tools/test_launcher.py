"""The launcher's own sentences, tried with a copy of it and made-up Pythons."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the launcher, a bootstrap that says which Python runs it, and an empty path."""
    shutil.copy2(ROOT / "guantong", tmp_path / "guantong")
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "bootstrap.py").write_text("# stands for the real one\n")
    (tmp_path / "bin").mkdir()
    for name in ("dirname", "readlink"):
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    return tmp_path


def add_python(place: Path, name: str, version: tuple[int, int]) -> None:
    """A program that answers the launcher's question like a Python of this version, and otherwise says its name."""
    program = place / "bin" / name
    program.write_text(
        "#!/bin/sh\n"
        'case "$1" in\n'
        f'--version) echo "Python {version[0]}.{version[1]}.0" ;;\n'
        "-c) low=$(echo \"$2\" | sed 's/.*not (\\([0-9]*\\), \\([0-9]*\\)).*/\\1\\2/')\n"
        "    high=$(echo \"$2\" | sed 's/.*< (\\([0-9]*\\), \\([0-9]*\\)).*/\\1\\2/')\n"
        "    [ $high = 40 ] && high=999\n"
        f"    [ $low -le {version[0]}{version[1]} ] && [ {version[0]}{version[1]} -lt $high ] ;;\n"
        f'*) echo "{name}: $*" ;;\n'
        "esac\n"
    )
    program.chmod(0o755)
    for tool in ("sed",):
        link = place / "bin" / tool
        if not link.exists():
            link.symlink_to(str(shutil.which(tool)))


def launch(place: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(place / "bin"), "HOME": str(place), **settings}
    return subprocess.run(["/bin/sh", str(place / "guantong"), *words], env=environment, capture_output=True, text=True)


def test_without_any_python_one_sentence_says_what_to_install(place: Path):
    done = launch(place, "run")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Python 3.11 or newer with venv is needed, but no python3 was found" in done.stderr


def test_an_old_python_is_named(place: Path):
    add_python(place, "python3", (3, 9))
    done = launch(place, "run")
    assert done.returncode == 1
    assert "but Python 3.9.0 was found" in done.stderr


def test_a_newer_python_beside_an_old_one_is_taken(place: Path):
    add_python(place, "python3", (3, 9))
    add_python(place, "python3.12", (3, 12))
    assert launch(place, "run", "x y").stdout == f"python3.12: {place}/tools/bootstrap.py run x y\n"


def test_a_version_too_new_for_the_packages_is_the_last_choice(place: Path):
    add_python(place, "python3", (3, 15))
    assert launch(place).stdout.startswith("python3: ")
    add_python(place, "python3.13", (3, 13))
    assert launch(place).stdout.startswith("python3.13: ")


def test_a_named_python_that_is_too_old_is_refused(place: Path):
    add_python(place, "python3.10", (3, 10))
    done = launch(place, "run", PYTHON="python3.10")
    assert done.returncode == 1
    assert "PYTHON is 'python3.10'" in done.stderr


def test_the_launcher_works_from_anywhere_and_through_links(place: Path, tmp_path_factory):
    add_python(place, "python3", (3, 11))
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    os.symlink(place / "guantong", elsewhere / "gt")
    environment = {"PATH": str(place / "bin")}
    done = subprocess.run(["/bin/sh", "./gt", "run"], cwd=elsewhere, env=environment, capture_output=True, text=True)
    assert done.stdout == f"python3: {place}/tools/bootstrap.py run\n"
