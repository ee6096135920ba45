/** What lies above the page: pop-overs, dialogs, toasts, the activity panel. */
import { all, on, one } from "./dom";

const invoker = (layer: Element) => one(`[popovertarget="${layer.id}"]`);

/** Below the button, or above it in the lower half of the window; flush with its nearer side. */
function place(layer: HTMLElement, anchor: Element): void {
  const box = anchor.getBoundingClientRect();
  const low = box.top > innerHeight / 2;
  const right = box.left + box.width / 2 > innerWidth / 2;
  layer.style.inset = [
    low ? "auto" : `${box.bottom + 4}px`,
    right ? `${innerWidth - box.right}px` : "auto",
    low ? `${innerHeight - box.top + 4}px` : "auto",
    right ? "auto" : `${box.left}px`,
  ].join(" ");
}

document.addEventListener(
  "beforetoggle",
  (event) => {
    const layer = event.target;
    if (!(layer instanceof HTMLElement) || !layer.matches(".ui-pop")) return;
    const button = invoker(layer);
    if (!button) return;
    const open = event.newState === "open";
    button.setAttribute("aria-expanded", String(open));
    if (open) place(layer, button);
    else layer.removeAttribute("style");
  },
  true,
);

on("keydown", ".ui-pop", (event, layer) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || layer.id === "ui-options" || (event.target as Element).matches(".ui-input")) return;
  event.preventDefault();
  const items = all(".ui-item, button", layer).filter((item) => item.checkVisibility());
  const index = items.indexOf(document.activeElement as HTMLElement);
  items.at((index + step) % items.length)?.focus();
});

export function openDialog(dialog: HTMLDialogElement | null): void {
  if (!dialog || dialog.open) return;
  dialog.showModal();
  const wrong = one("[aria-invalid=true]", dialog);
  const first = one(".ui-dialog-body :is(input:not([type=hidden]), select, textarea)", dialog);
  (wrong ?? first)?.focus();
}

on("click", "[data-close]", (_event, button) => {
  const dialog = button.closest("dialog");
  if (dialog) dialog.close();
  else button.closest("[data-toast]")?.remove();
});
on("click", "dialog", (event, dialog) => {
  if (event.target === dialog) (dialog as HTMLDialogElement).close();
});
on("click", "[data-keys]", () => openDialog(one<HTMLDialogElement>("#ui-keys")));
on("click", "[data-aside]", () => {
  const open = one("#ui-activity")?.classList.toggle("is-open") ?? false;
  one(".ui-aside-open")?.setAttribute("aria-expanded", String(open));
  one(open ? ".ui-aside-close" : ".ui-aside-open")?.focus();
});
on("click", "[data-copy]", (_event, button) => {
  const source = button.dataset["copyFrom"];
  const text = source ? (one(`#${source}`)?.textContent ?? "") : location.href;
  void navigator.clipboard.writeText(text).then(() => (button.title = button.dataset["copy"] ?? ""));
});

/** Closes one layer; the browser itself closes dialogs and pop-overs. */
export function closeAside(): void {
  if (one("#ui-activity.is-open")) one(".ui-aside-close")?.click();
}

/** Good news leaves by itself, unless somebody is reading it; the rest waits for a press. */
function dismissToasts(): void {
  for (const toast of all("[data-toast=success], [data-toast=info]")) {
    const leave = () => (toast.matches(":hover, :focus-within") ? window.setTimeout(leave, 2000) : toast.remove());
    window.setTimeout(leave, 8000);
  }
}
dismissToasts();

type Swap = CustomEvent<{ xhr: XMLHttpRequest; target: Element; swapOverride?: string }>;

/** A verb that went through answers with a page instead of a dialog: show it as a page. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const { detail } = event as Swap;
  if (detail.target.id !== "ui-layer" || !/<html/i.test(detail.xhr.responseText)) return;
  history.replaceState({ htmx: true }, "", location.href);
  history.pushState({ htmx: true }, "", detail.xhr.responseURL);
  detail.target = document.body;
  detail.swapOverride = "innerHTML";
});
document.addEventListener("htmx:afterSettle", (event) => {
  const { target } = (event as Swap).detail;
  if (target.id === "ui-layer") openDialog(one<HTMLDialogElement>("dialog[data-open]", target));
  if (target === document.body) dismissToasts();
});

function fail(kind: "offline" | "refused"): void {
  const template = one<HTMLTemplateElement>("#ui-failed");
  const toast = template && one("[data-toast]", template.content.cloneNode(true) as DocumentFragment);
  const text = toast && one("div", toast);
  if (!template || !toast || !text) return;
  text.textContent = template.dataset[kind] ?? "";
  one(".ui-toasts")?.replaceChildren(toast);
}
document.addEventListener("htmx:sendError", () => fail("offline"));
document.addEventListener("htmx:responseError", () => fail("refused"));

export function busy(button: HTMLElement | null, label?: string): void {
  button?.classList.add("is-busy");
  const text = button && one("[data-label]", button);
  if (text && label) text.textContent = label;
}
document.addEventListener("htmx:beforeRequest", (event) => {
  const form = (event as CustomEvent<{ elt: Element }>).detail.elt;
  if (form.matches("[data-act]")) busy(one("[type=submit], button:not([type])", form));
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = (event as CustomEvent<{ elt: Element }>).detail.elt;
  for (const button of all(".is-busy", form)) button.classList.remove("is-busy");
});
on("submit", ".ui-card form, .ui-settings form", (event, form) => {
  busy((event as SubmitEvent).submitter as HTMLElement | null, form.dataset["saving"]);
});
