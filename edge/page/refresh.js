// A new page every three seconds, but not while somebody reads what is unfolded.
setInterval(() => {
  if (!document.querySelector("details[open]")) location.reload();
}, 3000);
