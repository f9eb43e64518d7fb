// The value of a secret to the byte: what is on the page names what cannot be seen.
const exactly = (command) => {
  const whole = command.closest("[data-exactly]")?.dataset.exactly;
  if (whole === undefined) return command.textContent;
  const bytes = Uint8Array.from(atob(whole), (character) => character.charCodeAt(0));
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
};
// A button beside each command that copies it. Without this script the commands are selected by hand.
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
