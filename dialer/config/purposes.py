"""What a campaign calls for, and whom: some rules hold for some of them only."""

from typing import Literal

Purpose = Literal["advertising", "service", "debt", "research"]
Audience = Literal["consumer", "business"]
