"""Other programs that do what a part of ours does, beside ours."""
