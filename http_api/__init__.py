"""The front for programs: completions over HTTP, in four dialects."""
