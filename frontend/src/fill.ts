/** Sets the neighbours of a chosen record, but never what somebody typed. */
export type Filling = Record<string, string | { uid: string; label: string }>;

const touched = new WeakSet<Element>();

export const touch = (input: Element): void => void touched.add(input);

document.addEventListener("input", (event) => {
  if (event.isTrusted && event.target instanceof Element) touch(event.target);
});

const isFree = (input: HTMLInputElement) => !touched.has(input) || !input.value;

export function fill(source: HTMLInputElement, values: Filling): void {
  const prefix = source.name.slice(0, source.name.lastIndexOf("-") + 1);
  for (const [name, value] of Object.entries(values)) set(source.form, prefix + name, value);
}

function set(form: HTMLFormElement | null, name: string, value: Filling[string]): void {
  const input = form?.elements.namedItem(name) as HTMLInputElement | null;
  if (!input || !isFree(input)) return;
  if (typeof value === "string") {
    input.value = value;
    return;
  }
  const text = form?.elements.namedItem(`${name}.text`) as HTMLInputElement | null;
  if (!text || !isFree(text)) return;
  input.value = value.uid;
  text.value = value.label;
}
