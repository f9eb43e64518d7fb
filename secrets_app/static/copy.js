// Copies the exact bytes of a secret value: the page shows invisible characters by name.
const exactly = (command) => {
  const whole = command.closest("[data-exactly]")?.dataset.exactly;
  if (whole === undefined) return command.textContent;
  const bytes = Uint8Array.from(atob(whole), (character) => character.charCodeAt(0));
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
};
// Adds a copy button to each command. Without JavaScript, commands are selected manually.
for (const command of document.querySelectorAll("pre.command")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(exactly(command));
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(command);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  const frame = document.createElement("div");
  frame.className = "command-frame";
  command.replaceWith(frame);
  frame.append(command, button);
}
// A copy button beside each ID, named by what it copies.
for (const shown of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy-id";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy ${shown.dataset.copy}`);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(shown.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(shown);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  shown.after(button);
}
