// What every page does where scripts run: it tells the server the time zone, closes what is open, and follows single keys.
import { announce } from "./parts.js";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
const told = document.cookie.split("; ").find((cookie) => cookie.startsWith("cdrengine-zone="))?.slice(15);
if (told !== zone && /^[A-Za-z0-9/_+-]{1,64}$/.test(zone)) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `cdrengine-zone=${zone}; path=/; max-age=34560000; samesite=strict${secure}`;
  // The page at hand was written in another zone. Once only: a browser that keeps no cookies would load it for ever.
  if (document.cookie.includes(`cdrengine-zone=${zone}`) && !document.body.classList.contains("bare")) location.reload();
}

document.addEventListener("click", (event) => {
  for (const drop of document.querySelectorAll("details.drop[open]")) {
    if (!drop.contains(event.target)) drop.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const open of document.querySelectorAll("details.drop[open], .rail details.menu[open]")) {
      open.open = false;
      open.querySelector("summary").focus();
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  }
});

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy === "" ? location.href : button.dataset.copy);
      announce("Copied");
    } catch {
      announce("The browser does not allow to copy here");
    }
  });
}
