// Parts of pages: fetched as the server drew them, put in their place. The server escapes; this is the one door through which markup comes in.
const policy = globalThis.trustedTypes?.createPolicy("cdrengine", { createHTML: (markup) => markup }) ?? { createHTML: (markup) => markup };

// Who signs out asks for nothing more: what was on its way is let go, since it would come back unauthorised.
const leaving = new AbortController();
export const left = leaving.signal;
addEventListener("submit", (event) => {
  if (event.target.getAttribute("action") === "/sign-out") leaving.abort();
});

export async function fetchPart(url, part, signal) {
  const answer = await fetch(url, { headers: { "X-Part": part }, credentials: "same-origin", signal: signal ? AbortSignal.any([signal, left]) : left, cache: "no-store" });
  if (answer.status === 401) {
    location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
    throw new DOMException("signed out", "AbortError");
  }
  return { ok: answer.ok, markup: await answer.text() };
}

export function fill(element, markup) {
  element.innerHTML = policy.createHTML(markup);
}

export function parse(markup) {
  const holder = document.createElement("template");
  holder.innerHTML = policy.createHTML(markup);
  return holder.content;
}

export function announce(words) {
  const say = document.getElementById("say");
  if (say) say.textContent = words;
}
