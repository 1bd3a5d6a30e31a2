"""People at random, servers killed between, then the invariants of the database. See __main__."""
