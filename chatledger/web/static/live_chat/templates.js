// Templates: chosen, their variables filled in, seen as a whole, and only then put into the message.

export class TemplateList {
  constructor(region, use) {
    region.querySelectorAll(".template").forEach((template) => this.prepare(template, use));
  }

  prepare(template, use) {
    const choose = template.querySelector("[data-choose]");
    const filling = template.querySelector(".filling");
    const preview = template.querySelector(".preview");
    const filled = () => {
      let text = template.dataset.source;
      filling.querySelectorAll("[data-variable]").forEach((input) => {
        const name = input.dataset.variable.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
        text = text.replace(new RegExp(`\\{\\{\\s*${name}\\s*\\}\\}`, "g"), (written) => input.value.trim() || written);
      });
      preview.textContent = text;
      filling.querySelectorAll("[data-variable]").forEach((input) => {
        input.setAttribute("aria-invalid", input.value.trim() ? "false" : "true");
      });
      return text;
    };
    choose.hidden = false;
    choose.addEventListener("click", () => {
      filling.hidden = !filling.hidden;
      choose.setAttribute("aria-expanded", String(!filling.hidden));
      filled();
      (filling.querySelector('[aria-invalid="true"]') || filling.querySelector("[data-use]")).focus();
    });
    filling.addEventListener("input", filled);
    filling.querySelector("[data-use]").addEventListener("click", () => use(filled()));
    filling.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
      event.preventDefault();
      use(filled());
    });
  }
}
