// What pages do beyond what they can without any script: times in the reader's zone, charts, parts that move by
// themselves, copying, ticking all. Pages are complete without it. Behaviour is bound by data- attributes.
"use strict";
(() => {
  const each = (root, selector, act) => {
    if (root.matches?.(selector)) act(root);
    root.querySelectorAll(selector).forEach(act);
  };

  // <time datetime> in the reader's zone, in the shape in which it was written; the exact UTC in its title.
  const two = (number) => String(number).padStart(2, "0");
  const zone = (at) => new Intl.DateTimeFormat("en", { timeZoneName: "short" }).formatToParts(at)
    .find((part) => part.type === "timeZoneName").value;
  const localTime = (element) => {
    const at = new Date(element.dateTime);
    const shape = element.textContent.trim();
    const parts = /^\d{4}-\d\d-\d\d(?: \d\d:\d\d(:\d\d)?( UTC)?)?$/.exec(shape);
    if (element.title || !parts || shape.length < 16 || Number.isNaN(at.getTime())) return;
    element.title = `${element.dateTime.replace("T", " ").replace("Z", "")} UTC`;
    element.textContent = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ` +
      `${two(at.getHours())}:${two(at.getMinutes())}${parts[1] ? `:${two(at.getSeconds())}` : ""}` +
      `${parts[2] ? ` ${zone(at)}` : ""}`;
  };
  const localZone = (element) => { element.textContent = zone(new Date()); };

  // Charts. data-chart holds {"times": [seconds], "series": [{"label", "values", "tone"}], "unit", "kind"}.
  const colour = (tone) => getComputedStyle(document.documentElement).getPropertyValue(`--${tone}`).trim();
  const drawn = new Set();
  const chart = (element) => {
    if (!window.uPlot || element.dataset.drawn) return;
    element.dataset.drawn = "yes";
    const { times, series, unit = "", kind = "bars" } = JSON.parse(element.dataset.chart);
    // Stacked: each layer is drawn from the ground, the highest first.
    const sums = series.map((_, index) => times.map((_time, at) =>
      kind === "bars" ? series.slice(0, index + 1).reduce((sum, one) => sum + (one.values[at] ?? 0), 0)
        : series[index].values[at]));
    const order = series.map((_, index) => index);
    if (kind === "bars") order.reverse();
    const axis = {
      stroke: () => colour("faint"), grid: { stroke: () => colour("line"), width: 1 },
      ticks: { stroke: () => colour("line") }, font: "12px system-ui, sans-serif",
    };
    const plot = new uPlot({
      width: Math.max(240, element.clientWidth), height: 220, padding: [12, 12, 0, 0],
      cursor: { drag: { x: false, y: false } }, legend: { show: false },
      scales: { y: { range: (_plot, low, high) => [Math.min(0, low ?? 0), (high || 1) * 1.08] } },
      axes: [axis, { ...axis, size: 64, values: (_plot, ticks) => ticks.map((tick) =>
        Number.isInteger(tick) ? tick.toLocaleString("en") + unit : tick + unit) }],
      series: [{}, ...order.map((index) => ({
        label: series[index].label, stroke: () => colour(series[index].tone), width: kind === "bars" ? 0 : 2,
        fill: kind === "bars" ? () => colour(series[index].tone) : undefined,
        paths: kind === "bars" ? uPlot.paths.bars({ size: [0.7, 48, 4], align: 0 }) : undefined,
        points: { show: kind !== "bars" && times.length < 60 },
      }))],
    }, [times, ...order.map((index) => sums[index])], element);
    drawn.add([element, plot]);
  };
  const forgetCharts = () => drawn.forEach((pair) => {
    const [element, plot] = pair;
    if (!document.contains(element)) { plot.destroy(); drawn.delete(pair); }
  });
  const redraw = () => {
    forgetCharts();
    drawn.forEach(([element, plot]) => plot.setSize({ width: Math.max(240, element.clientWidth), height: 220 }));
  };

  // Parts that move by themselves. A browser opens few connections to one host, so only some windows keep one open;
  // the others ask again now and then. A window that nobody sees follows nothing.
  const followed = new Map();
  const slots = ["live-1", "live-2", "live-3"];
  const reached = "a[href], button, summary, [tabindex]";
  const show = (element, fragment) => {
    const open = [...element.querySelectorAll("details[open][id]")].map((one) => one.id);
    const focused = [...element.querySelectorAll(reached)].indexOf(document.activeElement);
    element.innerHTML = fragment;
    window.htmx?.process(element);
    open.forEach((id) => element.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", ""));
    if (focused >= 0) element.querySelectorAll(reached)[focused]?.focus({ preventScroll: true });
    forgetCharts();
    window.htmx?.process(element);
    enhance(element);
    element.dispatchEvent(new CustomEvent("moved", { bubbles: true }));
  };
  const listen = (element, ended) => {
    const source = new EventSource(element.dataset.live);
    source.onmessage = (event) => show(element, event.data);
    source.onerror = () => { if (source.readyState === EventSource.CLOSED) ended(); };
    return source;
  };
  const once = (element) => {  // one event, then the connection is free for another window
    const source = new EventSource(element.dataset.live);
    const timer = setTimeout(() => source.close(), 3000);
    source.onmessage = (event) => { clearTimeout(timer); source.close(); show(element, event.data); };
    source.onerror = () => source.close();
  };
  const follow = (element) => {
    if (followed.has(element) || document.hidden) return;
    let stopped = false;
    const stop = [() => { stopped = true; }];
    followed.set(element, () => stop.forEach((act) => act()));
    const held = (lock) => {
      if (stopped) return undefined;
      if (lock === null) return "none";
      return new Promise((release) => {
        const source = listen(element, release);
        stop.push(() => { source.close(); release("held"); });
      });
    };
    const tried = async () => {
      // Where pages do not come over TLS there are no locks to count windows by.
      for (const slot of navigator.locks ? slots : []) {
        if (await navigator.locks.request(slot, { ifAvailable: true }, held) !== "none") return;
      }
      if (stopped) return;
      once(element);
      const timer = setInterval(() => once(element), 5000);
      stop.push(() => clearInterval(timer));
    };
    tried();
  };
  const unfollow = (gone) => followed.forEach((stop, element) => {
    if (gone(element)) { stop(); followed.delete(element); }
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) unfollow(() => true); else each(document, "[data-live]", follow);
  });

  // A box that ticks all boxes of one name in its form, and a button that copies what a field holds.
  const tickAll = (box) => box.addEventListener("change", () => {
    box.form.querySelectorAll(`input[type=checkbox][name="${box.dataset.ticks}"]:enabled`).forEach((one) => { one.checked = box.checked; });
  });
  const copying = (button) => {
    if (!navigator.clipboard) return;  // not over plain HTTP: there one copies by hand
    button.hidden = false;
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.copies);
      await navigator.clipboard.writeText(field.value ?? field.textContent.trim());
      const before = button.textContent;
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = before; }, 2000);
    });
  };

  const enhance = (root) => {
    each(root, "time[datetime]", localTime);
    each(root, "[data-zone]", localZone);
    each(root, "[data-chart]", chart);
    each(root, "[data-live]", follow);
    each(root, "[data-ticks]", tickAll);
    each(root, "[data-copies]", copying);
    each(root, "[data-only-scripted]", (element) => { element.hidden = false; });
  };

  addEventListener("resize", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  document.addEventListener("htmx:load", (event) => {
    unfollow((element) => !document.contains(element));
    redraw();
    enhance(event.detail.elt);
  });
  // After another page came into this one: the reader is at its beginning, as after a load.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target !== document.body || !event.detail.boosted) return;
    if (!document.activeElement || document.activeElement === document.body) document.getElementById("main")?.focus({ preventScroll: true });
  });
  // Whoever is not signed in any more is not shown the way in within a part of a page.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { boosted, xhr } = event.detail;
    if (boosted || !xhr.responseURL || new URL(xhr.responseURL).pathname !== "/sign-in") return;
    event.detail.shouldSwap = false;
    location.reload();
  });
  // A page of another release of the service brings other scripts and styles: it is loaded whole.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const now = document.querySelector('link[href^="/static/provisor.css"]')?.getAttribute("href");
    const text = event.detail.xhr.responseText;
    if (event.detail.boosted && now && text.includes("<html") && !text.includes(now)) {
      event.detail.shouldSwap = false;
      location.reload();
    }
  });
})();
