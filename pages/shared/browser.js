// What Streamlit's own page leaves undone in the browser; each part is set up once a tab.
(() => {
  if (window.populaceReady) return;
  window.populaceReady = true;

  // Dialogs and menus lie outside the app, which alone knows whether it is light or dark; it has
  // another class after each switch.
  const app = document.querySelector(".stApp");
  const follow = () => {
    document.documentElement.style.colorScheme = getComputedStyle(app).colorScheme;
  };
  follow();
  new MutationObserver(follow).observe(app, { attributes: true, attributeFilter: ["class"] });

  // Esc closes a dialog also when nothing in it has the focus, as after a download.
  document.addEventListener("keydown", (event) => {
    const lost = document.activeElement === document.body || document.activeElement === null;
    if (event.key !== "Escape" || !lost) return;
    const dialog = [...document.querySelectorAll("[role=dialog]")].pop();
    const close = dialog?.querySelector("button[aria-label=Close]");
    if (!close) return;
    event.stopImmediatePropagation();
    close.click();
  }, true);

  // One action is one step back: Streamlit makes an entry of the history for each widget that
  // changes, so that "Forget all facts" would be undone fact by fact. What the app writes into the
  // address unasked, when it is opened or gone back to, is no step at all.
  const TOGETHER = 400; // milliseconds between entries of one action
  const push = history.pushState.bind(history);
  const replace = history.replaceState.bind(history);
  let last = -Infinity, action = 0, pushed = -1, unasked = true;
  for (const kind of ["pointerdown", "keydown"]) {
    window.addEventListener(kind, () => {
      action += 1;
      unasked = false;
    }, { capture: true, passive: true });
  }
  window.addEventListener("popstate", () => { unasked = true; });
  history.pushState = (state, title, url) => {
    const now = performance.now();
    const same = url != null && new URL(url, location.href).pathname === location.pathname;
    const together = same && (unasked || (pushed === action && now - last < TOGETHER));
    last = now;
    pushed = action;
    (together ? replace : push)(state, title, url);
  };
})();
