"""A site on a port, of pages that use what our script does: times, parts that move, charts, copying, a search."""

import threading
from dataclasses import dataclass

import uvicorn

from provisor.web.answers import Redirect, TemplatePage
from provisor.web.charts import Chart, Series
from provisor.web.live import LiveTopic
from provisor.web.rendering import Renderer
from provisor.web.site import LiveRule, Rule, WebSite

MINUTE = 60_000_000
AT = 1_772_353_805_000_000  # 2026-03-01 08:30:05 UTC


@dataclass
class Visit:
    arrival: object


class ScriptSite:
    """`text` is what the moving part says; `over` signs everybody out."""

    def __init__(self):
        self.text, self.over = "at first", False
        times = [AT + number * MINUTE for number in range(20)]
        series = [
            Series(label="Created", tone="one", values=[number % 5 for number in range(20)]),
            Series(label="Failed", tone="four", values=[number % 3 for number in range(20)]),
        ]
        self._charts = [Chart(times=times, series=series, kind=kind) for kind in ("bars", "lines")]
        rules = [
            Rule(method="GET", path="/", handler=self._page("first.html", "First"), access="signed-in"),
            Rule(method="GET", path="/second", handler=self._page("second.html", "Second"), access="signed-in"),
            Rule(method="GET", path="/moving", handler=self._page("moving.html", "Moving"), access="signed-in"),
            Rule(method="GET", path="/charts", handler=self._page("charted.html", "Charts"), access="signed-in"),
            Rule(method="GET", path="/sign-in", handler=self._page("second.html", "Sign in"), access="anyone"),
            Rule(method="POST", path="/save", handler=self._saved, access="signed-in"),
        ]
        live = [LiveRule(path="/moves", topic=self._topic, access="signed-in")]
        renderer = Renderer("support.script_site", static=("icon.svg",))
        self._site = WebSite(self, rules, renderer, cookie="scripts", trust_proxy=False, live=live)
        config = uvicorn.Config(self._site.application, port=0, log_level="critical", ws="none", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.01)
        [listener] = self._server.servers[0].sockets
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def close(self):
        self._site.end_streams()
        self._server.should_exit = True
        self._thread.join(20)
        self._site.close()

    @property
    def followed(self):
        """How many windows have a connection open to follow something."""
        return self._site._topics.followed

    def _page(self, template, title):
        def handler(visit):
            values = {"at": AT, "text": self.text, "charts": self._charts, "found": visit.arrival.query.get("q", "")}
            return TemplatePage(template=template, title=title, values=values)

        return handler

    def _saved(self, visit):
        return Redirect(to="/second", done=f"Saved {visit.arrival.form['q']}.")

    def _topic(self, _visit):
        return LiveTopic(key="moves", look=self._look)

    def _look(self):
        return TemplatePage(template="part.html", title="", values={"text": self.text, "at": AT})

    # The skin

    def visit(self, arrival):
        return Visit(arrival)

    def recognised(self, visit):
        return visit

    def stopped(self, _visit, access):
        return Redirect(to="/sign-in") if self.over and access != "anyone" else None

    def failed(self, _visit, _error):
        return None

    def frame(self, _visit):
        return {"account": None if self.over else "ana", "product": "Scripts", "refresh_seconds": None}
