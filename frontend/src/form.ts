/**
 * Forms of records: unsaved edits, errors, and the preview. 300 ms after the last key the form is posted to
 * `data-preview`; the answer is
 * `{"fields": {name: text}, "lines": {"lines-0-amount": text}, "totals": {name: text}, "errors": {name: text}}`.
 * Texts go to `[data-computed=name]` and `[data-total=name]`; errors show for fields that were touched and left.
 */
import { delayed, on, one } from "./dom";
import { busy } from "./layers";

type Preview = Partial<Record<"fields" | "lines" | "totals" | "errors", Record<string, string>>>;

const form = () => one<HTMLFormElement>("#ui-form");
const touched = new Set<string>();
let dirty = false;
let request: AbortController | null = null;

function putText(kind: "computed" | "total", texts: Record<string, string> = {}): void {
  for (const [name, text] of Object.entries(texts)) {
    const place = one(`[data-${kind}="${CSS.escape(name)}"]`);
    if (place) place.textContent = text;
  }
}

function putError(name: string, text: string): void {
  const input = document.getElementById(`id_${name}`);
  if (!input) return;
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  input.title = text;
  const note = document.getElementById(`id_${name}-error`);
  const place = note && one("span", note);
  if (!note || !place) return;
  note.hidden = !text;
  place.textContent = text;
}

function show(answer: Preview): void {
  putText("computed", { ...answer.fields, ...answer.lines });
  putText("total", answer.totals);
  for (const name of touched) {
    const isBusy = document.activeElement?.id === `id_${name}`;
    putError(name, isBusy ? "" : (answer.errors?.[name] ?? ""));
  }
}

/** Above the form, once: what keeps it from being saved, while everything typed stays. */
function warn(text: string): void {
  const source = form();
  if (!source || one("[data-warning]", source)) return;
  const alert = document.createElement("div");
  alert.className = "ui-alert is-late";
  alert.role = "alert";
  alert.dataset["warning"] = "";
  alert.textContent = text;
  one(".ui-scroll", source)?.prepend(alert);
}

const preview = delayed(300, async () => {
  const source = form();
  const url = source?.dataset["preview"];
  if (!source || !url) return;
  request?.abort();
  request = new AbortController();
  source.classList.add("is-stale");
  try {
    const answer = await fetch(url, {
      method: "POST",
      body: new FormData(source),
      signal: request.signal,
      headers: { Accept: "application/json" },
    });
    if (answer.ok) show((await answer.json()) as Preview);
    else if (answer.status === 401) warn(((await answer.json()) as { detail: string }).detail);
    source.classList.remove("is-stale");
  } catch (reason) {
    if (!(reason instanceof DOMException && reason.name === "AbortError")) source.classList.remove("is-stale");
  }
});

on("input", "#ui-form", (event) => {
  const name = (event.target as HTMLInputElement).name;
  if (name) touched.add(name.replace(/\.text$/, ""));
  dirty = true;
  preview();
});

on("focusout", "#ui-form", () => dirty && preview());

on("submit", "#ui-form", (_event, source) => {
  dirty = false;
  busy(one("[form=ui-form]"), source.dataset["saving"]);
});

on("keydown", "#ui-form, .ui-dialog form", (event, source) => {
  if (event.key !== "Enter" || event.isComposing) return;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    (source as HTMLFormElement).requestSubmit(one<HTMLButtonElement>("[form=ui-form], .ui-dialog-foot [type=submit]"));
  } else if (source.id === "ui-form" && (event.target as Element).matches("input")) {
    event.preventDefault();
  }
});

on("click", "[data-pick]", (_event, button) => {
  const picker = button.previousElementSibling as HTMLInputElement;
  const input = one<HTMLInputElement>("input", button.parentElement!)!;
  if (/^\d{4}-\d\d-\d\d$/.test(input.value)) picker.value = input.value;
  picker.onchange = () => {
    input.value = picker.value;
    input.focus();
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  picker.showPicker();
});

addEventListener("beforeunload", (event) => {
  if (dirty) event.preventDefault();
});
on("click", "[data-cancel]", () => (dirty = false));

if (one("#ui-form[data-preview] [data-line]")) preview();
if (form()) (one("#ui-form [aria-invalid=true]") ?? one("[data-first-error]") ?? one("#ui-form .ui-field .ui-input"))?.focus();
