"""`GET /v1/calls/{call}/quality`."""

import aiohttp


async def test_how_a_call_was(api: aiohttp.ClientSession) -> None:
    answer = await api.get("/v1/calls/node1-abc-1/quality")
    assert answer.status == 200
    told = await answer.json()
    assert (told["outcome"], told["hung_up_by"], told["post_dial_delay_s"], told["dead_air_s"]) == (
        "answered", "customer", 1.25, 5.0)  # fmt: skip
    [leg] = told["legs"]
    assert (leg["leg"], leg["direction"], leg["r"], leg["round_trip_s"]) == ("customer", "in", 80.0, None)


async def test_of_a_call_that_nobody_knows(api: aiohttp.ClientSession) -> None:
    assert (await api.get("/v1/calls/node1-abc-2/quality")).status == 404
