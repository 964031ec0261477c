"""scim2-tester, which nobody here wrote, over real HTTP in both profiles."""

import http.client
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.slow


def forwarded(process, token):
    """A WSGI application that sends every request to a running server: the judge needs no HTTP library then."""
    parts = urlsplit(process.url)

    def application(environ, start_response):
        size = int(environ.get("CONTENT_LENGTH") or 0)
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": environ.get("CONTENT_TYPE") or "application/scim+json",
            "Host": environ.get("HTTP_HOST", parts.netloc),
        }
        path = environ["PATH_INFO"] + (f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else "")
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
        connection.request(environ["REQUEST_METHOD"], path, environ["wsgi.input"].read(size) if size else None, headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        start_response(f"{answer.status} {answer.reason}", answer.getheaders())
        return [body]

    return application


@pytest.mark.parametrize("profile", ["umbrella", "generic"])
def test_every_check_of_scim2_tester_passes(serve, profile):
    from scim2_client.engines.wsgi import WSGISCIMClient  # seconds, which every run of any test would pay
    from scim2_tester import Status, check_server

    process = serve(profile)
    client = WSGISCIMClient(forwarded(process, process.client().token), base_url=process.url)

    results = check_server(client)

    judged = [result for result in results if result.status is not Status.SKIPPED]
    failed = [f"{result.title}: {result.reason}" for result in judged if result.status is not Status.SUCCESS]
    assert len(judged) > 20
    assert not failed, "\n".join(failed)
