/** Rows that open with a press, J, K and Enter; the second pinned column stays beside the first. */
import { all, on, one } from "./dom";

const current = () => document.activeElement?.closest<HTMLElement>("[data-row]") ?? null;

function visit(row: HTMLElement, elsewhere: boolean): void {
  const url = row.dataset["href"];
  if (!url) return;
  if (elsewhere) window.open(url, "_blank", "noopener");
  else location.assign(url);
}

export function moveRow(step: 1 | -1): boolean {
  const rows = all("[data-row]");
  const row = current();
  const next = row ? rows[rows.indexOf(row) + step] : rows[0];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return rows.length > 0;
}

export function openRow(): boolean {
  const row = document.activeElement?.matches("[data-row]") ? current() : null;
  if (row) visit(row, false);
  return row !== null;
}

on("click", "[data-row]", (event, row) => {
  if ((event.target as Element).closest("a, button, input, label") || getSelection()?.toString()) return;
  visit(row, event.ctrlKey || event.metaKey);
});
on("auxclick", "[data-row]", (event, row) => {
  if (event.button === 1 && !(event.target as Element).closest("a")) visit(row, true);
});

/** Several choices of one filter travel as one value, `state=draft,confirmed`. */
document.addEventListener("formdata", (event) => {
  if (!(event.target as Element).matches(".ui-filter-pop form")) return;
  for (const name of new Set(event.formData.keys())) event.formData.set(name, event.formData.getAll(name).join(","));
});

function pin(): void {
  for (const table of all("[data-pinned]")) {
    const first = one("th.is-pinned", table);
    if (first) table.style.setProperty("--ui-pin", `${first.getBoundingClientRect().width}px`);
  }
}
pin();
addEventListener("resize", pin);
document.addEventListener("htmx:afterSettle", pin);
void document.fonts.ready.then(pin);
