(() => {
  "use strict";
  const sheets = [...document.querySelectorAll(".sheet")], black = document.getElementById("black");
  let at = Math.min(sheets.length, Math.max(1, Number(location.hash.slice(1)) || 1)) - 1;
  const show = (to) => {
    at = Math.min(sheets.length - 1, Math.max(0, to));
    sheets.forEach((sheet, number) => { sheet.hidden = number !== at; });
    document.getElementById("at").textContent = `${at + 1} of ${sheets.length}`;
    try { history.replaceState(null, "", `#${at + 1}`); } catch { /* some file pages may not */ }
  };
  const full = () => document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen?.();
  const keys = {
    ArrowRight: () => show(at + 1), PageDown: () => show(at + 1), " ": () => show(at + 1),
    ArrowLeft: () => show(at - 1), PageUp: () => show(at - 1),
    Home: () => show(0), End: () => show(sheets.length - 1),
    b: () => { black.hidden = !black.hidden; }, f: full,
    n: () => document.body.classList.toggle("with-notes"),
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act) { event.preventDefault(); act(); }
  });
  document.getElementById("back").onclick = () => show(at - 1);
  document.getElementById("next").onclick = () => show(at + 1);
  black.onclick = () => { black.hidden = true; };
  const kiosk = Number(new URLSearchParams(location.search).get("kiosk"));
  if (kiosk > 0) setInterval(() => show((at + 1) % sheets.length), Math.max(2, kiosk) * 1000);
  show(at);
})();
