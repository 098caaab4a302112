const box = document.getElementById("question");
const said = document.getElementById("said");
const buttons = [...box.querySelectorAll("button")];

async function answer(choice) {
  buttons.forEach((button) => (button.disabled = true));
  said.textContent = "One moment …";
  const body = { ...JSON.parse(box.dataset.body), choice };
  const headers = {
    accept: "application/json",
    "content-type": "application/json",
    "x-countersign-user": box.dataset.mark,
  };
  try {
    const reply = await fetch(location.pathname, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    const told = await reply.json();
    if (told.location) {
      location.assign(told.location);
      return;
    }
    said.textContent = told.message ?? told.detail;
  } catch {
    said.textContent = "The answer was lost. Reload this page to see whether it counted.";
  }
}

buttons.forEach((button) => button.addEventListener("click", () => answer(button.value)));
