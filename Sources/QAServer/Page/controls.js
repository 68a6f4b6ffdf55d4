// Files, keys, colours, and what happens when somebody presses, types or drops something.
async function openFile(file) {
  if (file.size > 8e6) { complain(new Error(file.name + " is too large to open here.")); return; }
  try {
    setText(new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer()), "");
    $("question").focus();
  } catch { complain(new Error(file.name + " is not UTF-8 text.")); }
}
function prompted(title, label, value) {
  const dialog = $("dialog");
  $("dialog-title").textContent = title;
  $("dialog-label").textContent = label;
  $("dialog-value").value = value;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise(resolve => {
    const closed = () => resolve(dialog.returnValue ? $("dialog-value").value.trim() : "");
    dialog.addEventListener("close", closed, { once: true });
  });
}
$("dialog-cancel").onclick = () => $("dialog").close("");
function theme(name) {
  if (name === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset.theme = name;
  $("theme").textContent = { auto: "◐ Auto", light: "○ Light", dark: "● Dark" }[name];
  const colours = { auto: "as in the system", light: "light", dark: "dark" }[name];
  $("theme").setAttribute("aria-label", "Colours: " + colours);
  memory.set("theme", name, true);
}
$("theme").onclick = () => {
  const names = ["auto", "light", "dark"];
  theme(names[(names.indexOf(document.documentElement.dataset.theme || "auto") + 1) % 3]);
};
$("key").onclick = async () => {
  const key = await prompted("API key", "This server requires an API key. It is kept until this tab is closed.", "");
  if (key) { memory.set("key", key); $("key").textContent = "API key ✓"; start(); }
};
$("open").onclick = () => $("file").click();
$("file").onchange = () => { if ($("file").files[0]) openFile($("file").files[0]); $("file").value = ""; };
$("edit").onclick = edit;
$("own").onclick = () => { setText(state.draft, ""); $("question").focus(); };
$("store").onclick = async () => {
  finishWriting();
  const id = await prompted("Store this text", "A name of letters, digits, dots, dashes and underscores", "");
  if (!id) return;
  try {
    await call("PUT", "/v1/documents/" + encodeURIComponent(id), { text: state.text });
    await listDocuments();
    setText(state.text, id);
    say("Stored as " + id);
  } catch (error) { complain(error); }
};
$("remove").onclick = async () => {
  const id = state.source;
  if (await prompted("Delete " + id + "?", "Type its name to delete it for everyone", "") !== id) return;
  try {
    await call("DELETE", "/v1/documents/" + encodeURIComponent(id));
    setText("", "");
    await listDocuments();
    say("Deleted " + id);
  } catch (error) { complain(error); }
};
$("source").onchange = event => {
  const source = event.target.value;
  if (source === "") setText(state.draft, "");
  else if (source === "*") {
    state.source = "*";
    state.writing = false;
    show();
  } else openDocument(source);
};
$("draft").oninput = () => {
  state.text = whole($("draft").value);
  state.writing = true;
  $("store").hidden = state.text === "";
};
$("draft").onkeydown = event => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  finishWriting();
  $("question").focus();
};
$("ask").onsubmit = event => {
  event.preventDefault();
  const question = $("question").value.trim();
  if (!question) return;
  $("question").value = "";
  ask(question);
};
$("question").onkeydown = event => {
  if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
  const last = state.asked.length - 1;
  if (last < 0) return;
  event.preventDefault();
  if (event.key === "ArrowUp") state.place = state.place < 0 ? last : Math.max(0, state.place - 1);
  else state.place = state.place < 0 || state.place === last ? -1 : state.place + 1;
  $("question").value = state.place < 0 ? "" : state.asked[state.place];
};
document.addEventListener("keydown", event => {
  const writing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  if (event.ctrlKey || event.metaKey || event.altKey || $("dialog").open) return;
  if (event.key === "Escape" && writing) document.activeElement.blur();
  else if (!writing && event.key === "/") { event.preventDefault(); $("question").focus(); }
  else if (!writing && event.key.toLowerCase() === "e" && !$("edit").hidden) { event.preventDefault(); edit(); }
});
let depth = 0;
const hasFile = event => [...event.dataTransfer.types].some(type => type === "Files" || type === "text/plain");
document.addEventListener("dragenter", event => {
  if (!hasFile(event)) return;
  depth += 1;
  document.body.classList.add("over");
});
document.addEventListener("dragleave", () => {
  depth = Math.max(0, depth - 1);
  if (!depth) document.body.classList.remove("over");
});
document.addEventListener("dragover", event => { if (hasFile(event)) event.preventDefault(); });
document.addEventListener("drop", event => {
  depth = 0;
  document.body.classList.remove("over");
  if (!hasFile(event)) return;
  event.preventDefault();
  const file = event.dataTransfer.files[0], text = event.dataTransfer.getData("text/plain");
  if (file) openFile(file); else if (text) setText(text, "");
});

async function start() {
  try {
    const model = (await call("GET", "/v1/models")).models[0];
    $("model").textContent = model.id;
    state.calibrated = model.calibrated;
    state.threshold = model.no_answer_threshold;
  } catch (error) {
    if (error.status === 503) { $("model").textContent = "the model is loading"; setTimeout(start, 1000); return; }
    if (error.status === 401) $("model").textContent = "needs an API key"; else complain(error);
    return;
  }
  await listDocuments();
  const link = new URLSearchParams(location.hash.slice(1));
  if (!link.get("q")) return;
  history.replaceState(null, "", location.pathname);
  // A link may come from anybody: it fills the page in, and whoever reads it decides whether to ask.
  if (link.get("d") === "*") {
    state.source = "*";
    show();
  } else if (link.get("d")) {
    if (!await openDocument(link.get("d"))) return;
  } else if (link.get("t")) setText(link.get("t"), "", false);
  $("question").value = link.get("q");
  $("question").focus();
  say("A link has filled in this question. Press Enter to ask it.");
}
theme(memory.get("theme") || "auto");
try { state.asked = JSON.parse(memory.get("asked") || "[]"); } catch { state.asked = []; }
setText(memory.get("text") || "", "");
if (state.text === "") $("draft").focus({ preventScroll: true }); else $("question").focus({ preventScroll: true });
start();
