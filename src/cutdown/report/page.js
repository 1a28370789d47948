// Times and pieces of the picture move both players; without scripts the links lead to the same places.
(() => {
  const seek = (id, at) => {
    const media = document.getElementById(id);
    if (media && Number.isFinite(at)) media.currentTime = at;
    return media;
  };
  document.addEventListener("click", (event) => {
    const time = event.target.closest("a.time");
    if (time) {
      const media = seek(time.dataset.player, Number(time.dataset.at));
      if (!media) return;
      event.preventDefault();
      media.scrollIntoView({ block: "center" });
      media.play().catch(() => {});
      return;
    }
    const piece = event.target.closest("a.piece");
    if (!piece) return;
    seek("before", Number(piece.dataset.source));
    if (piece.dataset.result !== undefined) seek("after", Number(piece.dataset.result));
    if (event.detail > 0) event.preventDefault(); // the keyboard's Enter goes on to the table
  });
  const light = (event, on) => {
    const piece = event.target.closest && event.target.closest("a.piece");
    if (!piece) return;
    const name = CSS.escape(piece.hash.slice(1));
    document.querySelector(".ribbons [data-of='" + name + "']")?.classList.toggle("on", on);
  };
  for (const kind of ["mouseover", "focusin"]) document.addEventListener(kind, (event) => light(event, true));
  for (const kind of ["mouseout", "focusout"]) document.addEventListener(kind, (event) => light(event, false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.activeElement?.matches("a.piece")) document.activeElement.blur();
  });
})();
