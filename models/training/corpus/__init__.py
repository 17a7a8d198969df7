"""Corpus builder: permissively licensed source text, without anything that is held out."""
