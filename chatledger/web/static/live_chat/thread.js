// The messages on the page: news are merged in place, older ones are put before, and the reader is not moved.

const NEAR_END = 120;

export class Thread {
  constructor(element) {
    this.element = element;
    // Whoever reads the newest message goes on doing so while lists open below or pictures arrive.
    this.stays = true;
    element.addEventListener("scroll", () => (this.stays = this.atEnd()), { passive: true });
    new ResizeObserver(() => this.stays && this.toEnd()).observe(element);
  }

  atEnd() {
    return this.element.scrollHeight - this.element.scrollTop - this.element.clientHeight < NEAR_END;
  }

  toEnd() {
    this.element.scrollTop = this.element.scrollHeight;
  }

  // Returns how many messages were new.
  merge(html) {
    const stay = this.atEnd();
    const part = document.createRange().createContextualFragment(html);
    let added = 0;
    part.querySelectorAll(".bubble").forEach((bubble) => {
      const known = this.element.querySelector(`[data-uid="${CSS.escape(bubble.dataset.uid)}"]`);
      if (!known) {
        this.dayOf(bubble.closest(".day")).append(bubble);
        added += 1;
      } else if (known.dataset.mark !== bubble.dataset.mark) {
        known.replaceWith(bubble);
      }
    });
    if (added && stay) this.toEnd();
    return added;
  }

  dayOf(given) {
    const days = [...this.element.querySelectorAll(".day")];
    const known = days.find((day) => day.dataset.day === given.dataset.day);
    if (known) return known.querySelector(".bubbles");
    const day = given.cloneNode(true);
    day.querySelector(".bubbles").replaceChildren();
    const later = days.find((other) => other.dataset.day > given.dataset.day);
    if (later) later.before(day);
    else this.element.append(day);
    return day.querySelector(".bubbles");
  }

  prepend(html, after) {
    const part = document.createRange().createContextualFragment(html);
    const before = this.element.scrollHeight - this.element.scrollTop;
    const next = part.querySelector("[data-next-older]")?.dataset.nextOlder || "";
    part.querySelectorAll(".bubble").forEach((bubble) => {
      if (this.element.querySelector(`[data-uid="${CSS.escape(bubble.dataset.uid)}"]`)) bubble.remove();
    });
    [...part.querySelectorAll(".day")].reverse().forEach((day) => {
      const known = this.element.querySelector(`.day[data-day="${day.dataset.day}"]`);
      if (known) known.querySelector(".bubbles").prepend(...day.querySelectorAll(".bubble"));
      else if (day.querySelector(".bubble")) after.after(day);
    });
    this.element.scrollTop = this.element.scrollHeight - before;
    return next;
  }
}
