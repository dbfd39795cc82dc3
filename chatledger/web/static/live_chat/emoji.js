// A small list for everyday use; every other emoji can be typed with the keyboard of the device.

const GROUPS = {
  faces: "😀 😃 😄 😁 😅 😂 🤣 🙂 😉 😊 😇 🥰 😍 😘 😋 😎 🤩 🥳 🤔 🤗 😐 😴 😌 😔 😢 😭 😮 😳 😱 😤 😬 🙄",
  gestures: "👍 👎 👌 ✌️ 🤞 🤝 👏 🙌 🙏 💪 👋 ✋ 🖐️ 👆 👇 👉 👈 🫶 🤷 🙋 💁 🧑‍💻 👀 🗣️",
  hearts: "❤️ 🧡 💛 💚 💙 💜 🤍 💕 💯 ✨ ⭐ 🌟 🎉 🎊 🎁 🎂 🏆 🥇 🔥 🚀",
  things: "📌 📍 📎 📄 📑 📊 📈 📉 📅 ⏰ ⌛ ☎️ 📞 📱 💻 🖨️ ✉️ 📦 🚚 🏢 🏠 💼 💰 💳 🧾 🔑 🔒 🔧 🛒 📷 🎥 🎤",
  nature: "🌞 🌙 ☁️ 🌧️ 🌈 🌱 🌳 🌸 🌹 🐶 🐱 ☕ 🍵 🍎 🍌 🥑 🍞 🧀 🍕 🍔 🌮 🍰 🍫 🍷",
  signs: "✅ ❌ ❗ ❓ ⚠️ ➕ ➖ ➡️ ⬅️ ⬆️ ⬇️ 🔁 🔔 🆗 🆕 🔴 🟡 🟢 🔵 ⚪",
};

export const QUICK = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

export function emojiPicker(labels, choose) {
  const picker = document.createDocumentFragment();
  Object.entries(GROUPS).forEach(([key, listed]) => {
    const heading = document.createElement("h3");
    heading.textContent = labels[key] || key;
    const list = document.createElement("div");
    list.className = "emoji-list";
    list.setAttribute("role", "group");
    list.setAttribute("aria-label", heading.textContent);
    listed.split(" ").forEach((emoji) => list.append(emojiButton(emoji, emoji, choose)));
    picker.append(heading, list);
  });
  return picker;
}

export function emojiButton(emoji, label, choose) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "emoji-button";
  button.textContent = emoji;
  button.setAttribute("aria-label", label);
  button.addEventListener("click", () => choose(emoji));
  return button;
}

// Arrow keys move within a list of emoji, so that the keyboard does not have to pass every one of them.
export function arrowKeys(container) {
  container.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 8, ArrowUp: -8 }[event.key];
    const buttons = [...container.querySelectorAll(".emoji-button")];
    const at = buttons.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    buttons[Math.max(0, Math.min(buttons.length - 1, at + step))].focus();
  });
}
