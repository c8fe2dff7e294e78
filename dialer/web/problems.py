"""Errors as clients see them: one shape for all, never a traceback."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web
from pydantic import ValidationError

from dialer.config.explain import plainly
from dialer.web.wire import reply


@dataclass(frozen=True, slots=True)
class FieldProblem:
    field: str
    """Dotted path of the field in the body; empty for the body itself."""
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    error: str
    """A word for programs: invalid, unauthorized, forbidden, unknown, refused, too_large ..."""
    message: str
    """A sentence for people."""
    fields: tuple[FieldProblem, ...] = ()
    faults: tuple[str, ...] = ()
    """Of a refused configuration: `file:line:column: what is wrong; what would be right`."""


class ProblemError(Exception):
    def __init__(self, status: int, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(problem.message)
        self.status = status
        self.problem = problem
        self.headers = headers or {}

    def response(self) -> web.Response:
        return reply(self.problem, self.status, self.headers)


def problem(status: int, error: str, message: str, **headers: str) -> ProblemError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ProblemError(status, Problem(error, message), named)


def invalid(fault: ValidationError) -> ProblemError:
    """400 with every wrong field. What was sent is not repeated: it may be a number or a secret."""
    fields = tuple(
        FieldProblem(".".join(str(part) for part in error["loc"]), plainly(error))
        for error in fault.errors(include_url=False, include_input=False)
    )
    told = "; ".join(f"{it.field or 'body'}: {it.message}" for it in fields[:3])
    return ProblemError(400, Problem("invalid", told, fields))
