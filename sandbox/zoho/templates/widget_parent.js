// What Zoho's page does for a widget in its frame: it answers the widget's REGISTER with a context and the open record.
const frame = document.getElementById("widget");
window.addEventListener("message", (event) => {
  const message = event.data;
  if (event.source !== frame.contentWindow || message?.type !== "SDK.EVENT") return;
  const say = (eventName, data, more = {}) =>
    event.source.postMessage({ type: "FRAMEWORK.EVENT", eventName, data, ...more }, event.origin);
  if (message.eventName === "REGISTER") {
    say("SET_CONTEXT", { uniqueID: "widget-1", model: {}, locale: "en", localeResource: {}, connectors: [] });
    const ids = (frame.dataset.record || "").split(",");
    const entity = { Entity: frame.dataset.module, EntityId: ids.length > 1 ? ids : ids[0] };
    say("PageLoad", frame.dataset.record ? entity : {});
  } else if (message.promiseid) {
    say("EVENT_RESPONSE_FAILURE", { code: "NOT_SUPPORTED" }, { promiseid: message.promiseid });
  }
});
