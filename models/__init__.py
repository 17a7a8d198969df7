"""What makes logits: checkpoints, vocabularies, FIM formats, engines and the embedded model."""
