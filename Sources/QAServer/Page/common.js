"use strict";
// What all parts of the page use: the state, what a browser keeps, elements, calls to the server.
const $ = id => document.getElementById(id);
// `draft` is the person's own text; `text` is what is shown, which may have come with a link or belong to an earlier
// question.
const state = {
  text: "", draft: "", source: "", stores: true, calibrated: false, threshold: null, turns: [], asked: [], place: -1
};
const memory = {
  get(key) {
    const name = "bertqa." + key;
    try { return sessionStorage.getItem(name) || localStorage.getItem(name); } catch { return null; }
  },
  set(key, value, lasting) {
    // Where storage is full or forbidden, the page works without it.
    try { (lasting ? localStorage : sessionStorage).setItem("bertqa." + key, value); } catch { /* as above */ }
  },
};

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
function say(words) { $("say").textContent = words; }
// Only a calibrated model's score is the probability that an answer is right.
function sureness(score) {
  return state.calibrated
    ? percent(score) + " likely to be right"
    : "score " + score.toFixed(2) + ", not calibrated";
}
function brief(score) { return state.calibrated ? percent(score) : score.toFixed(2); }
function percent(score) { return score >= 0.995 ? "> 99 %" : score < 0.005 ? "< 1 %" : Math.round(100 * score) + " %"; }

// The API

class Refusal extends Error {
  constructor(status, error) { super(error.message); this.status = status; this.field = error.field; }
}
async function call(method, path, body) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const key = memory.get("key");
  if (key) headers.Authorization = "Bearer " + key;
  let response;
  try {
    response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Refusal(0, { message: "The server cannot be reached." });
  }
  if (response.status === 204) return null;
  const json = await response.json().catch(() => ({}));
  if (response.ok) return json;
  if (response.status === 401) { $("key").hidden = false; }
  throw new Refusal(response.status, json.error || { message: "The server answered " + response.status + "." });
}
// JSON cannot carry half a surrogate pair; the replacement is as long, so that offsets stay right.
const whole = text => text.toWellFormed ? text.toWellFormed() : text;
