// Shows the page's parts as they change, keeps what is unfolded and typed, and remembers who is at this screen.

const board = document.querySelector("[data-live]");
const offline = document.getElementById("offline");
const WHO = "portico-who";

function fillName(within) {
  const who = localStorage.getItem(WHO) ?? "";
  for (const field of within.querySelectorAll("[data-who]")) if (!field.value) field.value = who;
}

async function unfold(details) {
  const place = details.querySelector(".evidence");
  if (!details.open || details.dataset.loaded) return;
  details.dataset.loaded = "yes";
  const answer = await fetch(details.dataset.src, { headers: { "X-Part": "evidence" } }).catch(() => null);
  if (answer?.ok) place.innerHTML = await answer.text();
}

function show(id, html) {
  const part = document.getElementById("part-" + id);
  if (!part) return;
  const open = new Map();
  for (const details of part.querySelectorAll("details[open]")) {
    open.set(details.id, details.querySelector(".evidence").innerHTML);
  }
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const typed = new Map([...part.querySelectorAll("input[id]")].map((field) => [field.id, field.value]));
  part.innerHTML = html;
  for (const [id, evidence] of open) {
    const details = document.getElementById(id);
    if (!details) continue;
    details.dataset.loaded = "yes";
    details.querySelector(".evidence").innerHTML = evidence;
    details.open = true;
  }
  for (const [id, value] of typed) {
    const field = document.getElementById(id);
    if (field) field.value = value;
  }
  if (focused?.id) document.getElementById(focused.id)?.focus();
  fillName(part);
}

function listen() {
  const events = new EventSource(board.dataset.live);
  for (const id of ["hand", "lanes", "readers", "stock", "passages", "receipts"]) {
    events.addEventListener(id, (event) => show(id, event.data));
  }
  events.onopen = () => (offline.hidden = true);
  events.onerror = () => {
    offline.hidden = false;
    // A browser gives up for good on some errors: begin anew.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  };
}

document.addEventListener("toggle", (event) => event.target.matches("details[data-src]") && unfold(event.target), true);

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-quiet]")) return;
  event.preventDefault();
  const button = event.submitter;
  const body = new URLSearchParams(new FormData(form, button));
  localStorage.setItem(WHO, body.get("by") ?? "");
  button.disabled = true;
  try {
    // A field named `action` hides the form's own property of that name.
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body, redirect: "manual" });
    if (answer.type !== "opaqueredirect") offline.hidden = answer.ok;
  } catch {
    offline.hidden = false;
  }
  setTimeout(() => (button.disabled = false), 1500);
});

fillName(document);
listen();
