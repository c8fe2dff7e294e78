"""What a scrape costs: 200 campaigns, 1,000 agents, 100 clients, every family filled.

    python -m bench.metrics

The page is rendered in a thread, as the engine does it, while the event loop counts how late it runs: rendering must
not keep calls waiting.
"""

import asyncio
import time
from statistics import median

from dialer.calls.outcome import Outcome
from dialer.fee_metrics import FeeLive
from dialer.metrics import CampaignLive, Live, Metrics
from dialer.store.records import CallRecord

CAMPAIGNS, AGENTS, CLIENTS, QUEUES = 200, 1_000, 100, 100
SCRAPES = 30
TERMS = ("monthly", "talk", "handled_call", "outbound", "revenue_share", "rejected_call")
RULES = ("us_tsr", "own_30d", "own_1h")


def filled() -> Metrics:
    metrics = Metrics()
    for place in range(CAMPAIGNS):
        client, campaign = f"client{place % CLIENTS:03}", f"campaign{place:03}"
        metrics.call_started("outbound", client, campaign)
        for outcome in Outcome:
            metrics.call_settled(_call(client, campaign, outcome))
        for reason in ("dialling", "no_idle_agent", "enough_in_the_air", "nothing_due", "rate_limit"):
            metrics.pacing_decision(campaign, reason, 1)
        for rule in ("hours", "attempts", "do_not_call"):
            metrics.refused(campaign, rule)
    for place in range(QUEUES):
        for ended in ("joined", "left", "expired"):
            metrics.queue_wait(f"queue{place:03}", 3.0, ended)  # type: ignore[arg-type]
    for place in range(CLIENTS):
        for direction in ("in", "out"):
            for family in (metrics.voice._r, metrics.voice._mos):
                family.observe(4.0, f"client{place:03}", "main", "customer", direction)
    return metrics


def _call(client: str, campaign: str, outcome: Outcome) -> CallRecord:
    return CallRecord(
        "c", "outbound", "n1", "main", client, "+49301", "+49302", 0.0, campaign, dialled_at=1.0, ringing_at=3.0,
        answered_at=5.0, joined_at=5.1, talk_s=90.0, outcome=outcome,
    )


def live() -> Live:
    return Live(
        agents={"idle": AGENTS // 2, "talking": AGENTS // 2},
        calls={("outbound", "talking"): AGENTS // 2},
        campaigns={
            f"campaign{place:03}": CampaignLive(
                f"client{place % CLIENTS:03}", "running", 3, 5, {"due": 1000, "claimed": 8, "done": 500},
                {(rule, "30d"): 0.02 for rule in RULES},
            )
            for place in range(CAMPAIGNS)
        },
        queues={f"queue{place:03}": (1, 4.0) for place in range(QUEUES)},
        switches={"main": True},
        fees=[
            FeeLive(f"client{place:03}", "EUR", 1.0, dict.fromkeys(TERMS, 5.0),
                    {"expected": 9.0, "low": 8.0, "high": 10.0}, (100.0, 0.5, False))
            for place in range(CLIENTS)
        ],
    )  # fmt: skip


async def measure() -> None:
    metrics, now = filled(), live()
    lateness: list[float] = []

    async def watch() -> None:
        while True:
            due = time.perf_counter() + 0.001
            await asyncio.sleep(0.001)
            lateness.append(time.perf_counter() - due)

    async def lag(during: float) -> float:
        lateness.clear()
        await asyncio.sleep(during)
        return sorted(lateness)[int(0.99 * len(lateness))]

    watcher = asyncio.create_task(watch())
    quiet = await lag(1.0)
    lateness.clear()
    took = []
    page = b""
    for _ in range(SCRAPES):
        began = time.perf_counter()
        page, _ = await asyncio.to_thread(metrics.render, now)
        took.append(time.perf_counter() - began)
        await asyncio.sleep(0.02)
    late = sorted(lateness)
    watcher.cancel()
    lines = len(page.splitlines())
    print(
        f"{lines:,} lines, {len(page) / 1e6:.2f} MB: median {1e3 * median(took):.1f} ms, "
        f"worst {1e3 * max(took):.1f} ms (aim: below 50 ms)"
    )
    print(
        f"the loop is late by {1e3 * late[int(0.99 * len(late))]:.1f} ms at p99, {1e3 * late[-1]:.1f} ms at worst "
        f"(p99 without a scrape: {1e3 * quiet:.1f} ms)"
    )


if __name__ == "__main__":
    asyncio.run(measure())
