"""Questions to Graph and their documents: signed, asked again while Graph is busy, believed only as far as they go.

Links of answers are followed to the host that was configured, and to no other. What a document says of people is read
in records. Facts: spec/graph-synchronization-api.md section 12.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from time import sleep
from typing import Final, Literal, NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec

from provisor.connectors.addresses import host_of, same_origin
from provisor.connectors.bodies import document
from provisor.connectors.capture import EXCERPT_CHARACTERS, Redactor, in_one_line
from provisor.connectors.graph.refusals import GraphAsked, refusal_of
from provisor.connectors.graph.sign_in import SignIn
from provisor.connectors.graph.wire import Wire, WireAnswer
from provisor.connectors.replies import UNSAID_PAUSE
from provisor.engine.ports import Malformed, Secret, Throttled, Unreachable
from provisor.scim.values import Json, Resource

PATIENCE_SECONDS: Final = 30.0  # how long one question waits in all for Graph to have time
BROKEN_TRIES: Final = 3  # of a question whose connection breaks, or that a gateway of Graph's does not answer
_GATEWAYS: Final = (500, 502, 504)
_EMPTY_PAGES: Final = 1_000  # one after the other; Graph does send empty ones, but not for ever
_LONGEST_LINK: Final = 32_000
T = TypeVar("T")


class GraphPage(NamedTuple):
    """A page of a collection, and its link to the next one or, at the end of a round, to the next round."""

    value: list[Json]
    next_link: str
    delta_link: str


class GraphClient:
    """One application at one Graph. `pause` waits so many seconds."""

    def __init__(
        self,
        wire: Wire,
        sign_in: SignIn,
        root: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], None] = sleep,
    ) -> None:
        self.host = host_of(root)
        self.base = f"{root}/v1.0"
        self._wire = wire
        self._sign_in = sign_in
        self._clock = clock
        self._pause = pause
        self._redact: tuple[Secret, Redactor] | None = None

    def sign_in(self) -> None:
        """Have a token. Raises a ConnectorError."""
        self._patient(lambda: self._sign_in.token())

    def one(self, path: str, asked: GraphAsked) -> Resource:
        """The document at a path below the version."""
        return self._document(self._asked(f"{self.base}{path}", asked), asked)

    def page(self, link: str, asked: GraphAsked) -> GraphPage:
        """A page of a collection, by a path or a whole link."""
        url = f"{self.base}{link}" if link.startswith("/") else self._own(link, asked)
        return self._page(self._document(self._asked(url, asked), asked), asked)

    def pages(self, path: str, asked: GraphAsked, *, body: Mapping[str, object] | None = None) -> Iterator[list[Json]]:
        """The pages of a collection to its end; `body` is posted to begin with."""
        posted = None if body is None else msgspec.json.encode(body)
        answer = self._asked(f"{self.base}{path}", asked, posted)
        page, rounds = self._page(self._document(answer, asked), asked), Rounds(self.host, asked)
        while True:
            yield page.value
            if not page.next_link:
                return
            rounds.met(page)
            page = self.page(page.next_link, asked)

    def close(self) -> None:
        """Let the connections go."""
        self._wire.close()

    # Asking

    def _asked(self, url: str, asked: GraphAsked, body: bytes | None = None) -> WireAnswer:
        """The answer with a status of 2xx."""
        answer, token = self._patient(lambda: self._sent(url, asked, body))
        if answer.status == 401:  # revoked before its time, or of an older key: one more
            self._sign_in.reject(token)
            answer, token = self._patient(lambda: self._sent(url, asked, body))
        if not 200 <= answer.status < 300:
            raise refusal_of(answer, self.host, asked, self._clock(), self._redactor(token).text)
        return answer

    def _sent(self, url: str, asked: GraphAsked, body: bytes | None) -> tuple[WireAnswer, Secret]:
        """Raises Throttled and Unreachable for what may be otherwise in a moment."""
        token = self._sign_in.token()
        headers = {"Authorization": f"Bearer {token.reveal()}"}
        method: Literal["GET", "POST"] = "GET"
        if body is not None:
            method, headers["Content-Type"] = "POST", "application/json"
        answer = self._wire.send(url, asked.doing, headers, method=method, body=body)
        if answer.status in (429, 503):
            raise refusal_of(answer, self.host, asked, self._clock(), self._redactor(token).text)
        if answer.status in _GATEWAYS:
            raise Unreachable(f"{self.host} did not {asked.doing}: it answered {answer.status}.")
        return answer._replace(body=self._redactor(token).body(answer.body)), token

    def _patient(self, ask: Callable[[], T]) -> T:
        """What is asked, again where Graph says when, or a connection broke; for a bounded time."""
        left, broken, guess = PATIENCE_SECONDS, 0, UNSAID_PAUSE.total_seconds()
        while True:
            try:
                return ask()
            except Throttled as error:
                wait = (error.until - self._clock()).total_seconds() if error.told else guess
                if wait > left:
                    raise
            except Unreachable as error:
                broken += 1
                wait = guess
                if broken >= BROKEN_TRIES or error.timed_out or wait > left:
                    raise
            guess *= 2
            left -= max(wait, 0.0)
            self._pause(max(wait, 0.0))

    def _redactor(self, token: Secret) -> Redactor:
        if self._redact is None or self._redact[0] is not token:
            self._redact = (token, Redactor(token))
        return self._redact[1]

    # Believing

    def _own(self, link: str, asked: GraphAsked) -> str:
        """The link, where it leads to the same host. Raises Malformed."""
        try:
            elsewhere = not same_origin(link, self.base) or "@" in urlsplit(link).netloc
        except ValueError:
            elsewhere = True
        if elsewhere or len(link) > _LONGEST_LINK or not link.isascii() or not link.isprintable() or " " in link:
            shown = in_one_line(host_of(link))[:100]
            raise Malformed(f"{self.host} was asked to {asked.doing} and leads to {shown}, which is not followed.")
        return link

    def _document(self, answer: WireAnswer, asked: GraphAsked) -> Resource:
        found = document(answer.body)
        if found is None:
            raise self.malformed(asked, "is no JSON object", answer.body)
        return found

    def _page(self, found: Resource, asked: GraphAsked) -> GraphPage:
        value = found.get("value")
        links = [found.get(f"@odata.{name}", "") for name in ("nextLink", "deltaLink")]
        if not isinstance(value, list):
            raise self.malformed(asked, "has no list of values")
        if not all(isinstance(link, str) for link in links):
            raise self.malformed(asked, "has a link that is no text")
        return GraphPage(value, str(links[0]), str(links[1]))

    def malformed(self, asked: GraphAsked, why: str, body: bytes = b"") -> Malformed:
        """The error for an answer that cannot be understood; `why` completes "the answer …"."""
        excerpt = in_one_line(body[: 4 * EXCERPT_CHARACTERS].decode("utf-8", "replace"))[:EXCERPT_CHARACTERS]
        return Malformed(
            f"{self.host} was asked to {asked.doing}, but the answer {why}; check its address.",
            excerpt=excerpt,
            status=200,
        )


class Rounds:
    """Pages that follow one another and come to an end."""

    def __init__(self, host: str, asked: GraphAsked) -> None:
        self._host = host
        self._asked = asked
        self._links: set[int] = set()
        self._empty = 0

    def met(self, page: GraphPage) -> None:
        """Raises Malformed for a link that was followed before, and where only empty pages come."""
        self._empty = 0 if page.value else self._empty + 1
        link = hash(page.next_link)
        if link in self._links or self._empty > _EMPTY_PAGES:
            raise Malformed(f"{self._host} was asked to {self._asked.doing}, but its pages lead round in a circle.")
        self._links.add(link)
