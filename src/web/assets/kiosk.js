// Shows the lane's view as it changes, and sends what a shopper says without loading the page anew.

const view = document.getElementById("view");
const offline = document.getElementById("offline");

function listen() {
  const events = new EventSource(view.dataset.live);
  events.addEventListener("view", (event) => {
    offline.hidden = true;
    const focused = document.activeElement?.id;
    view.innerHTML = event.data;
    if (focused) document.getElementById(focused)?.focus();
  });
  events.onopen = () => (offline.hidden = true);
  events.onerror = () => {
    offline.hidden = false;
    // A browser gives up for good on some errors: begin anew.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  };
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-quiet]")) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, event.submitter));
  event.submitter.disabled = true;
  try {
    await fetch(form.getAttribute("action"), { method: "POST", body, redirect: "manual" });
  } catch {
    offline.hidden = false;
  }
  setTimeout(() => (event.submitter.disabled = false), 1500);
});

listen();
