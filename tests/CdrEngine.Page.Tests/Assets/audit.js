// Rules of accessibility (after WCAG 2.2 A and AA) that can be checked by a machine. Gives a line for each thing that is wrong.
() => {
  const wrong = [];
  const say = (rule, element) => wrong.push(`${rule}: ${element ? element.outerHTML.replace(/\s+/g, " ").slice(0, 140) : ""}`);
  const isShown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && element.getClientRects().length > 0;

  if (!/^[a-z]{2}/.test(document.documentElement.lang)) say("no language", document.documentElement);
  if (document.title.trim().length < 3) say("no title", document.head);
  const ones = [...document.querySelectorAll("h1")].filter(isShown);
  if (ones.length !== 1) say(`${ones.length} headings of the first order`, ones[1] ?? document.body);
  let level = 0;
  for (const heading of [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter(isShown)) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) say(`heading leaps from ${level} to ${own}`, heading);
    if (!heading.textContent.trim()) say("empty heading", heading);
    level = own;
  }
  if (document.querySelectorAll("main").length !== 1) say("not one main landmark", document.body);
  for (const nav of document.querySelectorAll("nav")) if (!nav.ariaLabel && !nav.getAttribute("aria-labelledby")) say("navigation without a name", nav);

  const textOf = (id) => document.getElementById(id)?.textContent.trim() ?? "";
  const nameOf = (element) => {
    const by = element.getAttribute("aria-labelledby");
    if (by) return by.split(/\s+/).map(textOf).join(" ").trim();
    if (element.getAttribute("aria-label")?.trim()) return element.getAttribute("aria-label").trim();
    if (element.labels?.length) return [...element.labels].map((label) => label.textContent).join(" ").trim();
    if (element.matches("a, button, summary, th, [role=button], [role=tab]") || element instanceof SVGAElement) {
      const words = [...element.querySelectorAll("img[alt]")].map((image) => image.alt).join(" ") + element.textContent;
      if (words.trim()) return words.trim();
    }
    return element.getAttribute("title")?.trim() ?? "";
  };
  for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea")) if (!nameOf(field)) say("field without a label", field);
  for (const button of document.querySelectorAll("a[href], button, summary, [role=button]")) if (isShown(button) && !nameOf(button)) say("no name", button);
  for (const image of document.querySelectorAll("img:not([alt])")) say("picture without words", image);
  for (const drawing of document.querySelectorAll("svg")) {
    if (drawing.getAttribute("aria-hidden") === "true" || drawing.closest("[aria-hidden=true]")) continue;
    if (!/^(img|graphics-document|group|list)$/.test(drawing.getAttribute("role") ?? "")) say("drawing without a role", drawing);
    else if (!nameOf(drawing)) say("drawing without a name", drawing);
  }
  for (const media of document.querySelectorAll("audio, video")) if (!nameOf(media)) say("player without a name", media);

  const ids = new Map();
  for (const element of document.querySelectorAll("[id]")) ids.set(element.id, (ids.get(element.id) ?? 0) + 1);
  for (const [id, count] of ids) if (count > 1) wrong.push(`id ${id} stands ${count} times`);
  for (const attribute of ["aria-labelledby", "aria-describedby", "aria-controls"]) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      for (const id of element.getAttribute(attribute).split(/\s+/)) if (!ids.has(id)) say(`${attribute} names nothing`, element);
    }
  }
  for (const label of document.querySelectorAll("label[for]")) if (!ids.has(label.htmlFor)) say("label of nothing", label);
  for (const element of document.querySelectorAll("[tabindex]")) if (element.tabIndex > 0) say("positive tabindex", element);
  for (const hidden of document.querySelectorAll("[aria-hidden=true] a[href], [aria-hidden=true] button, [aria-hidden=true] input")) say("hidden, but can be reached", hidden);

  for (const table of document.querySelectorAll("table")) {
    if (!table.caption && !table.ariaLabel) say("table without a caption", table);
    const heads = table.querySelectorAll("th");
    if (heads.length === 0) say("table without headings", table);
    for (const head of heads) if (!head.scope) say("heading without a scope", head);
  }
  for (const list of document.querySelectorAll("ul, ol")) for (const child of list.children) if (!child.matches("li, script, template")) say("no item in a list", child);
  for (const list of document.querySelectorAll("dl")) for (const child of list.children) if (!child.matches("dt, dd, div")) say("no part of a list of facts", child);
  for (const scrolling of document.querySelectorAll(".table, .scrolls")) {
    if (scrolling.scrollWidth > scrolling.clientWidth + 1 && isShown(scrolling) && scrolling.tabIndex < 0) say("scrolls, but not by keyboard", scrolling);
  }

  // Contrast of each piece of text against what lies behind it (1.4.3).
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgba = (colour) => {
    if (!known.has(colour)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(colour, [r, g, b, a / 255]);
    }
    return known.get(colour);
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const layer = rgba(getComputedStyle(at).backgroundColor);
      if (layer[3] > 0) layers.push(layer);
      if (layer[3] === 1) break;
    }
    return layers.reverse().reduce((under, layer) => over(layer, under), matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18, 1] : [255, 255, 255, 1]);
  };
  const light = ([r, g, b]) => {
    const [R, G, B] = [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * R + 0.7152 * G + 0.0722 * B;
  };
  const told = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !isShown(element) || element.closest(".unseen, [aria-disabled=true], :disabled, script, style, title, desc, option, datalist")) continue;
    const style = getComputedStyle(element);
    const ink = element instanceof SVGElement ? style.fill : style.color;
    if (ink === "none") continue;
    const under = behind(element instanceof SVGElement ? element.closest("svg").parentElement : element);
    const over1 = over(rgba(ink), under);
    const [a, b] = [light(over1), light(under)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) {
      const key = `${style.color}|${under}|${element.className}`;
      if (!told.has(key)) say(`contrast ${ratio.toFixed(2)} (${ink} on ${under.map(Math.round).slice(0, 3)})`, element);
      told.add(key);
    }
  }
  return wrong;
}
