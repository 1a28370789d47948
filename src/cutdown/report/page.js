// Times and blocks of the picture move both players; without scripts the links open the files there.
(() => {
  const player = (id) => document.getElementById(id);
  const seek = (id, at) => {
    const media = player(id);
    if (media && Number.isFinite(at)) media.currentTime = at;
    return media;
  };
  document.addEventListener("click", (event) => {
    const time = event.target.closest("a.time");
    if (time) {
      const media = seek(time.dataset.player, Number(time.dataset.at));
      if (!media) return;
      event.preventDefault();
      media.scrollIntoView({ block: "center", behavior: "smooth" });
      media.play().catch(() => {});
      return;
    }
    const block = event.target.closest("g.act");
    if (block) {
      seek("before", Number(block.dataset.source));
      if (block.dataset.result !== undefined) seek("after", Number(block.dataset.result));
    }
  });
})();
