/** The editable table of lines: keys, new rows, and rows pasted from a spreadsheet. */
import { all, on, one } from "./dom";
import { choose, isOpen, lookup } from "./combobox";
import { touch } from "./fill";

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const EDITABLE = "input:not([type=hidden], [type=date]):not([readonly]), select, textarea:not([readonly])";
const lines = (grid: Element) => all("[data-line]", grid);
const control = (cell: Element | undefined) => (cell ? one<Control>(EDITABLE, cell) : null);
const isEmpty = (row: Element) =>
  all<Control>(EDITABLE, row).every((part) => part.type === "checkbox" || part.type === "select-one" || !part.value);

function nextIndex(grid: HTMLElement): number {
  const last = Number(grid.dataset["next"] ?? lines(grid).length);
  const names = grid.dataset["next"] ? [] : all<HTMLInputElement>("[data-line] input[name$='-uid']", grid);
  const highest = names.map((input) => Number(input.name.split("-").at(-2)) + 1);
  const index = Math.max(last, ...highest);
  grid.dataset["next"] = String(index + 1);
  return index;
}

function addRow(grid: HTMLElement): HTMLElement {
  const template = one<HTMLTemplateElement>("template", grid)!;
  const holder = document.createElement("tbody");
  holder.innerHTML = template.innerHTML.replaceAll("__index__", String(nextIndex(grid)));
  const row = one("[data-line]", holder)!;
  one("tbody", grid)!.append(row);
  return row;
}

function count(grid: HTMLElement): void {
  const label = one("[data-count]", grid);
  if (label) label.textContent = String(lines(grid).filter((row) => !isEmpty(row)).length);
}

const changed = (grid: Element) => grid.dispatchEvent(new Event("input", { bubbles: true }));

on("click", "[data-add]", (_event, button) => {
  const grid = button.closest<HTMLElement>("[data-grid]")!;
  const last = lines(grid).at(-1);
  const row = last && isEmpty(last) ? last : addRow(grid);
  one<HTMLElement>(EDITABLE, row)?.focus();
});

on("click", "[data-remove]", (_event, button) => {
  const grid = button.closest<HTMLElement>("[data-grid]")!;
  const row = button.closest<HTMLElement>("[data-line]")!;
  const near = row.nextElementSibling ?? row.previousElementSibling;
  if (row.nextElementSibling?.matches(".ui-line-error")) row.nextElementSibling.remove();
  row.remove();
  if (near) one<HTMLElement>(EDITABLE, near)?.focus();
  if (!lines(grid).length) addRow(grid);
  count(grid);
  changed(grid);
});

on("input", "[data-line]", (event, row) => {
  const grid = row.closest<HTMLElement>("[data-grid]")!;
  if (row.nextElementSibling !== null || !(event.target as Control).value) return;
  addRow(grid);
  count(grid);
});

function down(row: Element | null, step: "nextElementSibling" | "previousElementSibling"): Element | null {
  const next = row?.[step] ?? null;
  return next && !next.matches("[data-line]") ? down(next, step) : next;
}

on("keydown", "[data-line]", (event, row) => {
  const target = event.target as HTMLElement;
  if (event.isComposing || isOpen() || event.altKey || event.ctrlKey || event.metaKey) return;
  if (!target.matches(EDITABLE) || target.matches("textarea")) return;
  const up = event.key === "ArrowUp" || (event.key === "Enter" && event.shiftKey);
  if (!up && event.key !== "ArrowDown" && event.key !== "Enter") return;
  if (target.matches("select") && event.key !== "Enter") return;
  event.preventDefault();
  const column = target.closest<HTMLTableCellElement>("td")!.cellIndex;
  let next = down(row, up ? "previousElementSibling" : "nextElementSibling");
  if (!next && event.key === "Enter" && !up && !isEmpty(row)) next = addRow(row.closest("[data-grid]")!);
  const part = control(next?.children[column]);
  part?.focus();
  if (part instanceof HTMLInputElement) part.select();
});

/** Cells of a copied range; a quoted cell may hold tabs and line ends. */
function cellsOf(text: string): string[][] {
  const rows: string[][] = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^\t\r\n]*))(\t|\r?\n|\r|$)/g;
  for (const [whole, quoted, plain, end] of text.replace(/[\r\n]+$/, "").matchAll(cell)) {
    rows.at(-1)!.push((quoted?.replaceAll('""', '"') ?? plain ?? "").trim());
    if (end === "" || whole === "") break;
    if (end !== "\t") rows.push([]);
  }
  return rows;
}

function write(part: Control, text: string): void {
  touch(part);
  if (part instanceof HTMLSelectElement) {
    const option = [...part.options].find((item) => item.value === text || item.text.trim() === text);
    if (option) part.value = option.value;
  } else if (part.type === "checkbox") {
    (part as HTMLInputElement).checked = !/^(|0|no|false|否)$/i.test(text);
  } else {
    part.value = text;
  }
}

on("paste", "[data-line]", (event, row) => {
  const text = event.clipboardData?.getData("text/plain") ?? "";
  const start = (event.target as Element).closest<HTMLTableCellElement>("td");
  if (!start || !/[\t\n]/.test(text.trim())) return;
  event.preventDefault();
  const grid = row.closest<HTMLElement>("[data-grid]")!;
  const named: HTMLInputElement[] = [];
  let line: Element | null = row;
  for (const values of cellsOf(text)) {
    line ??= addRow(grid);
    const parts = [...line.children].slice(start.cellIndex).map(control).filter((part) => part !== null);
    values.slice(0, parts.length).forEach((value, position) => {
      const part = parts[position]!;
      write(part, value);
      if (value && part.role === "combobox") named.push(part as HTMLInputElement);
    });
    line = down(line, "nextElementSibling");
  }
  count(grid);
  void resolve(named).then(() => changed(grid));
});

/** Finds the record each pasted name or number means; what stays unclear goes to the server as text. */
async function resolve(inputs: HTMLInputElement[]): Promise<void> {
  const answers = new Map<string, ReturnType<typeof lookup>>();
  const waiting = [...inputs];
  const work = async () => {
    for (let input = waiting.shift(); input; input = waiting.shift()) {
      const { value } = input;
      const url = input.closest<HTMLElement>("[data-combo]")?.dataset["combo"] ?? "";
      const key = `${url} ${value}`;
      if (!answers.has(key)) answers.set(key, lookup(url, value).catch(() => []));
      const results = await answers.get(key)!;
      const exact = results.filter(({ label, hint }) => label === value || hint === value || label.startsWith(`${value} `));
      const match = results.length === 1 ? results[0] : exact.length === 1 ? exact[0] : undefined;
      if (match && input.value === value) choose(input, match);
    }
  };
  await Promise.all([work(), work(), work(), work()]);
}

/** An empty row is no row: it is not sent, whatever its lists and boxes say. */
document.addEventListener("formdata", (event) => {
  for (const row of all("[data-line]", event.target as Element).filter(isEmpty)) {
    for (const part of all<Control>("[name]", row)) event.formData.delete(part.name);
  }
});

for (const grid of all("[data-grid]")) {
  if (!lines(grid).length) addRow(grid);
  count(grid);
}
