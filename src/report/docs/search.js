"use strict";
// Each name is [file, kind, title, other words, comment]; what is found in the title comes first, a title that begins
// with it before that.
const root = document.body.dataset.root;
const input = document.getElementById("search");
const list = document.getElementById("found");
const most = 60;
let chosen = -1;

function rank([, , title, words, comment], word) {
  const name = title.toLowerCase();
  const own = name.slice(name.indexOf(".") + 1);
  if (own === word || name === word) return 0;
  if (own.startsWith(word) || name.startsWith(word)) return 1;
  if (name.includes(word)) return 2;
  if (words.toLowerCase().includes(word)) return 3;
  return comment.toLowerCase().includes(word) ? 4 : -1;
}

function find(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const found = [];
  for (const name of names) {
    const ranks = words.map((word) => rank(name, word));
    if (ranks.every((rank) => rank >= 0)) found.push([Math.max(...ranks), name]);
  }
  return found.sort((a, b) => a[0] - b[0] || a[1][2].length - b[1][2].length).map(([, name]) => name);
}

function show() {
  const found = find(input.value);
  chosen = -1;
  list.replaceChildren(
    ...found.slice(0, most).map(([file, kind, title, , comment]) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = root + file;
      const small = document.createElement("small");
      small.textContent = kind + " ";
      const note = document.createElement("small");
      note.textContent = " " + comment;
      link.append(small, title, note);
      item.append(link);
      return item;
    }),
  );
  if (found.length > most) {
    const item = document.createElement("li");
    item.textContent = `and ${found.length - most} more`;
    list.append(item);
  }
  list.hidden = !input.value.trim();
}

function move(by) {
  const links = list.querySelectorAll("a");
  if (!links.length) return;
  links[chosen]?.classList.remove("chosen");
  chosen = (chosen + by + links.length) % links.length;
  links[chosen].classList.add("chosen");
  links[chosen].scrollIntoView({ block: "nearest" });
}

input.addEventListener("input", show);
input.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") move(1);
  else if (event.key === "ArrowUp") move(-1);
  else if (event.key === "Enter") (list.querySelector("a.chosen") ?? list.querySelector("a"))?.click();
  else if (event.key === "Escape") (input.value = ""), show();
  else return;
  event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== input) {
    input.focus();
    event.preventDefault();
  }
});
