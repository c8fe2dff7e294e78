from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from engine_rig import Rig, write_site


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    write_site(tmp_path)
    made = Rig(tmp_path)
    yield made
    await made.close()
