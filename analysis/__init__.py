"""Static analysis: the scanner, syntax trees, and facts about the user's code."""
