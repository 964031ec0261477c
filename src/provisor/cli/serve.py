"""`provisor serve`: runs every started job on its interval until told to stop, and answers over HTTP beside it."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

import typer

from provisor.admin.errors import AdminError
from provisor.admin.session import Listening
from provisor.cli.options import session
from provisor.terminal import complain, say

app = typer.Typer(add_completion=False, rich_markup_mode=None)

Port = Annotated[int | None, typer.Option(min=0, max=65_535, help="Answer over HTTP at this port; 0 takes a free one.")]
Host = Annotated[str, typer.Option(help="The address to answer at.")]
TlsCertificate = Annotated[
    Path | None, typer.Option("--tls-cert", "--tls-certificate", help="A PEM file: the certificate, and its chain.")
]
TlsKey = Annotated[
    Path | None, typer.Option("--tls-key", help="A PEM file: the certificate's key, without a password.")
]
TrustProxy = Annotated[
    bool, typer.Option("--trust-proxy", help="Believe X-Forwarded-Proto, -Host and -For: a proxy of ours sets them.")
]
Rate = Annotated[float, typer.Option("--requests-per-second", min=1, help="The most that one caller may send.")]


@app.command()
def serve(
    context: typer.Context,
    port: Port = None,
    host: Host = "127.0.0.1",
    tls_cert: TlsCertificate = None,
    tls_key: TlsKey = None,
    trust_proxy: TrustProxy = False,
    requests_per_second: Rate = 200.0,
) -> None:
    """Run all started jobs: on their interval, when something changes, and when `provisor job run` asks for it.

    SIGTERM or Ctrl-C ends it within ten seconds; the next start goes on where it stopped.

    With --port it also answers over HTTP: the portal at /, the Graph-shaped API at /v1.0 and /beta, and without a
    sign-in /healthz (does it do its work), /healthz/live, and /metrics for Prometheus. While nobody may sign in, it
    prints a link, good once, by which you make the first Global Administrator.

    Example: provisor serve --port 8021
    """
    opened = session(context)

    def failed(job: str, sentence: str) -> None:
        complain(f"{job}: {sentence}")

    if port is None:
        _nothing_for_a_port(host, tls_cert, tls_key, trust_proxy=trust_proxy)
        opened.admin.cycles.serve(opened.actor, said=say, failed=failed)
    else:
        from provisor.admin.actor import SERVICE_ITSELF
        from provisor.admin.health import Pulse

        listening = Listening(
            host=host,
            port=port,
            certificate=tls_cert,
            key=tls_key,
            trust_proxy=trust_proxy,
            requests_per_second=requests_per_second,
        )
        _consistent(listening)
        pulse = Pulse()
        with opened.site(opened.admin, SERVICE_ITSELF, pulse, listening) as url:
            say(
                f"The portal is at {url}, the API at {url}/v1.0, health and metrics at {url}/healthz and {url}/metrics."
            )
            if (first := opened.admin.setup.first_setup()) is not None:
                say(f"Nobody may sign in yet. Make the first Global Administrator, once, at {first.address(url)}")
            opened.admin.cycles.serve(opened.actor, said=say, failed=failed, pulse=pulse)
    say("Stopped.")


def _nothing_for_a_port(host: str, certificate: Path | None, key: Path | None, *, trust_proxy: bool) -> None:
    if host != "127.0.0.1" or certificate or key or trust_proxy:
        raise AdminError(
            "invalid-value",
            "Without --port nothing is answered over HTTP: --host, --tls-cert, --tls-key, --trust-proxy mean nothing.",
            "Name --port, such as --port 8021.",
        )


def _consistent(listening: Listening) -> None:
    if (listening.certificate is None) != (listening.key is None):
        raise AdminError(
            "invalid-value",
            "A certificate without its key, or a key without its certificate.",
            "Name both --tls-cert and --tls-key, or neither.",
        )
    if listening.certificate is None and not listening.trust_proxy and not _loopback(listening.host):
        complain(
            f"{listening.host} is answered in plain HTTP: whoever can listen on the way reads tokens and passwords.",
            "Name --tls-cert and --tls-key, or --trust-proxy behind a proxy that speaks HTTPS.",
        )


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
