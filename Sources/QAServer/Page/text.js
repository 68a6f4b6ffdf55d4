// The text: what is shown, the marks of answers in it, stored documents.
function show() {
  const all = state.source === "*", writing = state.source === "" && state.text === "" || state.writing;
  $("everything").hidden = !all;
  $("draft").hidden = all || !writing;
  $("text").hidden = all || writing;
  const foreign = state.source === "" && !state.writing && state.draft !== "" && state.text !== state.draft;
  $("own").hidden = !foreign;
  $("edit").hidden = all || writing || foreign;
  $("store").hidden = all || !state.stores || state.source !== "" || state.text === "";
  $("remove").hidden = all || state.source === "";
  $("source").value = state.source;
  if (!all && writing && $("draft").value !== state.text) $("draft").value = state.text;
}
// Shows a text; one of the person's own is kept, as the draft that this tab remembers.
function setText(text, source, isOwn = source === "") {
  state.text = whole(text.replace(/\r\n?/g, "\n"));
  state.source = source;
  state.writing = false;
  if (isOwn) {
    state.draft = state.text;
    memory.set("text", state.text.length < 400000 ? state.text : "");
  }
  mark([], 0);
  show();
}
// Shows the text with the places of answers marked; the one at `best` stands out and is scrolled to.
function mark(answers, best, scroll) {
  const ranges = answers.map((answer, index) => ({ start: answer.start, end: answer.end, index }))
    .filter(range => range.end > range.start);
  ranges.sort((a, b) => (a.index !== best) - (b.index !== best) || a.index - b.index);
  const kept = [];
  for (const range of ranges) {
    if (kept.every(other => range.end <= other.start || other.end <= range.start)) kept.push(range);
  }
  kept.sort((a, b) => a.start - b.start);
  const parts = [];
  let end = 0, target = null;
  for (const range of kept) {
    parts.push(state.text.slice(end, range.start));
    const textContent = state.text.slice(range.start, range.end);
    const element = make("mark", { textContent, className: range.index === best ? "best" : "" });
    if (range.index === best) target = element;
    parts.push(element);
    end = range.end;
  }
  parts.push(state.text.slice(end));
  $("text").replaceChildren(...parts);
  if (scroll && target) reveal(target);
}
// Scrolls the text alone: browsers that scroll several things into view at once leave some of them where they were.
function reveal(target) {
  const page = $("page"), place = target.getBoundingClientRect(), frame = page.getBoundingClientRect();
  page.scrollTo({ top: page.scrollTop + place.top - frame.top - Math.max(0, frame.height - place.height) / 2 });
}
function showLastTurn() { $("turns").scrollTo({ top: $("turns").scrollHeight }); }
async function openDocument(id) {
  try {
    const found = await call("GET", "/v1/documents/" + encodeURIComponent(id));
    setText(found.text, id);
    return true;
  } catch (error) { complain(error); show(); return false; }
}
async function listDocuments() {
  const select = $("source");
  let after = "", options = [];
  try {
    do {
      const page = await call("GET", "/v1/documents?limit=500" + (after ? "&after=" + encodeURIComponent(after) : ""));
      options = options.concat(page.documents.map(found => make("option", { value: found.id, textContent: found.id })));
      after = page.next;
    } while (after && options.length < 5000);
  } catch (error) {
    if (error.status === 501) {
      state.stores = false;
      $("source").hidden = true;
      show();
    } else if (error.status !== 401) complain(error);
    return;
  }
  while (select.options.length > 2) select.remove(2);
  select.append(...options);
  select.value = state.source;
}
function finishWriting() {
  if ($("draft").hidden) return;
  setText($("draft").value, "");
}
function edit() {
  if (state.source === "*") return;
  state.source = "";
  state.writing = true;
  show();
  $("draft").focus();
}
