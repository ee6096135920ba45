/**
 * A field that points at a record: a text input beside a hidden one with the uid. One list serves all of them.
 * GET `lookup?q=` answers `{"results": [{"uid", "label", "hint", "fill"?: {field: value}}]}`; `fill` sets the
 * empty or untouched neighbours of the same row or form.
 */
import { build, delayed, on, one } from "./dom";
import { fill, type Filling } from "./fill";

export type Found = { uid: string; label: string; hint?: string; fill?: Filling };

let field: HTMLInputElement | null = null;
let found: Found[] = [];
let active = 0;
let request: AbortController | null = null;

const list = () => one<HTMLElement>("#ui-options");
const box = (input: Element) => input.closest<HTMLElement>("[data-combo]");
const hidden = (input: Element) => one<HTMLInputElement>("input[type=hidden]", box(input) ?? document);
export const isOpen = (): boolean => field !== null;

export async function lookup(url: string, words: string, signal?: AbortSignal): Promise<Found[]> {
  const address = new URL(url, location.href);
  address.searchParams.set("q", words);
  const answer = await fetch(address, { signal: signal ?? null, headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return ((await answer.json()) as { results: Found[] }).results;
}

export function close(): void {
  field?.setAttribute("aria-expanded", "false");
  field?.removeAttribute("aria-activedescendant");
  field = null;
  request?.abort();
  if (list()?.matches(":popover-open")) list()?.hidePopover();
  list()?.removeAttribute("style");
}

export async function open(input: HTMLInputElement, words: string): Promise<void> {
  const url = box(input)?.dataset["combo"];
  if (!url || input.readOnly) return;
  request?.abort();
  request = new AbortController();
  const { signal } = request;
  field = input;
  try {
    found = await lookup(url, words, signal);
    if (!signal.aborted) show(list()?.dataset["none"]);
  } catch {
    found = [];
    if (!signal.aborted) show(list()?.dataset["failed"]);
  }
}

function show(nothing = ""): void {
  const layer = list();
  const anchor = field && box(field);
  if (!layer || !field || !anchor) return;
  const host = field.closest("dialog");
  if (layer.parentElement !== (host ?? document.body)) (host ?? document.body).append(layer);
  layer.replaceChildren(...found.map(option));
  if (!found.length) {
    const note = build("div", "ui-pop-head", nothing);
    note.role = "option";
    note.ariaDisabled = "true";
    layer.append(note);
  }
  const { left, top, bottom, width } = anchor.getBoundingClientRect();
  const low = innerHeight - bottom < 260 && top > 260;
  layer.style.inset = `${low ? "auto" : `${bottom + 4}px`} auto ${low ? `${innerHeight - top + 4}px` : "auto"} ${left}px`;
  layer.style.minWidth = `${Math.max(width, 220)}px`;
  if (!layer.matches(":popover-open")) layer.showPopover();
  field.setAttribute("aria-expanded", "true");
  mark(0);
}

function option(result: Found, index: number): HTMLElement {
  const item = build("div", "ui-item");
  item.id = `ui-option-${index}`;
  item.role = "option";
  item.append(build("span", "ui-trunc", result.label), build("span", "ui-space"), build("span", "ui-meta", result.hint));
  item.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    if (field) choose(field, result);
  });
  return item;
}

function mark(index: number): void {
  active = found.length ? (index + found.length) % found.length : 0;
  [...(list()?.children ?? [])].forEach((item, position) => {
    item.setAttribute("aria-selected", String(position === active && found.length > 0));
    if (position === active) item.scrollIntoView({ block: "nearest" });
  });
  field?.setAttribute("aria-activedescendant", found.length ? `ui-option-${active}` : "");
}

export function choose(input: HTMLInputElement, result: Found): void {
  const store = hidden(input);
  if (!store) return;
  input.value = result.label;
  store.value = result.uid;
  close();
  if (result.fill) fill(store, result.fill);
  store.dispatchEvent(new Event("input", { bubbles: true }));
}

let typed: HTMLInputElement | null = null;
const search = delayed(150, () => {
  if (typed && document.activeElement === typed) void open(typed, typed.value);
});

on("input", "[data-combo] [role=combobox]", (_event, target) => {
  typed = target as HTMLInputElement;
  const store = hidden(target);
  if (store) store.value = "";
  search();
});
on("click", "[data-combo]", (_event, target) => {
  const input = one<HTMLInputElement>("[role=combobox]", target);
  if (!input || isOpen()) return;
  input.focus();
  void open(input, hidden(input)?.value ? "" : input.value);
});
on("focusout", "[data-combo]", close);
document.addEventListener("scroll", (event) => event.target !== list() && close(), true);

on("keydown", "[data-combo] [role=combobox]", (event, target) => {
  if (event.isComposing) return;
  const input = target as HTMLInputElement;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!isOpen()) {
    if (event.key === "ArrowDown" && (event.altKey || !input.closest("[data-grid]"))) {
      event.preventDefault();
      void open(input, hidden(input)?.value ? "" : input.value);
    }
    return;
  }
  const pick = found[active];
  if (step) mark(active + step);
  else if (event.key === "Escape") close();
  else if ((event.key === "Enter" || event.key === "Tab") && pick && input.value) choose(input, pick);
  else return;
  if (event.key !== "Tab") event.preventDefault();
  event.stopPropagation();
});
