// Puts life into a panel that the server rendered: news, older messages, replies, reactions, other chats of the record.

import { Composer } from "./composer.js";
import { QUICK, arrowKeys, emojiButton } from "./emoji.js";
import { Stream } from "./stream.js";
import { Thread } from "./thread.js";

const GENTLE = 20000;

export class LiveChat {
  constructor(root, api) {
    this.root = root;
    this.api = api;
    this.start();
  }

  start() {
    this.stream?.close();
    clearInterval(this.polling);
    this.panel = this.root.querySelector(".panel");
    this.root.querySelectorAll("[data-again]").forEach((link) => this.leads(link, () => this.open({ anew: "1" })));
    if (!this.panel) return;
    this.chat = this.panel.dataset.chat;
    const thread = this.root.querySelector(".thread");
    this.thread = thread ? new Thread(thread) : null;
    const form = this.root.querySelector(".composer");
    this.composer = form ? new Composer(form, this.api, (answer) => this.sent(answer)) : null;
    this.root.querySelectorAll("[data-open-chat]").forEach((link) => this.leads(link, () => this.open({ chat: link.dataset.openChat })));
    this.root.querySelectorAll("[data-new-chat]").forEach((link) => this.leads(link, () => this.open({ new: "1" })));
    if (this.thread) this.prepareThread(thread);
    this.listen();
  }

  leads(link, action) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      action();
    });
  }

  async open(where) {
    try {
      this.root.innerHTML = await this.api.html("/live-chat/panel", where);
      this.start();
    } catch {
      this.say("notLive");
    }
  }

  say(word) {
    const state = this.root.querySelector(".state");
    if (state) state.textContent = word ? state.dataset[word] : "";
  }

  async sent(answer) {
    const chat = String(answer.chat || "");
    if (!this.thread || (chat && chat !== this.chat)) {
      const earlier = this.composer;
      const begun = earlier.leave();
      await this.open(chat ? { chat } : { anew: "1" });
      if (this.composer !== earlier) this.composer?.takeUp(begun);
      return;
    }
    if (answer.html) this.thread.merge(answer.html);
    this.thread.toEnd();
    this.dress();
  }

  listen() {
    this.stream = new Stream(this.api, this.chat, {
      live: () => {
        clearInterval(this.polling);
        this.polling = 0;
        this.say("");
      },
      news: (news) => this.news(news),
      missed: () => this.latest(),
      expired: () => this.say("expired"),
      interrupted: () => {
        this.say("notLive");
        this.polling ||= setInterval(() => document.hidden || this.latest(), GENTLE);
      },
    });
  }

  news({ chat, html }) {
    if (String(chat) === this.chat && html) this.show(html);
    else if (String(chat) === this.chat) this.latest();
    else this.root.querySelector(`[data-open-chat="${chat}"] .news`)?.removeAttribute("hidden");
  }

  async latest() {
    if (!this.thread) return;
    try {
      this.show(await this.api.html(`/live-chat/chats/${this.chat}/latest`));
    } catch {
      // The next news or the next look brings it.
    }
  }

  show(html) {
    const stay = this.thread.atEnd();
    const added = this.thread.merge(html);
    this.newest.hidden = stay || (!added && this.newest.hidden);
    this.dress();
  }

  prepareThread(thread) {
    this.newest = this.root.querySelector(".newest");
    this.leads(this.newest, () => {
      this.thread.toEnd();
      this.newest.hidden = true;
    });
    this.older = thread.querySelector("[data-older]");
    if (this.older) {
      this.leads(this.older, () => this.loadOlder());
      thread.addEventListener("scroll", () => thread.scrollTop < 40 && this.loadOlder(), { passive: true });
    }
    thread.addEventListener("scroll", () => this.thread.atEnd() && (this.newest.hidden = true), { passive: true });
    thread.addEventListener("click", (event) => this.act(event));
    thread.addEventListener("load", () => this.thread.stays && this.thread.toEnd(), true);
    this.thread.toEnd();
    this.dress();
  }

  dress() {
    this.root.querySelectorAll("[data-react]").forEach((button) => (button.hidden = false));
    if (!this.composer) return;
    this.root.querySelectorAll("[data-reply], [data-resend]").forEach((button) => (button.hidden = false));
  }

  async loadOlder() {
    if (this.loading || !this.older?.dataset.older) return;
    this.loading = true;
    try {
      const html = await this.api.html(`/live-chat/chats/${this.chat}/older`, { before: this.older.dataset.older });
      const next = this.thread.prepend(html, this.older.parentElement);
      this.older.dataset.older = next;
      this.older.hidden = !next;
      this.dress();
    } catch {
      this.say("notLive");
    } finally {
      this.loading = false;
    }
  }

  act(event) {
    const button = event.target.closest("button");
    const bubble = event.target.closest(".bubble");
    if (!button || !bubble) return;
    if ("reply" in button.dataset) this.composer.replyTo(bubble);
    if ("react" in button.dataset) this.reactions(button, bubble);
    if ("resend" in button.dataset) this.composer.resend(bubble.querySelector(".text").textContent);
  }

  reactions(button, bubble) {
    const open = bubble.querySelector(".quick");
    if (open) {
      open.remove();
      return;
    }
    const quick = document.createElement("div");
    quick.className = "quick";
    quick.setAttribute("role", "group");
    quick.setAttribute("aria-label", button.getAttribute("aria-label"));
    const label = this.root.querySelector('template[data-word="react-with"]')?.content.textContent || "{emoji}";
    QUICK.forEach((emoji) =>
      quick.append(
        emojiButton(emoji, label.replace("{emoji}", emoji), async () => {
          quick.remove();
          const form = new FormData();
          form.set("csrf_token", document.querySelector('meta[name="csrf-token"]')?.content || "");
          form.set("uid", bubble.dataset.uid);
          form.set("emoji", emoji);
          await this.api.posted(`/live-chat/chats/${this.chat}/reactions`, form).catch(() => this.say("notLive"));
          this.latest();
        }),
      ),
    );
    arrowKeys(quick);
    quick.addEventListener("keydown", (event) => event.key === "Escape" && (quick.remove(), button.focus()));
    bubble.append(quick);
    quick.querySelector("button").focus();
  }
}
