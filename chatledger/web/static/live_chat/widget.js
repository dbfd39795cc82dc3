// Inside Zoho's frame: which record, who sits there, then the chat itself.

import { Api } from "./api.js";
import { LiveChat } from "./chat.js";
import { recordFromZoho } from "./zoho.js";

const page = document.getElementById("widget");
const root = document.getElementById("live-chat");

function step(name) {
  page.querySelectorAll("[data-step]").forEach((part) => (part.hidden = part.dataset.step !== name));
}

async function sessionFor(record, given = {}) {
  const answer = await fetch(`/live-chat/session?${new URLSearchParams(record)}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(given),
    credentials: "same-origin",
  });
  if (answer.status === 401) return null;
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()).token;
}

async function signedIn(record) {
  const secret = [...crypto.getRandomValues(new Uint8Array(32))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret));
  const challenge = [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  step("sign-in");
  const button = page.querySelector("[data-sign-in]");
  return new Promise((resolve) => {
    const address = `/live-chat/handshake?${new URLSearchParams({ ...record, challenge })}`;
    button.onclick = () => window.open(address, "chatledger-sign-in", "popup,width=480,height=640");
    window.onmessage = async (event) => {
      if (event.origin !== window.location.origin || event.data?.type !== "chatledger.code") return;
      const token = await sessionFor(record, { code: event.data.code, secret }).catch(() => null);
      if (token) resolve(token);
      else resolve(signedIn(record));
    };
  });
}

async function start() {
  const query = new URLSearchParams(window.location.search);
  const named = { module: query.get("module"), record: query.get("record") };
  const asked = named.module && named.record ? Promise.resolve(named) : recordFromZoho(page.dataset.origins.split(" "));
  if (!asked) return step("outside");
  const record = await asked;
  if (!record.module) return step("no-record");
  const token = (await sessionFor(record)) || (await signedIn(record));
  const api = new Api({ ...record, token, renew: async () => (await sessionFor(record)) || signedInAgain() });
  // A session that ended while the page was open begins anew with its first step.
  const signedInAgain = () => {
    window.location.reload();
    return new Promise(() => {});
  };
  root.innerHTML = await api.html("/live-chat/panel");
  page.hidden = true;
  root.hidden = false;
  new LiveChat(root, api);
}

start().catch(() => step("failed"));
