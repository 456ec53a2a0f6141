"use strict";
// Everything is put on the page as text (textContent), never as markup.
(() => {
  const PAGE = 100;
  const about = JSON.parse(document.getElementById("about").textContent);
  const words = about.words;
  const outcomes = about.outcomes;
  const groups = about.groups.map((group) => ({ ...group, entries: [], kept: [], page: 0, sort: null }));
  const order = new Intl.Collator(about.lang === "en" ? "en" : "zh-CN-u-co-pinyin", { numeric: true });
  const number = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
  const asked = { q: "", outcome: "", heading: "", fields: {} };
  let loaded = 0;

  const $ = (id) => document.getElementById(id);
  const fill = (text, ...values) => text.replace(/\{(\d)\}/g, (_, at) => values[at]);
  const folded = (text) => String(text).normalize("NFKC").toLowerCase();
  const outcome = (entry) => outcomes[entry.o] || entry.o;
  const make = (tag, attributes = {}, text = null) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== null) made.textContent = text;
    return made;
  };
  const option = (value, text) => make("option", { value }, text);

  // Data: rows as they come, one block after the other.
  const take = (rows) => {
    for (const [at, entry] of rows) {
      const parts = [entry.t, ...entry.s, outcome(entry), entry.e, groups[at].heading];
      entry.text = folded(parts.join("\n"));
      groups[at].entries.push(entry);
    }
    loaded += rows.length;
  };
  const load = (at) => {
    if (at >= about.blocks.length) return apply();
    const script = make("script", { src: about.blocks[at] });
    script.onload = () => {
      if (at === 0) apply();
      else say();
      load(at + 1);
    };
    script.onerror = () => say(about.blocks[at]);
    return document.body.append(script);
  };

  // What is kept of it.
  const fits = (group, entry) => {
    if (asked.q && !asked.q.every((word) => entry.text.includes(word))) return false;
    if (asked.outcome === "*late" ? !entry.l : asked.outcome && entry.o !== asked.outcome) return false;
    return Object.entries(asked.fields).every(([name, value]) => {
      const at = group.names.indexOf(name);
      return at >= 0 && entry.s[at] === value;
    });
  };
  const key = (group, entry, column) => {
    if (column === "t") return entry.t;
    if (column === "o") return outcome(entry);
    if (column === "n") return entry.n;
    return entry.v[column];
  };
  const sorted = (group) => {
    if (!group.sort) return group.kept;
    const { column, down } = group.sort;
    // What is missing comes last, whichever way.
    return group.kept.sort((one, other) => {
      const a = key(group, one, column);
      const b = key(group, other, column);
      if (a === null || b === null) return (a === null) - (b === null);
      const way = typeof a === "number" && typeof b === "number" ? a - b : order.compare(a, b);
      return down ? -way : way;
    });
  };
  const apply = () => {
    for (const group of groups) {
      const shut = asked.heading !== "" && asked.heading !== group.heading;
      group.kept = shut ? [] : group.entries.filter((entry) => fits(group, entry));
      group.page = 0;
      sorted(group);
      show(group);
    }
    say();
    cover();
    draw();
  };

  // The tables.
  const row = (group, entry) => {
    const line = make("tr");
    const title = make("td", { class: "title" });
    title.append(entry.h ? make("a", { href: entry.h }, entry.t) : entry.t);
    for (const [kind, href] of entry.f) title.append(" ", make("a", { class: "also", href }, kind));
    line.append(title);
    entry.s.forEach((text, at) => line.append(make("td", group.numbers[at] ? { class: "num" } : {}, text)));
    const end = make("td", entry.o === "ok" ? {} : { class: "failed" }, outcome(entry));
    if (entry.l) end.append(` · ${words.late}`);
    if (entry.e) end.append(make("br"), entry.e);
    if (entry.c) end.append(make("br"), make("a", { href: entry.c }, entry.k ? `${words.to_cell} ${entry.k}` : words.why));
    if (entry.w) end.append(make("br"), `${words.warnings} ${entry.w}`);
    line.append(end, make("td", { class: "num" }, entry.n === null ? "—" : entry.n.toFixed(1)));
    return line;
  };
  const show = (group, all = false) => {
    const from = all ? 0 : group.page * PAGE;
    const rows = group.kept.slice(from, all ? undefined : from + PAGE);
    group.body.replaceChildren(...rows.map((entry) => row(group, entry)));
    group.section.hidden = group.kept.length === 0;
    const pages = Math.ceil(group.kept.length / PAGE);
    group.pager.hidden = pages < 2;
    group.place.textContent = fill(words.of_page, group.page + 1, pages);
    group.before.disabled = group.page === 0;
    group.after.disabled = group.page + 1 >= pages;
  };
  const turn = (group, by) => {
    group.page += by;
    show(group);
    group.section.scrollIntoView({ block: "start" });
  };
  const prepare = (group, section) => {
    group.section = section;
    group.body = section.querySelector("tbody");
    const columns = ["t", ...group.names.keys(), "o", "n"];
    const heads = [...section.querySelectorAll("thead th")];
    heads.forEach((head, at) => {
      const button = make("button", { type: "button", class: "sort" }, head.textContent);
      head.setAttribute("aria-sort", "none");
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const again = group.sort && group.sort.column === columns[at];
        group.sort = { column: columns[at], down: again ? !group.sort.down : false };
        heads.forEach((each) => each.setAttribute("aria-sort", "none"));
        head.setAttribute("aria-sort", group.sort.down ? "descending" : "ascending");
        group.page = 0;
        sorted(group);
        show(group);
      });
    });
    group.pager = make("nav", { class: "pager", "aria-label": group.heading || words.reports });
    group.before = make("button", { type: "button" }, words.previous);
    group.after = make("button", { type: "button" }, words.next);
    group.place = make("span");
    group.before.addEventListener("click", () => turn(group, -1));
    group.after.addEventListener("click", () => turn(group, 1));
    group.pager.append(group.before, group.place, group.after);
    section.append(group.pager);
  };
  const say = (lost = "") => {
    const kept = groups.reduce((sum, group) => sum + group.kept.length, 0);
    const parts = [fill(words.shown, kept.toLocaleString("en"), about.rows.toLocaleString("en"))];
    if (loaded < about.rows) parts.push(fill(words.loading, loaded.toLocaleString("en"), about.rows.toLocaleString("en")));
    if (lost) parts.push(lost);
    if (!kept && loaded === about.rows) parts.push(words.nothing);
    $("status").textContent = parts.join(" · ");
  };

  // Coverage, of what is kept, by heading or by a column.
  const cover = () => {
    const by = $("by").value;
    const tallies = new Map();
    const total = [0, 0, 0, 0];
    for (const group of groups) {
      const at = group.names.indexOf(by);
      for (const entry of group.kept) {
        const name = by === "" ? group.heading || words.other : at >= 0 && entry.v[at] !== null ? entry.s[at] : words.none;
        if (!tallies.has(name)) tallies.set(name, [0, 0, 0, 0]);
        for (const each of [tallies.get(name), total]) {
          each[entry.o === "ok" ? 0 : entry.o === "missing" ? 2 : 1] += 1;
          each[3] += entry.l ? 1 : 0;
        }
      }
    }
    const line = (name, counts, kind) => {
      const made = make("tr", kind ? { class: kind } : {});
      made.append(make("th", { scope: "row" }, name), ...counts.map((n) => make("td", { class: "num" }, n.toLocaleString("en"))));
      return made;
    };
    const names = [...tallies.keys()];
    if (by !== "") names.sort(order.compare);
    const lines = names.length > 1 || by !== "" ? names.map((name) => line(name, tallies.get(name), "")) : [];
    $("coverage-table").tHead.rows[0].cells[0].textContent = by || words.heading;
    $("coverage-table").tBodies[0].replaceChildren(...lines, line(words.total, total, "total"));
  };

  // The distribution of a column of numbers, of what is kept.
  const draw = () => {
    const name = $("drawn").value;
    const values = [];
    for (const group of groups) {
      const at = group.names.indexOf(name);
      if (at >= 0) for (const entry of group.kept) if (typeof entry.v[at] === "number") values.push(entry.v[at]);
    }
    values.sort((a, b) => a - b);
    if (!values.length) {
      $("chart").replaceChildren();
      $("spread-text").textContent = words.no_numbers;
      return;
    }
    const half = Math.floor(values.length / 2);
    const middle = values.length % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
    const said = fill(words.spread, values.length.toLocaleString("en"), number.format(values[0]), number.format(middle), number.format(values.at(-1)));
    $("spread-text").textContent = said;
    $("chart").replaceChildren(histogram(values, `${name} · ${said}`));
  };
  const step = (span) => {
    const rough = span / 14;
    const unit = 10 ** Math.floor(Math.log10(rough));
    return unit * [1, 2, 2.5, 5, 10].find((each) => each * unit >= rough);
  };
  const histogram = (values, label) => {
    const low = values[0];
    const high = values.at(-1);
    const width = high > low ? step(high - low) : 1;
    const first = Math.floor(low / width);
    // Float dust must not push a value that lies on an edge into the bar below.
    const bins = new Array(Math.floor(high / width + 1e-9) - first + 1).fill(0);
    for (const value of values) bins[Math.min(bins.length - 1, Math.floor(value / width + 1e-9) - first)] += 1;
    const tall = Math.max(...bins);
    const svg = (tag, attributes, text) => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [key_, value] of Object.entries(attributes)) made.setAttribute(key_, value);
      if (text !== undefined) made.textContent = text;
      return made;
    };
    const chart = svg("svg", { viewBox: "0 0 640 200", role: "img", "aria-label": label });
    const wide = 600 / bins.length;
    bins.forEach((count, at) => {
      const top = (150 * count) / tall;
      const edge = number.format((first + at) * width);
      const bar = svg("rect", { x: 20 + at * wide + 1, y: 170 - top, width: Math.max(1, wide - 2), height: top });
      bar.append(svg("title", {}, fill(words.bar, edge, number.format((first + at + 1) * width), count)));
      chart.append(bar);
      if (count) chart.append(svg("text", { x: 20 + (at + 0.5) * wide, y: 164 - top, "text-anchor": "middle" }, count));
      const every = Math.ceil(bins.length / 10);
      if (at % every === 0) chart.append(svg("text", { x: 20 + at * wide, y: 188, "text-anchor": "middle" }, edge));
    });
    chart.append(svg("line", { x1: 20, x2: 620, y1: 170, y2: 170 }));
    return chart;
  };

  // The controls.
  const choose = (id, label, options, changed) => {
    const field = make("p", { class: "field" });
    const select = make("select", { id });
    select.append(option("", words.all), ...options.map(([value, text]) => option(value, text)));
    select.addEventListener("change", () => {
      changed(select.value);
      apply();
    });
    field.append(make("label", { for: id }, label), select);
    $("filters").append(field);
  };
  const controls = () => {
    const kinds = [...new Set([...Object.keys(outcomes), ...groups.flatMap((group) => group.entries.map((entry) => entry.o))])];
    choose(
      "outcome",
      words.outcome,
      [...kinds.map((each) => [each, outcomes[each] || each]), ["*late", words.late]],
      (value) => (asked.outcome = value),
    );
    if (groups.length > 1) {
      const headings = groups.map((group) => [group.heading, group.heading || words.other]).filter(([heading]) => heading);
      choose("heading", words.heading, headings, (value) => (asked.heading = value));
    }
    Object.entries(about.choices).forEach(([name, values], at) => {
      choose(`field-${at}`, name, values.map((value) => [value, value]), (value) => {
        if (value) asked.fields[name] = value;
        else delete asked.fields[name];
      });
    });
    let waiting = 0;
    $("q").addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        asked.q = folded($("q").value).split(/\s+/).filter(Boolean);
        apply();
      }, 80);
    });
    $("find").addEventListener("submit", (event) => event.preventDefault());
    $("find").addEventListener("reset", () => {
      Object.assign(asked, { q: "", outcome: "", heading: "", fields: {} });
      setTimeout(apply, 0);
    });
    $("by").append(option("", words.heading), ...Object.keys(about.choices).map((name) => option(name, name)));
    $("by").addEventListener("change", cover);
    $("drawn").append(...about.drawable.map((name) => option(name, name)));
    $("drawn").addEventListener("change", draw);
    $("find").hidden = false;
    $("by-field").hidden = !Object.keys(about.choices).length;
    $("spread").hidden = !about.drawable.length;
    // On paper nobody turns pages.
    addEventListener("beforeprint", () => groups.forEach((group) => show(group, true)));
    addEventListener("afterprint", () => groups.forEach((group) => show(group)));
  };

  window.perfkit = { take: (at, rows) => take(rows) };
  document.querySelectorAll("section.group").forEach((section) => prepare(groups[section.dataset.group], section));
  const inline = $("rows");
  if (inline) take(JSON.parse(inline.textContent));
  controls();
  if (inline) apply();
  else load(0);
})();
