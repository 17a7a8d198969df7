"""The completion service: from a request to a checked completion."""
