// Writing and sending. An attempt keeps its id until it is certain what became of it, so that nothing is sent twice.

import { Expired } from "./api.js";
import { arrowKeys, emojiPicker } from "./emoji.js";
import { TemplateList } from "./templates.js";

// A browser may wrap the same file anew each time it is asked for it.
const filed = (file) => (file ? [file.name, file.size, file.lastModified] : []);

export class Composer {
  constructor(form, api, onSent) {
    this.form = form;
    this.api = api;
    this.onSent = onSent;
    this.text = form.elements.text;
    this.file = form.elements.file;
    this.trouble = form.querySelector(".trouble");
    this.state = form.querySelector(".state");
    this.prepare();
  }

  word(name) {
    return this.form.querySelector(`template[data-word="${name}"]`).innerHTML.replaceAll("&amp;", "&");
  }

  prepare() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.text.addEventListener("input", () => this.grown());
    this.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    });
    this.file.addEventListener("change", () => this.attached());
    this.form.querySelector("[data-detach]").addEventListener("click", () => this.detach());
    this.form.querySelector("[data-no-reply]").addEventListener("click", () => this.replyTo(null));
    this.form.querySelectorAll("[data-toggle]").forEach((toggle) => this.choices(toggle));
    this.form.addEventListener("keydown", (event) => event.key === "Escape" && this.closeChoices(true));
    this.grown();
  }

  choices(toggle) {
    toggle.hidden = false;
    const region = this.form.querySelector(`[data-choices="${toggle.dataset.toggle}"]`);
    const open = async (event) => {
      event.preventDefault();
      const show = region.hidden;
      this.closeChoices(false);
      if (!show) return;
      await this.fill(toggle.dataset.toggle, region);
      region.hidden = false;
      toggle.setAttribute("aria-expanded", "true");
      this.opened = toggle;
      region.querySelector("button:not([hidden]), input")?.focus();
    };
    toggle.addEventListener("click", open);
    toggle.addEventListener("keydown", (event) => event.key === " " && open(event));
  }

  async fill(kind, region) {
    if (kind === "emoji" && !region.childElementCount) {
      const labels = {};
      this.form.querySelectorAll("template[data-emoji-group]").forEach((label) => {
        labels[label.dataset.emojiGroup] = label.content.textContent;
      });
      region.append(emojiPicker(labels, (emoji) => this.insert(emoji)));
      arrowKeys(region);
    }
    if (kind === "templates") {
      region.innerHTML = await this.api.html("/live-chat/templates");
      new TemplateList(region, (text) => this.begin(text));
    }
  }

  closeChoices(focus) {
    this.form.querySelectorAll("[data-choices]").forEach((region) => (region.hidden = true));
    this.form.querySelectorAll("[data-toggle]").forEach((toggle) => toggle.setAttribute("aria-expanded", "false"));
    if (focus) this.opened?.focus();
  }

  begin(text) {
    this.text.value = text;
    this.closeChoices(false);
    this.text.focus();
    this.grown();
  }

  insert(emoji) {
    this.text.setRangeText(emoji, this.text.selectionStart, this.text.selectionEnd, "end");
    this.grown();
  }

  grown() {
    this.text.rows = Math.min(6, Math.max(1, this.text.value.split("\n").length, Math.ceil(this.text.value.length / 45)));
    const count = this.form.querySelector(".count");
    const [length, most] = [[...this.text.value].length, Number(count.dataset.most)];
    count.hidden = length < most * 0.8;
    count.textContent = count.dataset.template.replace("{count}", length).replace("{most}", most);
  }

  attached() {
    const [file] = this.file.files;
    const line = this.form.querySelector(".attached");
    line.hidden = !file;
    if (file) line.querySelector("span").textContent = line.querySelector("span").dataset.template.replace("{name}", file.name);
    this.fresh();
  }

  detach() {
    this.file.value = "";
    this.attached();
    this.text.focus();
  }

  replyTo(bubble) {
    this.form.elements.reply_to.value = bubble ? bubble.dataset.uid : "";
    const line = this.form.querySelector(".replying");
    line.hidden = !bubble;
    if (!bubble) return;
    const said = bubble.querySelector(".text, .save")?.textContent.trim() || "";
    line.querySelector("span").textContent = line.querySelector("span").dataset.template.replace("{text}", said.slice(0, 80));
    this.text.focus();
  }

  // A message that failed goes out again as it was; what is being written meanwhile stays.
  resend(text) {
    if (this.busy) return;
    const form = new FormData(this.form);
    form.delete("file");
    form.set("text", text);
    form.set("reply_to", "");
    form.set("attempt", crypto.randomUUID());
    this.deliver(form);
  }

  // Whatever is changed is another message, and another attempt.
  fresh() {
    this.form.elements.attempt.value = crypto.randomUUID();
    this.unknown = null;
  }

  written() {
    const form = new FormData(this.form);
    if (!this.file.files.length) form.delete("file");
    return form;
  }

  send() {
    if (this.unknown !== null && this.unknown !== this.text.value) this.fresh();
    const form = this.written();
    if (!this.busy) this.deliver(form);
    else if (!this.same(form, this.leaving)) this.next = true;
  }

  same(one, other) {
    const parts = (form) => [form.get("text"), form.get("reply_to"), ...filed(form.get("file"))];
    return JSON.stringify(parts(one)) === JSON.stringify(parts(other));
  }

  async deliver(form) {
    if (this.busy) return;
    this.busy = true;
    this.next = false;
    this.leaving = form;
    this.showTrouble(null);
    this.state.textContent = this.state.dataset.sending;
    const progress = this.form.querySelector("progress");
    progress.hidden = !form.has("file");
    try {
      const path = new URL(this.form.action).pathname;
      this.answered(form, await this.api.posted(path, form, (part) => (progress.value = part * 100)));
    } catch (error) {
      this.state.textContent = "";
      this.next = false;
      if (error instanceof Expired) this.showTrouble({ title: this.state.dataset.expired, text: "" });
      else this.answered(form, { state: "unknown", title: this.state.dataset.notLive, text: "" });
    } finally {
      progress.hidden = true;
      this.busy = false;
      if (this.next) this.send();
    }
  }

  answered(form, answer) {
    if (answer.state === "sent") {
      this.clear(form);
      this.state.textContent = this.state.dataset.sent;
      this.text.focus();
      this.onSent(answer);
      return;
    }
    this.next = false;
    this.state.textContent = "";
    this.unknown = answer.state === "unknown" ? form.get("text") : null;
    this.showTrouble({ title: answer.title || answer.error || String(answer.status), text: answer.text || "" }, form, answer.state);
  }

  // What was written or attached while a message was leaving belongs to the next one.
  clear(form) {
    if (this.text.value === form.get("text")) this.text.value = "";
    if (String(filed(this.file.files[0])) === String(filed(form.get("file")))) this.file.value = "";
    if (this.form.elements.reply_to.value === form.get("reply_to")) this.replyTo(null);
    if (!this.next) this.closeChoices(false);
    this.attached();
    this.grown();
  }

  // A page of the chat that takes this one's place takes up what was begun here.
  leave() {
    const begun = { text: this.text.value, files: this.file.files, send: this.next };
    this.next = false;
    return begun;
  }

  takeUp({ text, files, send }) {
    this.file.files = files;
    if (files.length) this.attached();
    if (text) this.begin(text);
    if (send) this.send();
  }

  again(form, unknown) {
    if (unknown) form.set("again", "1");
    this.deliver(form);
  }

  showTrouble(said, form, state) {
    this.trouble.hidden = !said;
    this.trouble.replaceChildren();
    if (!said) return;
    const title = document.createElement("strong");
    title.textContent = `${said.title} `;
    const text = document.createElement("span");
    text.textContent = `${said.text} `;
    this.trouble.append(title, text);
    if (!state) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button quiet small";
    button.textContent = this.word(state === "unknown" ? "resend" : "again");
    button.addEventListener("click", () => this.again(form, state === "unknown"));
    this.trouble.append(button);
  }
}
