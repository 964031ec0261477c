"""scim2-server (PyPI) as a peer: its own in-memory application, behind the same uvicorn as the target.

Its command serves through wsgiref, one connection a request; uvicorn with kept-open connections is kinder to it. It
keeps everything in memory and nothing on the disk, and here it checks no token.

    python -m scim_load.peer READY_FILE
"""

import io
import sys

from scim2_server.applications.wsgi import WSGIApplication
from scim2_server.memory import InMemoryStorage
from scim2_server.utils import load_default_provider

from scim_load.bare import serve


class OnTheLoop:
    """A WSGI application answered on the event loop: no threads, which would only cost it time."""

    def __init__(self, wsgi):
        self.wsgi = wsgi

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            for _ in range(2):
                await send({"type": (await receive())["type"] + ".complete"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        environ = {
            "REQUEST_METHOD": scope["method"],
            "SCRIPT_NAME": "",
            "PATH_INFO": scope["path"],
            "QUERY_STRING": scope["query_string"].decode(),
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(scope["server"][1]),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "CONTENT_LENGTH": str(len(body)),
        }
        for name, value in scope["headers"]:
            key = name.decode().upper().replace("-", "_")
            environ[key if key.startswith("CONTENT_") else f"HTTP_{key}"] = value.decode()
        began = []
        answer = b"".join(self.wsgi(environ, lambda status, headers: began.extend((status, headers))))
        headers = [(name.encode(), value.encode()) for name, value in began[1] if name.lower() != "content-length"]
        headers.append((b"content-length", b"%d" % len(answer)))
        await send({"type": "http.response.start", "status": int(began[0][:3]), "headers": headers})
        await send({"type": "http.response.body", "body": answer})


if __name__ == "__main__":
    serve(OnTheLoop(WSGIApplication(InMemoryStorage(), load_default_provider())), sys.argv[1])
