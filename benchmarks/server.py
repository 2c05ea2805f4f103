"""A thousand requests to a server with 100 ms latency: how near to the ideal, and what 5 % of faults do to it.

The server runs in a process of its own. Ideal: requests / concurrency x latency. Baselines: the official client under a
semaphore with its own retries, and one request after the other (extrapolated from twenty).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

SERVER = Path(__file__).parent.parent / "tests/openai/server.py"


@contextmanager
def serving(latency: float, fault_rate: float, counts: dict):
    """Address of a server; ``counts`` holds afterwards what it did."""
    command = [sys.executable, str(SERVER), "0", str(latency), str(fault_rate)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        port = process.stdout.readline().strip()
        try:
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.stdin.write("\n")
            process.stdin.flush()
            counts.update(json.loads(process.stdout.readline()))


def harness_answers(url: str, requests: int, concurrency: int) -> tuple[float, int, list[str]]:
    """Seconds, answers that are no failures, remarks."""
    from harness_plugins.openai.model import ServedModel

    from harness import Conversation, Failure, Generation, Sampling

    model = ServedModel("tiny", url, concurrency=concurrency)
    model.load()
    asked = [Generation(Conversation.user(f"prompt {i}"), 1, Sampling(max_tokens=8)) for i in range(requests)]
    start = time.perf_counter()
    answers = dict(model.stream("generate", asked))
    seconds = time.perf_counter() - start
    return seconds, sum(not isinstance(answer, Failure) for answer in answers.values()), model.remarks()


def client_alone(url: str, requests: int, concurrency: int) -> tuple[float, int]:
    """Seconds and answers of the official client under a semaphore."""
    import openai

    async def run() -> int:
        gate = asyncio.Semaphore(concurrency)
        async with openai.AsyncOpenAI(base_url=url, api_key="none") as client:

            async def ask(i: int) -> bool:
                message = {"role": "user", "content": f"prompt {i}"}
                async with gate:
                    try:
                        reply = await client.chat.completions.create(
                            model="tiny", messages=[message], max_tokens=8, temperature=0.0
                        )
                    except (openai.APIError, ValueError):
                        return False
                    return bool(reply.choices)

            return sum(await asyncio.gather(*(ask(i) for i in range(requests))))

    start = time.perf_counter()
    answered = asyncio.run(run())
    return time.perf_counter() - start, answered


def main() -> None:
    """Run and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--requests", type=int, default=1000)
    arguments.add_argument("--concurrency", type=int, default=64)
    arguments.add_argument("--latency", type=float, default=0.1)
    options = arguments.parse_args()
    os.environ.pop("OPENAI_API_KEY", None)
    n, wide, latency = options.requests, options.concurrency, options.latency
    ideal = n / wide * latency
    print(f"{n:,} requests, {wide} at once, {latency * 1000:.0f} ms each: ideal {ideal:.2f} s")
    for rate in (0.0, 0.05):
        print(f"\nfaults in {rate:.0%} of requests")
        counts: dict = {}
        with serving(latency, rate, counts) as url:
            harness_answers(url, 2 * wide, wide)  # imports and connections
        with serving(latency, rate, counts) as url:
            seconds, answered, remarks = harness_answers(url, n, wide)
        print(
            f"  harness      {seconds:6.2f} s  {seconds / ideal:.2f} x ideal  {answered:,} answered, "
            f"{counts['twice']} answered twice by the server, {counts['busiest']} at once"
        )
        for remark in remarks:
            print(f"               {remark}")
        with serving(latency, rate, counts) as url:
            alone, answered = client_alone(url, n, wide)
        print(
            f"  client alone {alone:6.2f} s  {alone / ideal:.2f} x ideal  {answered:,} answered, "
            f"{counts['twice']} answered twice by the server"
        )
        with serving(latency, rate, counts) as url:
            each = harness_answers(url, 20, 1)[0] / 20
        print(f"  one by one   {each * n:6.0f} s  {each * n / seconds:.0f} x harness's time")


if __name__ == "__main__":
    main()
