"""The front for editors: a language server that keeps the documents and asks the completion service."""
