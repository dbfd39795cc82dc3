// The part of Zoho's embedded app protocol that a widget needs: say that it is there, hear which record is open.
// Zoho adds its own origin to the address (serviceOrigin); messages count only from that origin and from our parent.

export function recordFromZoho(known) {
  const service = new URLSearchParams(window.location.search).get("serviceOrigin");
  if (!service || window.parent === window) return null;
  let origin;
  try {
    origin = new URL(service).origin;
  } catch {
    return null;
  }
  if (!known.includes(origin)) return null;
  return new Promise((resolve) => {
    window.addEventListener("message", (event) => {
      if (event.source !== window.parent || event.origin !== origin) return;
      const message = parsed(event.data);
      if (message?.type === "FRAMEWORK.EVENT" && message.eventName === "PageLoad") resolve(recordOf(message.data));
    });
    const register = { type: "SDK.EVENT", eventName: "REGISTER", appOrigin: encodeURIComponent(window.location.href) };
    window.parent.postMessage(register, origin);
  });
}

// A related list names one id, a button a list of them.
function recordOf(data) {
  const ids = [data?.EntityId].flat().filter((id) => id !== undefined && id !== null);
  const module = data?.Entity;
  return typeof module === "string" && ids.length === 1 ? { module, record: String(ids[0]) } : {};
}

function parsed(data) {
  if (typeof data !== "string") return data;
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}
