// What the expression builder does beyond its page: completing the word at the cursor. A list of all words is on the
// page without it. <textarea data-completes="ID"> takes the words of [data-word] on its page.
"use strict";
(() => {
  const MOST = 12;
  let open = null; // {field, list, start, at}

  const close = () => {
    if (!open) return;
    open.list.remove();
    open.field.removeAttribute("aria-activedescendant");
    open = null;
  };

  // The word that is being typed: letters behind which the cursor stands, with a bracket for attributes; not in a text.
  const wordAt = (field) => {
    if (field.selectionStart !== field.selectionEnd) return null;
    const before = field.value.slice(0, field.selectionStart);
    const texts = before.replace(/\\./g, "  ").split('"').length - 1;
    if (texts % 2 === 1) return null;
    const found = /\[[A-Za-z0-9_.]*$|[A-Za-z][A-Za-z0-9]*$/.exec(before);
    return found && { text: found[0], start: found.index };
  };

  const fitting = (text) => {
    const wanted = text.toLowerCase();
    const words = [...document.querySelectorAll("[data-word]")].map((one) => [one.dataset.word, one.textContent]);
    const begins = words.filter(([word]) => word.toLowerCase().startsWith(wanted));
    const inside = wanted.length > 2
      ? words.filter(([word]) => !begins.some(([one]) => one === word) && word.toLowerCase().includes(wanted.replace("[", ""))
        && (wanted[0] === "[") === (word[0] === "[")) : [];
    return [...begins, ...inside].slice(0, MOST);
  };

  const choose = (at) => {
    if (!open.list.children.length) return;
    open.at = (at + open.list.children.length) % open.list.children.length;
    [...open.list.children].forEach((item, number) => {
      item.setAttribute("aria-selected", String(number === open.at));
      if (number === open.at) {
        open.field.setAttribute("aria-activedescendant", item.id);
        item.scrollIntoView({ block: "nearest" });
      }
    });
  };

  const take = (word) => {
    const { field, start } = open;
    const end = field.selectionStart;
    close();
    // A bracket or parenthesis that stands there already is not written twice.
    const last = word.at(-1);
    const doubled = field.value[end] === last ? 1 : 0;
    field.setRangeText(word, start, end + doubled, "end");
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const offer = (field) => {
    close();
    const word = wordAt(field);
    const words = word ? fitting(word.text) : [];
    if (!words.length || (words.length === 1 && words[0][0] === word.text)) return;
    const list = document.createElement("ul");
    list.className = "completions";
    list.id = "offered";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Completions");
    words.forEach(([completion, shown], number) => {
      const item = document.createElement("li");
      item.id = `offered-${number}`;
      item.setAttribute("role", "option");
      item.textContent = shown;
      item.addEventListener("mousedown", (event) => { event.preventDefault(); take(completion); });
      item.dataset.completion = completion;
      list.append(item);
    });
    field.after(list);
    field.setAttribute("aria-controls", "offered");
    open = { field, list, start: word.start, at: 0 };
    choose(0);
  };

  const completes = (element) => element.matches?.("textarea[data-completes]");
  document.addEventListener("input", (event) => {
    if (completes(event.target) && event.isTrusted) offer(event.target);
  });
  document.addEventListener("focusin", (event) => {
    if (!completes(event.target)) return;
    event.target.setAttribute("aria-autocomplete", "list");
    event.target.setAttribute("aria-haspopup", "listbox");
  });
  document.addEventListener("focusout", (event) => { if (completes(event.target)) close(); });
  document.addEventListener("keydown", (event) => {
    if (!completes(event.target)) return;
    if (event.key === " " && event.ctrlKey) { event.preventDefault(); offer(event.target); return; }
    if (!open) return;
    switch (event.key) {
      case "ArrowDown": choose(open.at + 1); break;
      case "ArrowUp": choose(open.at - 1); break;
      case "Enter":
      case "Tab": take(open.list.children[open.at].dataset.completion); break;
      case "Escape": close(); break;
      default: return;
    }
    event.preventDefault();
  });
})();
