// A list that answers while one types: the form's address is fetched, the list replaced, and the address bar follows.
import { announce, fetchPart, fill, parse } from "./parts.js";

const form = document.querySelector("form[data-live]");
const results = document.getElementById("results");
const mostRows = 2000;
let asked = null;
let timer = 0;

function address() {
  const url = new URL(form.action, location.href);
  const usual = [...form.querySelectorAll("input[name=cols][data-usual]")];
  const chosen = [...form.querySelectorAll("input[name=cols]:checked")];
  const isUsual = usual.length === chosen.length && usual.every((box) => box.checked);
  for (const [name, value] of new FormData(form)) {
    if (value === "" || (name === "cols" && isUsual)) continue;
    url.searchParams.append(name, value);
  }
  return url;
}

async function show(url, { remember = "replace", scroll = false } = {}) {
  asked?.abort();
  const asking = (asked = new AbortController());
  results.classList.add("busy");
  results.setAttribute("aria-busy", "true");
  try {
    const { markup } = await fetchPart(url, "results", asking.signal);
    if (asking.signal.aborted) return;
    fill(results, markup);
    if (remember === "push") history.pushState(null, "", url);
    else if (remember === "replace") history.replaceState(null, "", url);
    if (scroll) results.scrollIntoView({ block: "nearest" });
    announce(results.querySelector(".problem, .empty-title, .pager-place")?.textContent.trim() ?? "");
    arrive();
  } catch (fault) {
    if (fault.name === "AbortError") return;
    announce("The server does not answer; the list shown is the last one.");
  } finally {
    if (asked === asking) {
      results.classList.remove("busy");
      results.removeAttribute("aria-busy");
    }
  }
}

// What is dear comes after the list.
async function arrive() {
  watchEnd();
  const csv = form?.querySelector("a[data-with-filter]");
  const fresh = results.querySelector("[data-csv]");
  if (csv && fresh) csv.href = fresh.dataset.csv;
  for (const place of results.querySelectorAll("[data-load]")) {
    if (!place.querySelector(".later")) continue;
    const asking = asked;
    try {
      const url = new URL(location.href);
      for (const name of ["cursor", "after", "before"]) url.searchParams.delete(name);
      const { ok, markup } = await fetchPart(url, place.dataset.load, asking?.signal);
      if (ok && place.isConnected) fill(place, markup);
    } catch (fault) {
      if (fault.name !== "AbortError") place.remove();
    }
  }
}

// At the end of the list its next page is put on, up to so many rows; from there on one goes from page to page.
let observer = null;
function watchEnd() {
  observer?.disconnect();
  const next = results.querySelector(".pager a[rel=next]");
  const body = results.querySelector("tbody");
  if (!next || !body || body.rows.length >= mostRows) return;
  observer = new IntersectionObserver(async ([entry]) => {
    if (!entry.isIntersecting) return;
    observer.disconnect();
    try {
      const { ok, markup } = await fetchPart(next.href, "results");
      if (!next.isConnected) return;
      if (!ok) throw new Error("busy");
      const part = parse(markup);
      const rows = part.querySelectorAll("tbody > tr");
      body.append(...rows);
      const pager = results.querySelector(".pager");
      const place = part.querySelector(".pager");
      const before = pager.querySelector("[rel=prev], [aria-disabled]");
      if (place) {
        const kept = before.cloneNode(true);
        pager.replaceWith(place);
        place.querySelector(":scope > :first-child").replaceWith(kept);
        place.querySelector(".pager-place").textContent = `${body.rows.length} ${results.dataset.noun ?? "rows"}`;
      }
      announce(`${body.rows.length} shown`);
      watchEnd();
    } catch {
      // The link is still there, and whoever stays at the end need not press it.
      setTimeout(() => next.isConnected && watchEnd(), 2000);
    }
  }, { rootMargin: "600px" });
  observer.observe(next);
}

if (form && results) {
  form.classList.add("lively");
  form.addEventListener("input", (event) => {
    clearTimeout(timer);
    const isText = event.target.matches("input[type=text], input[type=search]");
    timer = setTimeout(() => show(address()), isText ? 180 : 0);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    show(address(), { remember: "push" });
  });
  // Sorting and filters that are taken away: the same list from another address.
  results.addEventListener("click", (event) => {
    const link = event.target.closest("thead a, .chips a, .pager a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const isSame = new URL(link.href).pathname === location.pathname;
    if (!isSame) return;
    event.preventDefault();
    take(new URL(link.href));
    show(link.href, { remember: "push", scroll: !!link.closest(".pager") });
  });
  addEventListener("popstate", () => {
    take(new URL(location.href));
    show(location.href, { remember: "no" });
  });
  arrive();
}

// What came meanwhile is told of, and shown when asked for: a list that moves by itself cannot be read. Only a tab that is looked at listens.
const fresh = document.getElementById("fresh");
if (fresh && results) {
  let count = 0;
  let source = null;
  const listen = () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (!source) {
      source = new EventSource(fresh.dataset.events);
      source.addEventListener(fresh.dataset.kind, () => {
        count++;
        fresh.hidden = false;
        fresh.textContent = count === 1 ? "Show 1 new call" : `Show ${count} new calls`;
        announce(fresh.textContent);
      });
    }
  };
  document.addEventListener("visibilitychange", listen);
  listen();
  fresh.addEventListener("click", () => {
    count = 0;
    fresh.hidden = true;
    const url = new URL(location.href);
    for (const name of ["cursor", "after", "before"]) url.searchParams.delete(name);
    show(url);
  });
}

// The form says what the address says.
function take(url) {
  for (const field of form.elements) {
    if (!field.name) continue;
    const values = url.searchParams.getAll(field.name).flatMap((value) => value.split(","));
    if (field.type === "checkbox") field.checked = field.name === "cols" && values.length === 0 ? field.hasAttribute("data-usual") : values.includes(field.value);
    else if (field.type !== "submit") field.value = url.searchParams.get(field.name) ?? "";
  }
  const sort = url.searchParams.get("sort");
  let hidden = form.querySelector("input[name=sort]");
  if (sort && !hidden) {
    hidden = Object.assign(document.createElement("input"), { type: "hidden", name: "sort" });
    form.prepend(hidden);
  }
  if (hidden) {
    if (sort) hidden.value = sort;
    else hidden.remove();
  }
}
