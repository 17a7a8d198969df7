"""The decode loop: drafts, verification, masking, sampling, and the record of what happened."""
