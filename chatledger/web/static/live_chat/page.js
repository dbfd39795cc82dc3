// The page at top level: the browser's own sign-in counts.

import { Api } from "./api.js";
import { LiveChat } from "./chat.js";

const root = document.getElementById("live-chat");
new LiveChat(root, new Api({ module: root.dataset.module, record: root.dataset.record }));
