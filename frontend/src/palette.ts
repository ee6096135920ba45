/** Ctrl K: what can be done on this page, then what the server finds. */
import htmx from "htmx.org";
import { all, build, on, one } from "./dom";

const palette = () => one<HTMLDialogElement>("#ui-palette");
const input = () => one<HTMLInputElement>("#ui-palette input");
const results = () => one("#ui-results");
const options = () => all("#ui-results .ui-item");

export function openPalette(): void {
  const dialog = palette();
  const field = input();
  if (!dialog || !field || dialog.open) return;
  dialog.showModal();
  field.select();
  decorate();
  htmx.trigger(field, "ui:open", {});
}

function choose(index: number): void {
  const items = options();
  const at = items.length ? (index + items.length) % items.length : -1;
  items.forEach((item, position) => item.setAttribute("aria-selected", String(position === at)));
  items[at]?.scrollIntoView({ block: "nearest" });
  input()?.setAttribute("aria-activedescendant", items[at]?.id ?? "");
}

const chosen = () => options().findIndex((item) => item.ariaSelected === "true");

/** The verbs of this page whose words contain what was typed. */
function actionsHere(words: string): HTMLElement | null {
  const buttons = all("main [data-act] button, main a[data-key]").filter((button) =>
    (button.textContent ?? "").toLowerCase().includes(words.toLowerCase()),
  );
  if (!buttons.length) return null;
  const group = build("div", "");
  const title = build("h2", "", results()?.dataset["here"] ?? "");
  title.ariaHidden = "true";
  group.role = "group";
  group.ariaLabel = title.textContent;
  group.append(title, ...buttons.map(shortcut));
  return group;
}

function shortcut(button: HTMLElement): HTMLElement {
  const item = build("button", "ui-item");
  item.type = "button";
  const label = one("[data-label], span:not(.ui-spin)", button)?.textContent ?? "";
  const parts = [one("svg", button)?.cloneNode(true), build("span", "ui-trunc", label)];
  item.append(...parts.filter((part) => part !== undefined));
  item.addEventListener("click", () => {
    palette()?.close();
    button.click();
  });
  return item;
}

/** Sets the typed words bold where they occur. */
function embolden(item: Element, words: string): void {
  const label = one(".ui-trunc", item);
  const text = label?.textContent ?? "";
  const at = words ? text.toLowerCase().indexOf(words.toLowerCase()) : -1;
  if (at < 0) label?.replaceChildren(text);
  else label?.replaceChildren(text.slice(0, at), build("b", "", text.slice(at, at + words.length)), text.slice(at + words.length));
}

function decorate(): void {
  const list = results();
  if (!list) return;
  one("[data-local]", list)?.remove();
  const here = actionsHere(input()?.value ?? "");
  if (here) {
    here.dataset["local"] = "";
    list.prepend(here);
  }
  options().forEach((item, index) => {
    item.id = `ui-result-${index}`;
    item.role = "option";
    item.tabIndex = -1;
    embolden(item, input()?.value.trim() ?? "");
  });
  choose(0);
}

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target === results()) decorate();
});
on("input", "#ui-palette input", decorate);
on("click", "[data-palette]", (event) => {
  if (event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  openPalette();
});
on("keydown", "#ui-palette input", (event) => {
  if (event.isComposing) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) choose(chosen() + step);
  else if (event.key === "Enter") visit(event.ctrlKey || event.metaKey);
  else return;
  event.preventDefault();
});

function visit(elsewhere: boolean): void {
  const item = options()[chosen()];
  if (elsewhere && item instanceof HTMLAnchorElement) window.open(item.href, "_blank", "noopener");
  else item?.click();
}
