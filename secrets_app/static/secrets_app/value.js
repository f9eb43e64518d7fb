// Removes the value after the time limit or when the page is left. Without JavaScript, the Refresh header navigates back.
const section = document.querySelector("[data-hides-in-s]");
if (section) {
  const hidesAt = Date.now() + 1000 * Number(section.dataset.hidesInS);
  const countdown = section.querySelector(".countdown");
  const hide = () => {
    clearInterval(ticking);
    delete section.dataset.exactly;
    section.querySelectorAll(".command-frame, pre, ul").forEach((shown) => shown.remove());
    section.querySelector(".button").textContent = "Back";
    countdown.setAttribute("role", "status");
    countdown.textContent = "The value is hidden.";
  };
  const tick = () => {
    const left = Math.ceil((hidesAt - Date.now()) / 1000);
    countdown.textContent = `Hidden in ${left} second${left === 1 ? "" : "s"}.`;
    if (left <= 0) hide();
  };
  const ticking = setInterval(tick, 1000);
  addEventListener("pagehide", hide);
}
