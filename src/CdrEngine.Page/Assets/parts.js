// Parts of pages: fetched as the server drew them, put in their place. The server escapes; this is the one door through which markup comes in.
const policy = globalThis.trustedTypes?.createPolicy("cdrengine", { createHTML: (markup) => markup }) ?? { createHTML: (markup) => markup };

// Who signs out goes where that leads, though a part that was on its way comes back unauthorised meanwhile.
let isSigningOut = false;
addEventListener("submit", (event) => {
  isSigningOut ||= event.target.getAttribute("action") === "/sign-out";
});

export async function fetchPart(url, part, signal) {
  const answer = await fetch(url, { headers: { "X-Part": part }, credentials: "same-origin", signal, cache: "no-store" });
  if (answer.status === 401) {
    if (!isSigningOut) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
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
