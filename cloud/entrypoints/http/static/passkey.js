// Passkeys: the one part of signing in that needs a script. Without it the forms work as they are.
"use strict";
(() => {
  const signIn = document.getElementById("passkey-in");
  const add = document.getElementById("passkey-add");
  const failed = document.getElementById("passkey-failed");
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  async function post(path, body) {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  // As PublicKeyCredential.toJSON() writes it, which older browsers lack.
  function plain(found) {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (found.response[name]) response[name] = text(found.response[name]);
    }
    const { id, type } = found;
    return { id, rawId: text(found.rawId), type, response, clientExtensionResults: {} };
  }

  function decoded(options) {
    const list = (rows) => rows?.map((row) => ({ ...row, id: bytes(row.id) }));
    const made = { ...options, challenge: bytes(options.challenge) };
    if (made.user) made.user = { ...made.user, id: bytes(made.user.id) };
    if (made.excludeCredentials) made.excludeCredentials = list(made.excludeCredentials);
    if (made.allowCredentials) made.allowCredentials = list(made.allowCredentials);
    return made;
  }

  async function run(button, work) {
    button.disabled = true;
    failed.hidden = true;
    try {
      await work();
      location.assign("/account");
    } catch {
      failed.hidden = false;
    } finally {
      button.disabled = false;
    }
  }

  if (signIn) {
    signIn.hidden = false;
    signIn.addEventListener("click", () => run(signIn, async () => {
      const { ticket, options } = await post("/api/v1/sign-in/passkey/options", {});
      const found = await navigator.credentials.get({ publicKey: decoded(options) });
      await post("/api/v1/sign-in/passkey", { ticket, credential: plain(found) });
    }));
  }
  if (add) {
    add.hidden = false;
    const proof = document.getElementById("passkey-proof");
    if (proof) proof.hidden = false;
    add.addEventListener("click", () => run(add, async () => {
      const { ticket, options } = await post("/api/v1/passkeys/options", {});
      const made = await navigator.credentials.create({ publicKey: decoded(options) });
      const password = document.getElementById("passkey-password")?.value ?? "";
      await post("/api/v1/passkeys", { ticket, credential: plain(made), name: "passkey", password });
    }));
  }
})();
