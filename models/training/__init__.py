"""Training of the embedded model: corpus, tokenizer, FIM rows, optimisation, export."""
