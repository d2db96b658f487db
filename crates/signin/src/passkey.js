// Passkeys: what stands between a form of ours and the device. Without this script the forms stay hidden.
"use strict";
(() => {
  if (!window.PublicKeyCredential) return;

  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");

  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  async function create(options) {
    const publicKey = { ...options.publicKey };
    publicKey.challenge = bytes(publicKey.challenge);
    publicKey.user = { ...publicKey.user, id: bytes(publicKey.user.id) };
    publicKey.excludeCredentials = known(publicKey.excludeCredentials);
    const made = await navigator.credentials.create({ publicKey });
    return {
      id: made.id,
      rawId: text(made.rawId),
      type: made.type,
      response: {
        attestationObject: text(made.response.attestationObject),
        clientDataJSON: text(made.response.clientDataJSON),
        transports: made.response.getTransports ? made.response.getTransports() : undefined,
      },
      extensions: {},
    };
  }

  async function get(options) {
    const publicKey = { ...options.publicKey };
    publicKey.challenge = bytes(publicKey.challenge);
    publicKey.allowCredentials = known(publicKey.allowCredentials);
    const got = await navigator.credentials.get({ publicKey });
    return {
      id: got.id,
      rawId: text(got.rawId),
      type: got.type,
      response: {
        authenticatorData: text(got.response.authenticatorData),
        clientDataJSON: text(got.response.clientDataJSON),
        signature: text(got.response.signature),
        userHandle: got.response.userHandle ? text(got.response.userHandle) : undefined,
      },
      extensions: {},
    };
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    for (const near of document.querySelectorAll("[data-passkey-too]")) near.hidden = false;
    form.addEventListener("submit", async (event) => {
      if (form.elements.credential.value) return;
      event.preventDefault();
      const notice = form.querySelector("[role=alert]");
      notice.hidden = true;
      try {
        const answer = await fetch(form.dataset.options, { method: "POST", body: new URLSearchParams(new FormData(form)) });
        if (answer.status === 403) {
          // The sign-in is too long ago, or the form is out of date.
          window.location.assign(form.dataset.passkey === "create" ? "/signin?again=true&return_to=%2Faccount" : "/signin");
          return;
        }
        const said = await answer.json();
        if (!answer.ok) throw new Error(said.detail);
        const ask = form.dataset.passkey === "create" ? create : get;
        const credential = await ask(said.options);
        form.elements.ticket.value = said.ticket;
        form.elements.credential.value = JSON.stringify(credential);
        form.submit();
      } catch (error) {
        const canceled = error.name === "NotAllowedError" || error.name === "AbortError";
        notice.textContent = canceled
          ? "Nothing was done: the device was not unlocked, or has no passkey for this place."
          : error.message || "The device did not answer.";
        notice.hidden = false;
      }
    });
  }
})();
