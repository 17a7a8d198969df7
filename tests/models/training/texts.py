"""Texts that are like nothing else: functions of any subject, and the statement of a benchmark's problem."""

from __future__ import annotations

BENCHMARK = "Count how many apples fall from every tree in the orchard when the wind blows hard"


def source(subject: str, n_functions: int = 12) -> str:
    """Return Python text whose words depend on `subject`."""
    functions = [
        f"def {subject}_{i}({subject}_left_{i}, right):\n    total_{subject}_{i} = {subject}_left_{i} + right\n"
        f"    return total_{subject}_{i}\n"
        for i in range(n_functions)
    ]
    return "\n\n".join(functions)
