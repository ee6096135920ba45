"""Proves that a database of the last main can be brought to this one: its own code makes it, ours migrates and checks.

The older code runs in a worktree with today's packages. A commit that cannot make its own samples is one that nobody
runs: it is named and passed over for the one before it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.trouble import Trouble

ROOT = Path(__file__).resolve().parents[1]
MARK = "src/guantong/config/cli.py"
MOST_TRIES = 3
MAIN_NAMES = ("origin/main", "main")


def main() -> int:
    """Make the older database, migrate it, check the books; 0 also when there is no older commit."""
    for old in older_commits():
        with tempfile.TemporaryDirectory(prefix="gtupgrade-", ignore_cleanup_errors=True) as name:
            tree = Path(name) / "old"
            try:
                _git("worktree", "add", "--detach", str(tree), old)
                if _upgrade(tree, Path(name) / "data", old):
                    return 0
            finally:
                _git("worktree", "remove", "--force", str(tree), may_fail=True)
    print("There is no earlier main that can make a database: nothing to upgrade from.")
    return 0


def older_commits() -> list[str]:
    """The newest commits of main, before the one at hand, that hold the package; no more than are worth a try.

    With changes that are not committed, or on a branch ahead of main, main itself comes first; else the first parent.
    """
    head = _git("rev-parse", "--verify", "--quiet", "HEAD", may_fail=True)
    if not head:
        return []
    named = [_git("rev-parse", "--verify", "--quiet", name, may_fail=True) for name in MAIN_NAMES]
    candidates = [commit for commit in named if commit and commit != head]
    if _git("status", "--porcelain", "--untracked-files=no"):
        candidates.append(head)
    candidates += _git("rev-list", "--first-parent", "--max-count=50", "HEAD", may_fail=True).split()[1:]
    holding = [commit for commit in dict.fromkeys(candidates) if _git_succeeds("cat-file", "-e", f"{commit}:{MARK}")]
    return holding[:MOST_TRIES]


def _upgrade(tree: Path, data: Path, old: str) -> bool:
    """Make the older samples, then migrate and check them with the code at hand; False when they cannot be made."""
    settings = {"GUANTONG_DATA": str(data), "DATABASE_URL": "", "GUANTONG_DEMO": "1"}
    output = _guantong(tree, settings, ["_prepare"])
    if output is not None:
        print(f"{old[:12]} cannot make its own database and is passed over: {output.splitlines()[-1:]}")
        return False
    for words, what in (
        (["migrate"], f"A database of {old[:12]} cannot be migrated"),
        (["check-books"], f"After migrating from {old[:12]} the books do not agree"),
    ):
        output = _guantong(ROOT, settings, words)
        if output is not None:
            raise Trouble(f"{what}:\n{output}")
    print(f"A database of {old[:12]} was migrated, and its books agree.")
    return True


def _guantong(root: Path, settings: dict[str, str], words: list[str]) -> str | None:
    """Run one command of a tree's own code; what it printed when it failed, else None."""
    environment = {**os.environ, **settings, "PYTHONPATH": str(root / "src"), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "guantong.config.cli", *words],
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return (done.stdout.strip() or "no reason given") if done.returncode else None


def _git(*words: str, may_fail: bool = False) -> str:
    """What git prints; nothing when it fails or is missing and may."""
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    if done.returncode and not may_fail:
        raise Trouble(f"git {words[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip() if done.returncode == 0 else ""


def _git_succeeds(*words: str) -> bool:
    return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True).returncode == 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Trouble as trouble:
        sys.exit(f"guantong: {trouble}")
