"""The bare server that the target is compared with: the same uvicorn, one statement a request, nothing of SCIM.

No token, no JSON, no log, no ids of its own: the name stands in the path and the body is stored as it came. Inserts and
updates share commits as ours do (`synchronous=FULL`, statements on the loop, COMMIT in a thread), so that what is
compared is what a request costs beside its statement and its share of a commit.

    python bare.py DATABASE READY_FILE
"""

import asyncio
import socket
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uvicorn
import uvloop


def connect(path):
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-2048"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE IF NOT EXISTS thing (number INTEGER PRIMARY KEY, name TEXT UNIQUE, document TEXT)")
    return connection


def load(path, names, document):
    """Fill the table."""
    connection = connect(path)
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO thing (name, document) VALUES (?, ?)", ((name, document) for name in names))
    connection.execute("COMMIT")
    connection.close()


class GroupCommit:
    def __init__(self, connection):
        self.connection = connection
        self.loop = asyncio.get_running_loop()
        self.thread = ThreadPoolExecutor(1)
        self.waiting = []
        self.busy = False

    def write(self, statement, values):
        future = self.loop.create_future()
        self.waiting.append((statement, values, future))
        if not self.busy:
            self.busy = True
            self.loop.call_soon(self.linger, len(self.waiting))
        return future

    def linger(self, seen):
        if len(self.waiting) > seen:
            self.loop.call_soon(self.linger, len(self.waiting))
        else:
            self.loop.create_task(self.commit())

    async def commit(self):
        batch, self.waiting = self.waiting, []
        self.connection.execute("BEGIN IMMEDIATE")
        for statement, values, _ in batch:
            self.connection.execute(statement, values)
        await self.loop.run_in_executor(self.thread, self.connection.execute, "COMMIT")
        for _, _, future in batch:
            future.set_result(None)
        if self.waiting:
            self.loop.call_soon(self.linger, len(self.waiting))
        else:
            self.busy = False


class Bare:
    def __init__(self, path):
        self.path = path

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            self.reader, self.writer = connect(self.path), GroupCommit(connect(self.path))
            for _ in range(2):
                kind = (await receive())["type"]
                await send({"type": f"{kind}.complete"})
            return
        method, path = scope["method"], scope["path"]
        name = path[1:]
        if method == "GET" and not name:
            number = int(scope["query_string"])
            rows = self.reader.execute("SELECT document FROM thing WHERE number > ? LIMIT 100", (number,)).fetchall()
            answer = ",".join([row[0] for row in rows]).encode()
        elif method == "GET":
            row = self.reader.execute("SELECT document FROM thing WHERE name = ?", (name,)).fetchone()
            answer = b"" if row is None else row[0].encode()
        elif method == "DELETE":
            answer = b""
            await self.writer.write("DELETE FROM thing WHERE name = ?", (name,))
        else:
            answer = (await receive())["body"]
            if method == "POST":
                await self.writer.write("INSERT INTO thing (name, document) VALUES (?, ?)", (name, answer.decode()))
            else:
                await self.writer.write("UPDATE thing SET document = ? WHERE name = ?", (answer.decode(), name))
        headers = [
            (b"content-type", b"application/scim+json; charset=utf-8"),
            (b"content-length", b"%d" % len(answer)),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


def serve(application, ready_file):
    """Serve an ASGI application as the target is served; writes its port to a file."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    Path(ready_file).write_text(str(listener.getsockname()[1]))
    config = uvicorn.Config(
        application,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="auto",
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    serve(Bare(sys.argv[1]), sys.argv[2])
