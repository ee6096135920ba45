/** Single letters work while no field has focus and nothing lies above the page. */
import { isTyping, one } from "./dom";
import { closeAside, openDialog } from "./layers";
import { moveRow, openRow } from "./list";
import { openPalette } from "./palette";

let afterG = -Infinity;

const press = (selector: string): boolean => {
  const part = one(selector);
  part?.click();
  return part !== null;
};

function single(key: string): boolean {
  if (performance.now() - afterG < 1200) {
    afterG = -Infinity;
    return press(`[data-go="${CSS.escape(key.toUpperCase())}"]`);
  }
  switch (key) {
    case "g":
      afterG = performance.now();
      return true;
    case "/":
      one("[data-slash]")?.focus();
      return true;
    case "?":
      openDialog(one<HTMLDialogElement>("#ui-keys"));
      return true;
    case "j":
      return moveRow(1);
    case "k":
      return moveRow(-1);
    case "Enter":
      return openRow();
    case "Escape":
      closeAside();
      return false;
    default:
      return /^[a-z]$/.test(key) && press(`[data-key="${key.toUpperCase()}"]`);
  }
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.defaultPrevented) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape" && (event.target as Element).matches("[data-slash]")) (event.target as HTMLElement).blur();
    return;
  }
  if (one("dialog[open], .ui-pop:popover-open")) return;
  if (single(event.key)) event.preventDefault();
});
