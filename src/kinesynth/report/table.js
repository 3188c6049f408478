// Fills the page's tables: choose by value, search, sort by a click on a heading, more rows on demand.
"use strict";
const STEP = 200;

function fill(section) {
  const { columns, rows, marked } = JSON.parse(section.querySelector("script").textContent);
  const order = rows.map((_, place) => place);
  const controls = section.querySelector(".controls"), body = section.querySelector("tbody");
  const told = document.createElement("span"), more = document.createElement("button");
  const search = Object.assign(document.createElement("input"), { type: "search", placeholder: "search" });
  const choices = columns.map((column, place) => (column.filter ? choice(place) : null));
  const headings = [...section.querySelectorAll("th")];
  let sorted = { place: -1, sign: 1 }, shown = STEP, found = [];

  function choice(place) {
    const counts = new Map();
    for (const row of rows) counts.set(row[place], (counts.get(row[place]) || 0) + 1);
    const select = document.createElement("select");
    select.setAttribute("aria-label", columns[place].title);
    select.append(new Option(`every ${columns[place].title}`, ""));
    for (const value of [...counts.keys()].sort()) select.append(new Option(`${value} (${counts.get(value)})`, value));
    select.addEventListener("input", find);
    controls.append(select);
    return select;
  }

  function find() {
    const word = search.value.trim().toLowerCase();
    const wanted = choices.flatMap((select, place) => (select && select.value ? [[place, select.value]] : []));
    found = order.filter((number) => {
      const row = rows[number];
      return wanted.every(([place, value]) => row[place] === value)
        && (!word || row.some((cell) => typeof cell === "string" && cell.toLowerCase().includes(word)));
    });
    if (sorted.place >= 0) found.sort((a, b) => sorted.sign * compare(rows[a][sorted.place], rows[b][sorted.place]));
    shown = STEP;
    draw();
  }

  function compare(a, b) {
    return typeof a === "number" ? a - b : a.localeCompare(b);
  }

  function draw() {
    body.replaceChildren(...found.slice(0, shown).map((number) => {
      const line = document.createElement("tr");
      rows[number].forEach((cell, place) => {
        const box = line.insertCell();
        box.textContent = cell;
        if (!columns[place].number) box.className = "left";
        if (marked[number] === place) box.classList.add("marked");
      });
      return line;
    }));
    told.textContent = `${found.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")}`;
    more.hidden = found.length <= shown;
    more.textContent = `show ${Math.min(STEP, found.length - shown)} more`;
    headings.forEach((heading, place) => {
      const direction = sorted.place !== place ? "none" : sorted.sign > 0 ? "ascending" : "descending";
      heading.setAttribute("aria-sort", direction);
    });
  }

  headings.forEach((heading, place) => {
    heading.tabIndex = 0;
    const sort = () => {
      const first = columns[place].number ? -1 : 1;
      sorted = { place, sign: sorted.place === place ? -sorted.sign : first };
      find();
    };
    heading.addEventListener("click", sort);
    heading.addEventListener("keydown", (event) => { if (event.key === "Enter") sort(); });
  });
  search.addEventListener("input", find);
  more.addEventListener("click", () => { shown += STEP; draw(); });
  controls.append(search, told);
  section.querySelector(".scroll").after(more);
  section.choose = (title, value) => {
    columns.forEach((column, place) => { if (choices[place]) choices[place].value = column.title === title ? value : ""; });
    search.value = "";
    find();
  };
  find();
}

for (const section of document.querySelectorAll(".long")) fill(section);
for (const link of document.querySelectorAll("[data-choose]")) {
  const [name, title, value] = JSON.parse(link.dataset.choose);
  link.addEventListener("click", () => document.getElementById(name).choose(title, value));
}
