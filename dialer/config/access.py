"""`configs/access.yaml`: who may use the API, as what, and for which clients."""

from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from dialer.config.scalars import Flag, Model, Name

Role: TypeAlias = Literal["operator", "supervisor", "agent", "accountant", "client", "metrics"]
DIGEST_PATTERN = "^[0-9a-f]{64}$"
TOKEN_ENV_PATTERN = "^[A-Z_][A-Z0-9_]{0,99}$"
OPERATOR = "operator"
"""Whoever bears the token of `web.token_env`."""
LOCAL = "local"
"""Whoever asks from the engine's own host while there is no token at all."""


class TokenHolder(Model):
    """One entry of `configs/access.yaml`: exactly one of `sha256`, `token_env` and `token_file`."""

    role: Role
    """What it may do: see [access](access.md)."""
    sha256: Annotated[str, Field(pattern=DIGEST_PATTERN, examples=["9f86d081884c7d65…"])] | None = None
    """The SHA-256 of its token, as `dialer token new NAME` prints it: the token itself is nowhere."""
    token_env: Annotated[str, Field(pattern=TOKEN_ENV_PATTERN, examples=["DIALER_TOKEN_PORTAL"])] | None = None
    """The environment variable that holds its token."""
    token_file: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,500}$", examples=["/run/secrets/portal"])] | None = (
        None
    )
    """The file that holds its token, as Docker's secrets."""
    clients: Annotated[list[Name], Field(min_length=1)] | None = None
    """It knows of these alone; left out, of all. The role `client` needs it."""
    agent: Name | None = None
    """Of the role `agent`: the only desk that it may use; left out, any."""
    recordings: Flag = False
    """Whether a `client` may list and hear its recordings."""


class Access(Model):
    """`configs/access.yaml`: by the holder's name, which is what is kept of who did something."""

    holders: dict[Name, TokenHolder]


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody known by a token."""

    name: str
    role: Role
    clients: frozenset[str] | None = None
    """None: all."""
    agent: str | None = None
    recordings: bool = False
    digest: bytes = field(default=b"", repr=False)
    """SHA-256 of the token."""
