"""A pass in one compiled call, for processors: no operation of torch's between its first number and its last."""
