// A streamed page is titled before the answer is known. Runs when the page is complete.
const answer = document.querySelector("[data-title]");
if (answer) document.title = `${answer.dataset.title} · Principal Used`;
