// The conversation: questions, their answers and what can be done with them.
const noWords = "No document contains words of this question.";
function turnElement(turn) {
  const item = make("li", {}, make("span", { className: "question", dir: "auto", textContent: turn.question }));
  const reply = make("div", { className: "reply" });
  item.append(reply);
  turn.element = item;
  turn.reply = reply;
  return item;
}
function fill(turn) {
  const reply = turn.reply;
  reply.replaceChildren();
  reply.classList.toggle("wrong", !!turn.error);
  if (turn.error) { reply.append(make("p", { className: "answer none", textContent: turn.error })); return; }
  if (!turn.answers) {
    reply.append(make("span", { className: "wait", ariaLabel: "Reading" }, make("i"), make("i"), make("i")));
    return;
  }
  const [best, ...others] = turn.answers;
  if (!best) {
    reply.append(make("p", { className: "answer none", textContent: noWords }));
    return;
  }
  const words = best.text || silence(turn);
  reply.append(make("p", { className: "answer" + (best.text ? "" : " none"), dir: "auto", textContent: words }));
  const rail = make("i");
  rail.style.width = Math.max(2, 100 * (isUnsure(turn) ? others[0].score : best.score)) + "%";
  const sure = best.text ? sureness(best.score)
    : isUnsure(turn) ? "the best one: " + sureness(others[0].score)
    : percent(best.score) + " sure that it does not";
  const place = best.document && turn.source === "*" ? " · " + best.document : "";
  reply.append(make("p", { className: "sure" },
    make("span", { className: "rail", ariaHidden: "true" }, rail), make("span", { textContent: sure + place })));
  if (turn.source === "*" && best.passage) {
    const quote = make("blockquote", { dir: "auto" }), from = best.start - best.passage.start;
    quote.append(
      best.passage.text.slice(0, from), make("mark", { className: "best", textContent: best.text }),
      best.passage.text.slice(from + best.text.length));
    reply.append(quote);
  }
  const likely = others.filter(isLikely);
  if (likely.length) {
    const list = likely.map(other => {
      const button = make("button", { type: "button" },
        make("bdi", { textContent: other.text }), make("small", { textContent: brief(other.score) }));
      const index = turn.answers.indexOf(other);
      button.onmouseenter = () => preview(turn, index, true);
      button.onmouseleave = () => preview(turn, 0, true);
      button.onfocus = () => preview(turn, index, true);
      button.onblur = () => preview(turn, 0, false);
      button.onclick = () => pointAsked(turn, index);
      return make("li", {}, button);
    });
    reply.append(make("ul", { className: "others", ariaLabel: "Other answers" }, ...list));
  }
  const acts = make("div", { className: "acts" });
  const act = (textContent, onclick, more) =>
    acts.append(make("button", { type: "button", className: "plain", textContent, onclick, ...more }));
  if (best.text) act("Show", () => pointAsked(turn, 0), { ariaLabel: "Show in the text" });
  act("Copy link", event => copyLink(turn, event.target));
  reply.append(acts);
}
// What would be shown as 0.00 or as less than 1 % is no alternative that anybody could use.
function isLikely(answer) { return answer.text !== "" && answer.score >= 0.005; }
// Whether the server left a question unanswered because no answer's score is high enough for it.
function isUnsure(turn) {
  return !turn.answers[0].text && turn.answers.length > 1 && !(turn.noAnswer > (state.threshold ?? 1));
}
function silence(turn) { return isUnsure(turn) ? "No answer is likely enough." : "The text does not say."; }
// What happens in passing, such as the mouse over an answer, must not close a text that somebody is writing.
function preview(turn, index, scroll) { if ($("draft").hidden) point(turn, index, scroll); }
function pointAsked(turn, index) { finishWriting(); point(turn, index, true); }
// Marks a turn's answers in their text, which may have to be brought back first.
async function point(turn, index, scroll) {
  const answer = turn.answers[index];
  const source = turn.source === "*" ? answer.document : turn.source;
  if (turn.source === "*" && !(scroll && index === 0 || state.source === source)) return;
  if (source == null) return;
  if (source !== state.source || source === "" && turn.text !== state.text) {
    if (source === "") setText(turn.text, "", false); else if (!await openDocument(source)) return;
  }
  const isHere = other => other === answer || isLikely(other) && (turn.source !== "*" || other.document === source);
  mark(turn.answers.map(other => isHere(other) ? other : { start: 0, end: 0 }), index, scroll);
}
async function ask(question) {
  if (!$("draft").hidden) finishWriting();
  if (state.source === "" && !state.text.trim()) { say("There is no text yet."); show(); $("draft").focus(); return; }
  const turn = { question, source: state.source, text: state.source === "" ? state.text : "" };
  $("welcome").hidden = true;
  $("turns").append(turnElement(turn));
  fill(turn);
  showLastTurn();
  state.turns.push(turn);
  if (state.asked.at(-1) !== question) state.asked.push(question);
  state.place = -1;
  memory.set("asked", JSON.stringify(state.asked.slice(-100)));
  const body = { question: whole(question), top_k: 4, offsets: "utf16" };
  try {
    let path = "/v1/answer";
    if (turn.source === "") body.context = turn.text;
    else if (turn.source !== "*") path = "/v1/documents/" + encodeURIComponent(turn.source) + "/answer";
    const found = await call("POST", path, body);
    turn.answers = found.answers;
    turn.noAnswer = found.no_answer_probability;
  } catch (error) { turn.error = error.message; }
  fill(turn);
  showLastTurn();
  if (turn.error) { say(turn.error); return; }
  const best = turn.answers[0];
  say(!best ? noWords : best.text ? "Answer: " + best.text + ", " + sureness(best.score) : silence(turn));
  if (state.source === turn.source && turn.source !== "*") preview(turn, 0, true);
}
function complain(error) {
  const turn = { question: "", error: error.message };
  $("turns").append(turnElement(turn));
  turn.element.firstChild.remove();
  fill(turn);
  showLastTurn();
  say(error.message);
}
async function copyLink(turn, button) {
  const parameters = new URLSearchParams({ q: turn.question });
  if (turn.source) parameters.set("d", turn.source);
  else if (turn.text.length <= 20000) parameters.set("t", turn.text);
  else { complain(new Error("This text is too long for a link. Store it, then copy the link.")); return; }
  const link = location.origin + location.pathname + "#" + parameters;
  try {
    await navigator.clipboard.writeText(link);
    button.textContent = "Copied";
  } catch {
    history.replaceState(null, "", link);
    button.textContent = "In the address bar";
  }
  say("Link copied");
  setTimeout(() => { button.textContent = "Copy link"; }, 2000);
}
