"""The checks that a layer of a pair must pass: of values, of the contract, of state, of chance, of refusals."""
