/* Addresses: the four lists of regions, loaded a province at a time, and the place the phone is at. */
(() => {
  "use strict";

  const FIELDS = ["province", "city", "district", "street"];
  const MILLIONTHS = 1e6;
  const files = new Map();
  const say = (text, tone) => document.dispatchEvent(new CustomEvent("siyu:toast", { detail: { text, tone } }));

  // A province's file: [[code, name, [[code, name, …]]]], each code without the one above it.
  function rowsOf(address) {
    if (!files.has(address)) {
      const asked = fetch(address).then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)));
      asked.catch(() => files.delete(address));
      files.set(address, asked);
    }
    return files.get(address);
  }

  function fill(list, above, rows) {
    list.replaceChildren(list.options[0], ...rows.map(([code, name]) => new Option(name, above + code)));
    list.value = "";
    list.disabled = rows.length === 0;
  }

  function below(rows, province, code) {
    let above = province;
    let found = rows;
    while (above !== code) {
      const next = found.find(([part]) => code.startsWith(above + part));
      if (!next) return [];
      above += next[0];
      found = next[2] || [];
    }
    return found;
  }

  document.addEventListener("change", async (event) => {
    const picker = event.target.closest?.("[data-regions]");
    if (!picker) return;
    const lists = FIELDS.map((name) => picker.querySelector(`[name="${name}"], [data-level="${name}"]`)).filter(Boolean);
    const level = lists.indexOf(event.target);
    if (level < 0) return;
    // Whoever prices by region wants to hear of it when the district is known, and not at every step towards it.
    if (level >= 2 && event.target.value) picker.dispatchEvent(new CustomEvent("siyu:region", { bubbles: true }));
    if (level === lists.length - 1) return;
    for (const list of lists.slice(level + 1)) fill(list, "", []);
    const [province] = lists;
    const code = event.target.value;
    const file = province.selectedOptions[0]?.dataset.file;
    if (!code || !file) return;
    try {
      const rows = await rowsOf(file);
      if (event.target.value !== code) return; // somebody chose again meanwhile
      fill(lists[level + 1], code, below(rows, province.value, code));
      // A level with one place in it is no question: 上海市 › 市辖区.
      const only = lists[level + 1];
      if (level < 2 && only.options.length === 2) {
        only.selectedIndex = 1;
        only.dispatchEvent(new Event("change", { bubbles: true }));
      }
    } catch {
      event.target.value = "";
      say(picker.dataset.failed, "bad");
    }
  });

  // Pasted text named a region at once.
  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    if (!elt.matches?.("[data-address]") || !elt.querySelector('[name="district"]').value) return;
    elt.dispatchEvent(new CustomEvent("siyu:region", { bubbles: true }));
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-locate]");
    if (!button) return;
    const fields = button.closest("[data-address]");
    const refused = () => {
      button.disabled = false;
      say(button.dataset.refused, "bad");
    };
    if (!navigator.geolocation) {
      refused();
      return;
    }
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      fields.querySelector('[name="latitude"]').value = Math.round(coords.latitude * MILLIONTHS);
      fields.querySelector('[name="longitude"]').value = Math.round(coords.longitude * MILLIONTHS);
      const told = fields.querySelector("[data-located]");
      told.textContent = told.dataset.located;
      button.disabled = false;
      fields.dispatchEvent(new CustomEvent("siyu:region", { bubbles: true }));
    }, refused, { timeout: 8000, maximumAge: 60000, enableHighAccuracy: true });
  });
})();
