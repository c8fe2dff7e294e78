"""`dialer token new`: what it prints fits into configs/access.yaml, and the token opens the door; `dialer audit`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dialer.config.loader import load
from dialer.web.door import Door


def test_a_new_token_and_its_line(root: Path, dialer: Callable[..., Any]) -> None:
    made = dialer(root, "token", "new", "maria", "--role", "supervisor")
    token, line = made.stdout.splitlines()[0], made.stdout.splitlines()[-1]
    assert made.exit_code == 0 and len(token) == 43 and token not in line
    (root / "configs/access.yaml").write_text(f"holders:\n{line}\n")
    door = Door(None, lambda: load(root, {}).access)
    holder = door.holder(token)
    assert holder is not None and (holder.name, holder.role) == ("maria", "supervisor")
    assert door.holder(token[:-1]) is None and door.holder("") is None
    assert dialer(root, "token", "new", "maria").stdout.splitlines()[0] != token


def test_a_name_is_a_name(root: Path, dialer: Callable[..., Any]) -> None:
    assert dialer(root, "token", "new", "Maria B.").exit_code == 2


def test_who_gave_which_order(running: Path, dialer: Callable[..., Any]) -> None:
    assert dialer(running, "campaign", "winback", "set", "ratio=1.5").exit_code == 0
    shown = dialer(running, "audit", "--by", "operator")
    assert shown.exit_code == 0 and "PATCH campaigns/winback" in shown.stdout and "ratio=1.5" in shown.stdout
    assert dialer(running, "audit", "--by", "maria", "--json").stdout.strip() == "[]"
