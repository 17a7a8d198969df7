"""The human view of a completion: where each token came from, and what was refused."""
