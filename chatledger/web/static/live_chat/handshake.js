// Hands the one-time code to the page of ours that opened this window; no other origin can receive it.

const card = document.getElementById("handshake");
if (window.opener) {
  window.opener.postMessage({ type: "chatledger.code", code: card.dataset.code }, window.location.origin);
  setTimeout(() => window.close(), 400);
} else {
  card.querySelector('[data-when="handed"]').hidden = true;
  card.querySelector('[data-when="lost"]').hidden = false;
}
