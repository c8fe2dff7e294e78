"""What can go wrong with the store, in one word."""


class StoreError(Exception):
    """The store did not do what was asked. The text says why and, where it helps, what to do."""
