"""Move old downloads into folders by month."""

import shutil
import time
from pathlib import Path

DOWNLOADS = Path.home() / "Downloads"
KEEP_DAYS = 30


def tidy(folder: Path = DOWNLOADS) -> int:
    """Move files that nobody has touched for a month; return how many."""
    moved = 0
    oldest = time.time() - KEEP_DAYS * 24 * 3600
    for path in sorted(folder.iterdir()):
        if path.stat().st_mtime > oldest:
            continue
        month = time.strftime("%Y-%m", time.localtime(path.stat().st_mtime))
        target = folder / month
        if not target.
            target.mkdir()
        shutil.move(path, target / path.name)
        moved += 1
    return moved


if __name__ == "__main__":
    print(f"moved {tidy()} files")
