// The page of a call or a conversation: messages open beside the ladder, the recording plays along its outline.
import { announce, fetchPart, fill } from "./parts.js";

// Ladder
const panel = document.getElementById("message");
const ladder = document.querySelector("svg.ladder");
let opener = null;

async function open(link) {
  const chosen = ladder.querySelector(".chosen");
  chosen?.classList.remove("chosen");
  chosen?.removeAttribute("aria-current");
  link.classList.add("chosen");
  link.setAttribute("aria-current", "true");
  opener = link;
  panel.hidden = false;
  panel.classList.add("busy");
  try {
    const { markup } = await fetchPart(link.getAttribute("href").split("#")[0], "message");
    fill(panel, markup);
    const close = panel.querySelector(".close");
    if (close) {
      close.hidden = false;
      close.addEventListener("click", shut);
    }
  } catch (fault) {
    if (fault.name !== "AbortError") location.assign(link.getAttribute("href"));
  } finally {
    panel.classList.remove("busy");
  }
}

function shut() {
  panel.hidden = true;
  panel.replaceChildren();
  opener?.classList.remove("chosen");
  opener?.removeAttribute("aria-current");
  opener?.focus();
}

if (ladder && panel) {
  ladder.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-number]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (event.shiftKey && opener && opener !== link) {
      const base = link.getAttribute("href").split("/messages/")[0];
      location.assign(`${base}/compare?a=${opener.dataset.number}&b=${link.dataset.number}`);
      return;
    }
    open(link);
  });
  // Up and down from message to message.
  ladder.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const links = [...ladder.querySelectorAll("a[data-number]")];
    const at = links.indexOf(document.activeElement);
    const next = links[at + (event.key === "ArrowDown" ? 1 : -1)];
    if (at < 0 || !next) return;
    event.preventDefault();
    next.focus();
    if (!panel.hidden) open(next);
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") shut();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel.hidden) shut();
  });
  // From what decided the outcome to the message itself.
  for (const reference of document.querySelectorAll("#why a[href^='#m']")) {
    reference.addEventListener("click", (event) => {
      const target = ladder.querySelector(reference.getAttribute("href"));
      if (!target) return;
      event.preventDefault();
      target.scrollIntoView({ block: "center", inline: "nearest" });
      target.focus();
      if (target.matches("a[data-number]")) open(target);
    });
  }
}

// Player
const clock = (seconds) => {
  const whole = Math.floor(seconds);
  return whole >= 3600
    ? `${Math.floor(whole / 3600)}:${String(Math.floor(whole / 60) % 60).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`
    : `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};

for (const player of document.querySelectorAll(".player")) {
  const sound = player.querySelector("audio");
  const bar = player.querySelector(".player-bar");
  if (!bar) continue;
  const button = player.querySelector(".play");
  const seek = player.querySelector(".seek");
  const now = player.querySelector(".now");
  const say = player.querySelector(".player-say");
  const timeline = player.querySelector(".timeline svg");
  const head = player.querySelector(".head");
  let length = Number(player.dataset.seconds);
  let isLoaded = false;
  let frame = 0;

  sound.hidden = true;
  sound.removeAttribute("src");
  sound.removeAttribute("controls");
  bar.hidden = false;

  // The outline comes first: asking for it has the recording made, and unlike a player it can be told to wait.
  async function load() {
    say.textContent = "Loading the recording…";
    for (let attempt = 0; attempt < 60; attempt++) {
      const answer = await fetch(player.dataset.outline, { credentials: "same-origin" });
      if (answer.status === 202 || answer.status === 503) {
        say.textContent = "The recording is being made…";
        await new Promise((resume) => setTimeout(resume, 1000 * Math.min(10, Number(answer.headers.get("Retry-After")) || 1)));
        continue;
      }
      if (!answer.ok) {
        const problem = await answer.json().catch(() => null);
        throw new Error(problem?.detail ?? `The server answered ${answer.status}.`);
      }
      const outline = await answer.json();
      length = outline.duration_ms / 1000 || length;
      seek.max = String(length);
      player.querySelector(".length").textContent = clock(length);
      draw(outline.peaks.caller ?? outline.peaks.mix ?? [], ".wave.caller", 30.5, 29);
      draw(outline.peaks.callee ?? [], ".wave.callee", 93.5, 29);
      sound.src = player.dataset.sound;
      isLoaded = true;
      player.dataset.loaded = "1";
      say.textContent = `${player.dataset.sides} Click on the outline to go there.`;
      return;
    }
    throw new Error("The recording took too long to make; try again later.");
  }

  function draw(peaks, selector, middle, reach) {
    if (peaks.length === 0) return;
    const most = Math.max(...peaks, 32);
    const places = Math.min(peaks.length, 1000);
    const top = [];
    const bottom = [];
    for (let i = 0; i < places; i++) {
      const from = Math.floor((i * peaks.length) / places);
      const to = Math.max(from + 1, Math.floor(((i + 1) * peaks.length) / places));
      const peak = (Math.max(...peaks.slice(from, to)) / most) * reach;
      const x = ((i / places) * 1000).toFixed(1);
      top.push(`${x} ${(middle - peak - 0.4).toFixed(1)}`);
      bottom.unshift(`${x} ${(middle + peak + 0.4).toFixed(1)}`);
    }
    player.querySelector(selector).setAttribute("d", `M${top.join("L")}L${bottom.join("L")}Z`);
  }

  function follow() {
    cancelAnimationFrame(frame);
    const x = String(Math.min(1000, (sound.currentTime / length) * 1000));
    head.setAttribute("x1", x);
    head.setAttribute("x2", x);
    head.setAttribute("visibility", "visible");
    now.textContent = clock(sound.currentTime);
    if (document.activeElement !== seek || !sound.paused) seek.value = String(sound.currentTime);
    seek.setAttribute("aria-valuetext", `${clock(sound.currentTime)} of ${clock(length)}`);
    if (!sound.paused) frame = requestAnimationFrame(follow);
  }

  async function toggle() {
    try {
      if (!isLoaded) {
        button.disabled = true;
        await load();
      }
      if (sound.paused) await sound.play();
      else sound.pause();
    } catch (fault) {
      say.textContent = fault.message;
      announce(fault.message);
    } finally {
      button.disabled = false;
    }
  }

  async function go(seconds) {
    if (!isLoaded) {
      try {
        await load();
      } catch (fault) {
        say.textContent = fault.message;
        return;
      }
    }
    sound.currentTime = Math.min(length, Math.max(0, seconds));
    follow();
  }

  button.addEventListener("click", toggle);
  sound.addEventListener("play", () => {
    button.setAttribute("aria-label", "Pause");
    button.classList.add("playing");
    follow();
  });
  for (const stopped of ["pause", "ended"]) {
    sound.addEventListener(stopped, () => {
      button.setAttribute("aria-label", "Play");
      button.classList.remove("playing");
      follow();
    });
  }
  sound.addEventListener("error", () => {
    if (sound.src) say.textContent = "The browser cannot play the recording; download it instead.";
  });
  seek.addEventListener("input", () => go(Number(seek.value)));
  player.querySelector(".speed select").addEventListener("change", (event) => {
    sound.playbackRate = Number(event.target.value);
  });
  timeline.addEventListener("click", (event) => {
    const box = timeline.getBoundingClientRect();
    go(((event.clientX - box.left) / box.width) * length);
  });
}
