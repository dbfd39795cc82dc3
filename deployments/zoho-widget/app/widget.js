// Hosted by Zoho: hears from Zoho's SDK which record is open and shows our page for it. Who may see the record is not decided here.
const chat = document.getElementById("chat");
const waiting = document.getElementById("waiting");

ZOHO.embeddedApp.on("PageLoad", (data) => {
  const ids = [data && data.EntityId].flat().filter(Boolean);
  if (!data || !data.Entity || ids.length !== 1) {
    waiting.textContent = "Open a single record. · Abra un solo registro. · Abra um único registro.";
    return;
  }
  const query = new URLSearchParams({ module: data.Entity, record: String(ids[0]) });
  chat.src = `${chat.dataset.address}?${query}`;
  chat.hidden = false;
  waiting.hidden = true;
});
ZOHO.embeddedApp.init().then(() => ZOHO.CRM.UI.Resize({ height: "640", width: "480" }).catch(() => {}));
