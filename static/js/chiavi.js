// Keys (passkeys): hide what this browser cannot do, and say when it did not work.
(function () {
  "use strict";
  document.addEventListener("DOMContentLoaded", function () {
    if (window.PublicKeyCredential) return;
    document.querySelectorAll("[data-chiave]").forEach(function (pezzo) {
      pezzo.hidden = true;
    });
  });
  document.addEventListener("allauth.error", function (evento) {
    // Mostly somebody who changed her mind: nothing for the console.
    evento.preventDefault();
    document.querySelectorAll("[data-chiave-errore]").forEach(function (avviso) {
      avviso.hidden = false;
    });
  });
})();
