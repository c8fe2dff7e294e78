"""Numbers that were erased, under a name that only the holder of a key can tell: so that nobody calls them again.

The key is a file beside the store and not in it: whoever gets hold of the store alone cannot find out the numbers by
trying them all. Nodes that share a store need the same key, in the environment.
"""

import hmac
import os
import secrets
from collections.abc import Callable
from pathlib import Path

KEY_FILE = Path("var/erasure.key")
"""Below the configuration's root. Lost, erased numbers may be called again once a list brings them."""
KEY_ENV = "DIALER_ERASURE_KEY"
_MARK = "#"
"""No number begins so."""


class Pseudonyms:
    def __init__(self, root: Path) -> None:
        self._path = root / KEY_FILE
        self._key: bytes | None = None

    @property
    def alias(self) -> Callable[[str], str] | None:
        """None while nobody was ever erased here."""
        if self._key is None:
            self._key = self._read()
        return None if self._key is None else self._named

    def needed(self) -> Callable[[str], str]:
        """Makes the key where there is none. Raises OSError."""
        if self.alias is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            key = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(key, "w") as file:
                file.write(secrets.token_hex(32))
        found = self.alias
        assert found is not None
        return found

    def _read(self) -> bytes | None:
        if given := os.environ.get(KEY_ENV):
            return given.encode()
        try:
            return self._path.read_bytes().strip() or None
        except FileNotFoundError:
            return None

    def _named(self, number: str) -> str:
        assert self._key is not None
        return _MARK + hmac.digest(self._key, number.encode(), "sha256").hex()[:40]
