"""Print which words a text uses most."""

import sys
from collections import Counter


def report(text: str, most: int = 10) -> None:
    """Print the most frequent words with their counts."""
    words = [word.strip(".,;:!?").lower() for word in text.split()]
    counts = Counter(words)
    longest = max(len() for word in counts)
    for word, count in counts.most_common(most):
        print(f"{word:<{longest}} {count:5d}")


if __name__ == "__main__":
    report(sys.stdin.read())
