// Adds a copy button to each command, and beside each ID. Without JavaScript, the text is selected manually.
const status = document.createElement("div");
status.className = "for-ears";
status.setAttribute("role", "status");
document.body.append(status);

// The exact bytes of a secret value: the page shows invisible characters by name.
const exactly = (shown) => {
  const whole = shown.closest("[data-exactly]")?.dataset.exactly;
  if (whole === undefined) return shown.textContent;
  const bytes = Uint8Array.from(atob(whole), (character) => character.charCodeAt(0));
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
};
const nameOf = (shown) => {
  const name = shown.dataset.copy || "text";
  return name === "command" ? `command ${shown.textContent.trim().split(/\s+/, 4).join(" ")}` : name;
};
const copyButton = (shown, className) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = className;
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy ${nameOf(shown)}`);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(exactly(shown));
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(shown);
      button.textContent = "Selected";
    }
    status.textContent = `${button.textContent}: ${nameOf(shown)}`;
    setTimeout(() => { button.textContent = "Copy"; status.textContent = ""; }, 2000);
  });
  return button;
};
for (const command of document.querySelectorAll("pre.command")) {
  const frame = document.createElement("div");
  frame.className = "command-frame";
  command.replaceWith(frame);
  frame.append(command, copyButton(command, "copy"));
}
for (const shown of document.querySelectorAll("[data-copy]:not(pre)")) shown.after(copyButton(shown, "copy-id"));

// A printed page shows what is folded on the screen.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open], .more)")];
  for (const details of folded) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of folded) details.open = false;
});
