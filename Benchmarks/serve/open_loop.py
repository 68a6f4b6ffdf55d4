"""Load whose requests arrive when they please (Poisson), not when the server is done with the one before.

A closed loop slows down with the server and hides its queue. Here each request is timed from the moment at which it was
due.
"""

import asyncio
import json
import random
import time


class Client:
    """Connections that are kept, one request at a time on each."""

    # Servers close connections that are idle for longer (uvicorn after 5 s), perhaps just when the next request is
    # sent.
    kept_seconds = 2

    def __init__(self, port):
        self.port, self.idle = port, []

    async def connection(self):
        while self.idle:
            reader, writer, since = self.idle.pop()
            if time.perf_counter() - since < self.kept_seconds and not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def post(self, body):
        reader, writer = await self.connection()
        writer.write(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        self.idle.append((reader, writer, time.perf_counter()))
        return int(head[9:12])

    def close(self):
        for _, writer, _ in self.idle:
            writer.close()


async def trial(port, lines, rate, seconds, seed=1):
    """Requests at a rate for so many seconds: p50, p99 and the number of responses other than 200. The first two
    seconds warm up."""
    client, draw = Client(port), random.Random(seed)
    times, others = [], 0

    async def one(due, counts):
        nonlocal others
        try:
            status = await client.post(lines[draw.randrange(len(lines))])
        except (OSError, asyncio.IncompleteReadError):
            status = 0
        if counts:
            times.append(time.perf_counter() - due)
            others += status != 200

    start, due, tasks = time.perf_counter(), 0.0, set()
    while due < seconds + 2:
        due += draw.expovariate(rate)
        await asyncio.sleep(max(0.0, start + due - time.perf_counter()))
        task = asyncio.create_task(one(start + due, due > 2))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    done, late = await asyncio.wait(tasks, timeout=30) if tasks else (set(), set())
    for task in late:
        task.cancel()
    client.close()
    times.sort()
    at = lambda part: times[min(len(times) - 1, int(part * len(times)))] if times else float("inf")
    return {"rate": round(rate, 1), "p50": at(0.5), "p99": at(0.99) if not late else float("inf"),
        "others": others + len(late), "requests": len(times)}


def highest_rate(port, path, limit=0.25, seconds=20, first=20.0, step=1.05):
    """The highest rate, to 5 per cent, at which p99 stays under the limit and every response is 200."""
    with open(path, "rb") as file:
        lines = [line.strip() for line in file]

    def holds(rate):
        # Twice: of a few hundred requests, three that something else on the machine delays are the p99.
        for seed in (1, 2):
            found = asyncio.run(trial(port, lines, rate, seconds, seed))
            print(json.dumps(found), flush=True)
            if found["p99"] < limit and not found["others"]:
                return True
        return False

    low, high = 0.0, first
    while holds(high):
        low, high = high, high * 1.6
    while high / max(low, 1) > step:
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
