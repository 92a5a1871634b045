// A page that follows what happens: events say that something changed, and the part that shows it is fetched again as the server draws it.
import { announce, fetchPart, fill, left } from "./parts.js";

const part = document.getElementById("live-part");
const state = document.getElementById("live-state");
const quiet = 700;
let wanted = 0;
let busy = false;
let fetchedAt = performance.now();
let counts = new Map();

function say(words) {
  if (state && state.textContent !== words) state.textContent = words;
}

// Rates are what counters grew by between two fetches.
function rate(seconds) {
  const now = new Map();
  for (const count of part.querySelectorAll("[data-count]")) now.set(count.dataset.count, Number(count.dataset.value));
  for (const place of part.querySelectorAll("[data-rate]")) {
    const [before, after] = [counts.get(place.dataset.rate), now.get(place.dataset.rate)];
    if (before !== undefined && after !== undefined && seconds > 0) place.textContent = Math.max(0, Math.round((after - before) / seconds)).toLocaleString("en-GB").replaceAll(",", "\u202f");
  }
  counts = now;
}

async function refresh() {
  if (busy || !part.isConnected) return;
  busy = true;
  wanted = 0;
  try {
    const { ok, markup } = await fetchPart(location.href, part.dataset.part);
    if (!ok) return;
    const seconds = (performance.now() - fetchedAt) / 1000;
    fetchedAt = performance.now();

    // Whoever stands somewhere in it with the keyboard stays there.
    const focus = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    fill(part, markup);
    if (focus) part.querySelector(`a[href="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
    rate(seconds);
    part.dataset.fresh = String(Number(part.dataset.fresh ?? 0) + 1);
  } catch (fault) {
    if (fault.name !== "AbortError") say("The server does not answer; what is shown is the last that came.");
  } finally {
    busy = false;
    if (wanted) setTimeout(refresh, quiet);
  }
}

function want() {
  if (!wanted && !busy) setTimeout(refresh, quiet);
  wanted++;
}

function clock(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (number) => String(number).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : seconds >= 60 ? `${m}:${two(s)}` : `${s} s`;
}

if (part) {
  rate(0);
  const events = new EventSource(`/api/v1/events?types=${encodeURIComponent(part.dataset.events)}`);
  events.addEventListener("open", () => {
    say("Follows what happens.");
    want();
  });
  events.addEventListener("error", () => say("The connection is gone; it comes back by itself."));
  for (const name of part.dataset.events.split(",")) {
    events.addEventListener(name, (event) => {
      want();
      if (name === "alert.raised") announce(`Alert: ${JSON.parse(event.data).alert?.text ?? ""}`);
    });
  }
  addEventListener("pagehide", () => events.close());
  left.addEventListener("abort", () => events.close());

  setInterval(() => {
    for (const talk of part.querySelectorAll("[data-talk]")) talk.textContent = clock(Number(talk.dataset.talk) + performance.now() - fetchedAt);
  }, 1000);
  if (part.dataset.every) setInterval(() => document.visibilityState === "visible" && want(), Number(part.dataset.every) * 1000);
}
