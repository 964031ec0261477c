"""What the SCIM client costs beside bare aiohttp: the same users posted to the same tiny server, 64 in flight.

The server is uvicorn in another process that answers 201 with the body it got and an id. Prints requests per second,
CPU per request, and the ratio (goal: 100 %).
"""

import argparse
import asyncio
import gc
import multiprocessing
import socket
import time
from itertools import count

import aiohttp
import msgspec
import uvicorn
import uvloop

from provisor.connectors.scim_client import ScimClient
from provisor.engine.ports import Secret
from provisor.scim.entra import Dialect, create_body
from provisor.scim.schemas.resource_types import UMBRELLA_GROUP_TYPE, UMBRELLA_URN, UMBRELLA_USER_TYPE

IN_FLIGHT = 64
TOKEN = "benchmark-token"


def document(number):
    name = f"person{number}@contoso.com"
    return {
        "userName": name,
        "active": True,
        "displayName": f"Person {number}",
        "name": {"givenName": "Person", "familyName": f"Number {number}", "formatted": f"Person Number {number}"},
        "externalId": f"person{number}",
        UMBRELLA_URN: {"nativeObjectId": "kq3mT1xYAEuVh0oZP2cR7g=="},
    }


def serve(listener):
    ids = count(1)

    async def application(scope, receive, send):
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        answer = b'{"id":"%d",' % next(ids) + body[1:]
        headers = [(b"content-type", b"application/scim+json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    config = uvicorn.Config(application, loop="uvloop", http="httptools", log_level="error", lifespan="off")
    uvicorn.Server(config).run(sockets=[listener])


async def in_flight(total, send):
    numbers = iter(range(total))

    async def lane():
        for number in numbers:
            await send(number)

    await asyncio.gather(*(lane() for _ in range(IN_FLIGHT)))


async def bare(url, total):
    encode = msgspec.json.Encoder().encode
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/scim+json"}
    bodies = [
        encode(create_body(document(number), "user", Dialect.COMPLIANT, UMBRELLA_USER_TYPE)) for number in range(total)
    ]
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def send(number):
            async with session.post(f"{url}/Users", data=bodies[number]) as response:
                await response.read()
                assert response.status == 201

        return await timed(in_flight, total, send)


async def ours(url, total):
    documents = [document(number) for number in range(total)]
    async with ScimClient(url, Secret(TOKEN), UMBRELLA_USER_TYPE, UMBRELLA_GROUP_TYPE) as client:

        async def send(number):
            await client.create("user", documents[number])

        return await timed(in_flight, total, send)


async def timed(work, total, send):
    gc.collect()
    gc.freeze()  # what was prepared is not the client's garbage
    started, spent = time.perf_counter(), time.process_time()
    await work(total, send)
    return total / (time.perf_counter() - started), (time.process_time() - spent) / total * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(512)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = multiprocessing.get_context("fork").Process(target=serve, args=(listener,), daemon=True)
        server.start()
    rates, costs = {}, {}
    try:
        for _ in range(options.rounds):
            for name, work in (("bare aiohttp", bare), ("ScimClient", ours)):
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                    rate, cpu = runner.run(work(url, options.requests))
                print(f"{name:<14} {rate:8,.0f} requests/s {cpu:6.0f} µs CPU a request")
                rates[name] = max(rates.get(name, 0), rate)
                costs[name] = min(costs.get(name, cpu), cpu)
    finally:
        server.terminate()
    bare_name, our_name = costs
    print(
        f"ratio {rates[our_name] / rates[bare_name]:.0%} of the requests of bare aiohttp (goal 100 %), "
        f"{costs[our_name] - costs[bare_name]:.0f} µs CPU more a request"
    )


if __name__ == "__main__":
    main()
