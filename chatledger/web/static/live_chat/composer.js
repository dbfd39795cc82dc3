// Writing and sending. An attempt keeps its id until it is certain what became of it, so that nothing is sent twice.

import { Expired } from "./api.js";
import { arrowKeys, emojiPicker } from "./emoji.js";
import { TemplateList } from "./templates.js";

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
      new TemplateList(region, (text) => {
        this.text.value = text;
        this.closeChoices(false);
        this.text.focus();
        this.grown();
      });
    }
  }

  closeChoices(focus) {
    this.form.querySelectorAll("[data-choices]").forEach((region) => (region.hidden = true));
    this.form.querySelectorAll("[data-toggle]").forEach((toggle) => toggle.setAttribute("aria-expanded", "false"));
    if (focus) this.opened?.focus();
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

  resend(text) {
    this.text.value = text;
    this.grown();
    this.send();
  }

  // Whatever is changed is another message, and another attempt.
  fresh() {
    this.form.elements.attempt.value = crypto.randomUUID();
    this.unknown = null;
  }

  async send(again = false) {
    if (this.busy) return;
    this.busy = true;
    if (!again && this.unknown !== null && this.unknown !== this.text.value) this.fresh();
    const form = new FormData(this.form);
    if (again) form.set("again", "1");
    if (!this.file.files.length) form.delete("file");
    this.showTrouble(null);
    this.state.textContent = this.state.dataset.sending;
    const progress = this.form.querySelector("progress");
    progress.hidden = !this.file.files.length;
    try {
      const path = new URL(this.form.action).pathname;
      this.answered(await this.api.posted(path, form, (part) => (progress.value = part * 100)));
    } catch (error) {
      this.state.textContent = "";
      if (error instanceof Expired) this.showTrouble({ title: this.state.dataset.expired, text: "" });
      else this.answered({ state: "unknown", title: this.state.dataset.notLive, text: "" });
    } finally {
      progress.hidden = true;
      this.busy = false;
    }
  }

  answered(answer) {
    if (answer.state === "sent") {
      this.form.reset();
      this.closeChoices(false);
      this.fresh();
      this.replyTo(null);
      this.attached();
      this.grown();
      this.state.textContent = this.state.dataset.sent;
      this.text.focus();
      this.onSent(answer);
      return;
    }
    this.state.textContent = "";
    this.unknown = answer.state === "unknown" ? this.text.value : null;
    this.showTrouble({ title: answer.title || answer.error || String(answer.status), text: answer.text || "" }, answer.state);
  }

  showTrouble(said, state) {
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
    button.addEventListener("click", () => this.send(state === "unknown"));
    this.trouble.append(button);
  }
}
