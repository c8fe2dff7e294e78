"""What is left of a faulty file when its faults are cut out, so that the rest can still be checked against the other
files and everything is reported at once."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from dialer.config.document import Document

M = TypeVar("M", bound=BaseModel)
_ROUNDS = 10
"""Cutting a value may leave its parent incomplete: that is cut in the next round."""


def salvage(model: type[M], document: Document, error: ValidationError) -> M | None:
    """The model of what is sound, or None when the fault is at the root."""
    value = document.value
    for _ in range(_ROUNDS):
        for details in error.errors(include_url=False, include_input=False):
            if not _cut(value, document.steps(details["loc"])):
                return None
        try:
            return model.model_validate(value)
        except ValidationError as left:
            error = left
    return None


def _cut(value: Any, steps: tuple[str | int, ...]) -> bool:
    """Remove what stands at `steps`; a list goes whole, so that the places of its items stay right."""
    keys = steps[: next((index for index, step in enumerate(steps) if isinstance(step, int)), len(steps))]
    if not keys:
        return False
    for key in keys[:-1]:
        if not isinstance(value, dict):
            return False
        value = value.get(key)
    if isinstance(value, dict):
        value.pop(keys[-1], None)  # already gone when two faults shared a place
    return True
