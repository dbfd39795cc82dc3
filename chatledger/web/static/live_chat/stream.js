// Server-sent events over fetch, because EventSource cannot carry a session token in a header.

import { Expired } from "./api.js";

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30000;
const FAILURES_BEFORE_POLLING = 3;
const HIDDEN_FOR = 60000;

export class Stream {
  constructor(api, chat, on) {
    this.api = api;
    this.chat = chat;
    this.on = on;
    this.failures = 0;
    this.closed = false;
    this.visibility = () => (document.hidden ? this.sleepSoon() : this.wake());
    document.addEventListener("visibilitychange", this.visibility);
    this.run();
  }

  close() {
    this.closed = true;
    clearTimeout(this.sleeping);
    document.removeEventListener("visibilitychange", this.visibility);
    this.abort?.abort();
  }

  // A page nobody looks at asks for nothing.
  sleepSoon() {
    this.sleeping = setTimeout(() => {
      this.asleep = true;
      this.abort?.abort();
    }, HIDDEN_FOR);
  }

  wake() {
    clearTimeout(this.sleeping);
    if (!this.asleep) return;
    this.asleep = false;
    this.on.missed();
    this.run();
  }

  async run() {
    while (!this.closed && !this.asleep) {
      try {
        await this.listen();
      } catch (error) {
        if (this.closed || this.asleep) return;
        if (error instanceof Expired) return this.on.expired();
        this.failures += 1;
      }
      if (this.failures) {
        if (this.failures >= FAILURES_BEFORE_POLLING) this.on.interrupted();
        await new Promise((done) => setTimeout(done, Math.min(FIRST_PAUSE * 2 ** this.failures, LONGEST_PAUSE)));
        if (!this.closed && !this.asleep) this.on.missed();
      }
    }
  }

  async listen() {
    this.abort = new AbortController();
    const answer = await this.api.fetched("/live-chat/events", { chat: this.chat }, { signal: this.abort.signal });
    if (!answer.ok) throw new Error(String(answer.status));
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let held = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) throw new Error("ended");
      held = (held + value).replaceAll("\r\n", "\n");
      const parts = held.split("\n\n");
      held = parts.pop();
      for (const part of parts) if (this.take(part) === "renew") return;
    }
  }

  take(part) {
    const fields = { event: "message", data: "" };
    part.split("\n").forEach((line) => {
      const [name, ...rest] = line.split(":");
      if (name in fields) fields[name] += name === "data" ? rest.join(":").trimStart() : "";
      if (name === "event") fields.event = rest.join(":").trim();
    });
    if (fields.event === "ready") {
      this.failures = 0;
      this.on.live();
    } else if (fields.event === "messages" || fields.event === "chat") {
      this.on.news(JSON.parse(fields.data));
    }
    return fields.event;
  }
}
