"""One tensor beside its bound, a report of it, and why it is wrong: the slips that any layer may have."""
