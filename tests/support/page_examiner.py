"""Examines a page as people of all kinds meet it: on a phone and a desk, dark and light, by keyboard, by ear.

`PageExaminer(page, url).examine("/path")` gives a list of what is wrong, empty where nothing is. axe-core, of the
package axe-playwright-python, judges what a page says to those who cannot see it.
"""

from importlib import resources

WIDTHS, SCHEMES = (1280, 390), ("light", "dark")
LOOKS = [(width, scheme) for width in WIDTHS for scheme in SCHEMES]
HEIGHT = 900
_AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


class PageExaminer:
    """A window of Chromium whose every complaint is kept. `url` is the host's, which no request may leave."""

    def __init__(self, page, url):
        self.page, self.url = page, url
        self._complaints = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self._complaints.append(f"error in a script: {error}"))
        page.on("request", self._asked)
        page.on("response", self._answered)

    def examine(self, path, *, status=200, judged=LOOKS):
        """Everything that is wrong with a page; `status` is what it is answered with.

        How it is laid out is seen at every width; axe and the keyboard try it as it looks by `judged`.
        """
        found = self._opened(path, status)
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": HEIGHT})
            schemes = [scheme for wide, scheme in judged if wide == width]
            for scheme in schemes:
                self.page.emulate_media(color_scheme=scheme)
                # What is not a matter of colours was judged with the first of them.
                rules = [] if scheme == schemes[0] else ["color-contrast"]
                found += [f"{width} {scheme}: {what}" for what in self.look(rules)]
            found += [f"{width}: {what}" for what in (self.unreached() if schemes else self.laid_out())]
        return found + self.complaints()

    def look(self, rules=()):
        """What is wrong with the page that is shown, without leaving it; by all rules of axe, or by these."""
        found = self.laid_out()
        if not self.page.evaluate("!!window.axe"):
            self.page.evaluate(_AXE)
        found += self.page.evaluate(_JUDGED, list(rules))
        return found + self.complaints()

    def laid_out(self):
        """What is wrong with how the page that is shown is laid out and put together."""
        return self.page.evaluate(_UNSOUND)

    def complaints(self):
        """What the browser complained of since it was asked last."""
        told, self._complaints = self._complaints, []
        return told

    def unreached(self):
        """What cannot be reached by Tab, or has no focus to be seen."""
        self.page.evaluate(_WATCH)
        inner = 4 * self.page.evaluate(
            "document.querySelectorAll('input[type=date]').length"
        )  # day, month, year, picker
        for _ in range(self.page.evaluate(f"{_COUNT}.length") + inner + 3):
            self.page.keyboard.press("Tab")
        return self.page.evaluate(_UNREACHED)

    def _opened(self, path, status):
        answer = self.page.goto(f"{self.url}{path}", wait_until="load")
        self.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        return [] if answer.status == status else [f"{path} was answered {answer.status}"]

    def _said(self, message):
        # The page's own status is judged by itself.
        if message.type in ("error", "warning") and "the server responded with" not in message.text:
            self._complaints.append(f"console: {message.text}")

    def _asked(self, request):
        if not request.url.startswith((f"{self.url}/", "data:", "blob:")):
            self._complaints.append(f"a request left the host: {request.url}")

    def _answered(self, response):
        if response.status >= 400 and response.request.resource_type != "document":
            self._complaints.append(f"{response.status} {response.url}")


# What stands on a page for a keyboard: of radio buttons of one name, one; nothing that is disabled or not shown, and no
# button that is there for Enter in a field alone, and hidden from everybody.
_COUNT = """[...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")].filter(one =>
    !one.disabled && !one.matches("[tabindex='-1'][aria-hidden=true]") && one.checkVisibility({visibilityProperty: true}))"""
_WATCH = """() => {
    document.activeElement.blur();
    getSelection().removeAllRanges();
    window.reached = new Map();
    document.addEventListener("focusin", event => {
        const style = getComputedStyle(event.target);
        window.reached.set(event.target, style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0);
    });
}"""
_UNREACHED = f"""() => {{
    const group = one => one.type === "radio"
        ? [...document.getElementsByName(one.name)].filter(other => other.form === one.form) : [one];
    return {_COUNT}.filter(one => !group(one).some(each => window.reached.get(each)))
        .map(one => (window.reached.has(one) ? "its focus cannot be seen: " : "Tab never reaches: ")
            + one.outerHTML.slice(0, 120));
}}"""
_JUDGED = """rules => axe.run(document,
    {resultTypes: ["violations"], ...(rules.length ? {runOnly: rules} : {})}).then(result => result.violations.map(one =>
    `axe ${one.impact} ${one.id} (${one.nodes.length}): ${one.nodes[0].html.slice(0, 160)}`))"""
_UNSOUND = """() => {
    const wrong = [], all = query => [...document.querySelectorAll(query)];
    const say = (what, one) => wrong.push(`${what}: ${one.outerHTML.slice(0, 120)}`);
    if (document.documentElement.scrollWidth > document.documentElement.clientWidth) {
        wrong.push("the page is wider than the window");
        for (const one of all("main *"))
            if (one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".scrolls")) say("too wide", one);
        wrong.length = Math.min(wrong.length, 3);
    }
    if (all("h1").length !== 1) wrong.push("not one h1");
    let level = 0;
    for (const one of all("h1, h2, h3, h4")) {
        const own = Number(one.tagName[1]);
        if (own > level + 1) say("a heading skips a level", one);
        level = own;
    }
    for (const one of all("[id]")) if (all(`[id="${CSS.escape(one.id)}"]`).length > 1) say("an id twice", one);
    for (const one of all("[style]"))
        if (!one.closest("[data-chart]")) say("a style of its own", one);
    return wrong;
}"""
