"""A service on loopback, which Microsoft's own client library is pointed at."""

import threading
import time
from contextlib import ExitStack, contextmanager

import pytest
import uvicorn

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.graph_api.app import GraphApi
from provisor.graph_api.routes import ROUTES
from support.synchronized import Synchronized


@pytest.fixture
def service(tmp_path, migrated_file):
    made = Synchronized(tmp_path, migrated_file)
    yield made
    made.close()


@contextmanager
def answering(app):
    """Where the application answers; its port was chosen by the system."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def address(service):
    with answering(service.app) as found:
        yield found


@pytest.fixture
def client(address):
    return client_of(address)


@pytest.fixture
def limited(service):
    """Makes a client of the same service whose requests are counted, and limited to so many a second; with the statuses
    of all answers."""
    with ExitStack() as stack:

        def made(requests_per_second):
            app = GraphApi(
                service.admin, ROUTES, lambda *who: LOCAL_OPERATOR, now=lambda: service.now,
                requests_per_second=requests_per_second,
            )  # fmt: skip
            stack.callback(app.close)
            statuses = []

            async def watched(scope, receive, send):
                async def sent(message):
                    if message["type"] == "http.response.start":
                        statuses.append(message["status"])
                    await send(message)

                await app(scope, receive, sent)

            return client_of(stack.enter_context(answering(watched))), statuses

        yield made


def client_of(address):
    """GraphServiceClient, unchanged, with a fixed token (spec/graph-synchronization-api.md section 14)."""
    pytest.importorskip("msgraph")
    from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator
    from kiota_abstractions.authentication.base_bearer_token_authentication_provider import (
        BaseBearerTokenAuthenticationProvider,
    )
    from msgraph import GraphRequestAdapter, GraphServiceClient

    class FixedToken(AccessTokenProvider):
        async def get_authorization_token(self, uri, additional_authentication_context=None):
            return "operator"

        def get_allowed_hosts_validator(self):
            return AllowedHostsValidator([])

    adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(FixedToken()))
    made = GraphServiceClient(request_adapter=adapter)
    adapter.base_url = f"{address}/v1.0"
    made.path_parameters["baseurl"] = f"{address}/v1.0"
    return made
