// Requests to our own pages: with the browser's cookie on a page of its own, with a session token inside Zoho's frame.

export class Expired extends Error {}

export class Api {
  constructor({ module, record, token = null, renew = null }) {
    this.module = module;
    this.record = record;
    this.token = token;
    this.renew = renew;
  }

  address(path, more = {}) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
    const lang = document.documentElement.lang;
    return `${path}?${new URLSearchParams({ module: this.module, record: this.record, zone, lang, ...more })}`;
  }

  headers() {
    const csrf = document.querySelector('meta[name="csrf-token"]');
    return {
      Accept: "application/json",
      ...(this.token ? { Authorization: `Bearer ${this.token}` } : {}),
      ...(csrf && !this.token ? { "X-CSRF-Token": csrf.content } : {}),
    };
  }

  async fetched(path, more = {}, options = {}) {
    const ask = () => fetch(this.address(path, more), { ...options, headers: this.headers(), credentials: "same-origin" });
    let answer = await ask();
    if (answer.status === 401 && this.renew) {
      this.token = await this.renew();
      answer = await ask();
    }
    if (answer.status === 401) throw new Expired();
    return answer;
  }

  async html(path, more = {}) {
    const answer = await this.fetched(path, more);
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.text();
  }

  // XMLHttpRequest, because fetch does not tell how much of a file has left.
  async posted(path, form, onProgress = () => {}) {
    const once = () =>
      new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        request.open("POST", this.address(path));
        Object.entries(this.headers()).forEach(([name, value]) => request.setRequestHeader(name, value));
        request.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event.loaded / event.total));
        request.addEventListener("load", () => resolve(request));
        request.addEventListener("error", () => reject(new Error("network")));
        request.addEventListener("timeout", () => reject(new Error("network")));
        request.send(form);
      });
    let request = await once();
    if (request.status === 401 && this.renew) {
      this.token = await this.renew();
      request = await once();
    }
    if (request.status === 401) throw new Expired();
    try {
      return { status: request.status, ...JSON.parse(request.responseText) };
    } catch {
      return { status: request.status };
    }
  }
}
