"""Work that no call may wait for, in a Python process of its own."""

import asyncio
import sys


async def asked(command: str, question: bytes) -> bytes:
    """What a process that runs `command` writes, given the question on its stdin; cancelled, it is killed. Raises
    ValueError with the last line that it said when it failed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE)
    try:
        told, faults = await process.communicate(question)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        lines = faults.decode(errors="replace").strip().splitlines()
        raise ValueError(lines[-1] if lines else f"exit code {process.returncode}")
    return told
