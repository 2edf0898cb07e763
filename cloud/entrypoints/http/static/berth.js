// Keeps a live page up to date. Without it the page still informs, and reloads by itself.
"use strict";
(() => {
  const live = document.getElementById("live");
  if (!live || !window.EventSource) return;
  const line = document.getElementById("line");
  const say = document.getElementById("say");
  const clock = document.getElementById("clock");
  const patienceMs = Number(live.dataset.heartbeat) * 2500 + 1000;
  const SAY_EVERY_MS = 8000;
  let source, heardMs = 0, retry = 0, saidMs = 0, said = words(live), waiting = 0;
  let at = Number(clock.dataset.at), from = performance.now();
  const show = new Intl.DateTimeFormat(document.documentElement.lang === "en" ? "en-GB" : "zh-CN", {
    timeZone: clock.dataset.zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  });

  function words(element) {
    return element.querySelector("[data-say]")?.dataset.say || "";
  }

  // Changes only what differs, so focus, scrolling and transitions survive an update.
  function morph(a, b) {
    if (a.isEqualNode(b)) return;
    const same = a.nodeName === b.nodeName && a.childNodes.length === b.childNodes.length;
    if (!same) return a.replaceWith(b);
    if (a.nodeType !== 1) { a.nodeValue = b.nodeValue; return; }
    for (const { name } of [...a.attributes]) if (!b.hasAttribute(name)) a.removeAttribute(name);
    for (const { name, value } of b.attributes) if (a.getAttribute(name) !== value) a.setAttribute(name, value);
    const next = [...b.childNodes];
    [...a.childNodes].forEach((child, i) => morph(child, next[i]));
  }

  function update(html) {
    const made = live.cloneNode(false);
    made.innerHTML = html;
    morph(live, made);
    clearTimeout(waiting);
    waiting = setTimeout(speak, Math.max(0, saidMs + SAY_EVERY_MS - performance.now()));
  }

  // A screen reader hears the latest state, and not more often than it can be listened to.
  function speak() {
    const now = words(live);
    if (now === said) return;
    say.textContent = said = now;
    saidMs = performance.now();
  }

  function mark(on) {
    const text = on ? line.dataset.on : line.dataset.off;
    if (line.textContent !== text) line.textContent = text;
    line.className = on ? "line on" : "line off";
  }

  function open() {
    clearTimeout(retry);
    source?.close();
    heardMs = performance.now();
    source = new EventSource(live.dataset.stream);
    source.addEventListener("state", (event) => { heardMs = performance.now(); mark(true); update(event.data); });
    source.addEventListener("beat", (event) => {
      heardMs = from = performance.now();
      at = Number(event.data);
      mark(true);
    });
    source.onerror = () => {
      mark(false);
      // The browser retries a dropped stream itself, but gives up on a refused one.
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(open, 3000);
    };
  }

  setInterval(() => {
    clock.textContent = show.format(at + (performance.now() - from) * Number(clock.dataset.rate));
    if (performance.now() - heardMs > patienceMs) { mark(false); open(); }
  }, 1000);
  addEventListener("offline", () => mark(false));
  addEventListener("online", open);
  open();
})();
