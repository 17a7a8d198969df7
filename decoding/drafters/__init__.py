"""Drafters: cheap guesses at the next tokens, verified by the model.  One module each."""
