// Cards can be dragged to another term with a mouse or a pen. It is an addition: the dialog does the same.

const threshold = 6; // pixels before a press is a drag

export function enableDrag(grid, plan) {
  let drag = null;

  const termAt = (x, y) => document.elementFromPoint(x, y)?.closest(".term");
  const mark = (term) => {
    if (drag.over === term) return;
    drag.over?.classList.remove("is-over");
    drag.over = term;
    term?.classList.add("is-over");
  };

  function end(e) {
    if (!drag) return;
    const { card, over, isMoving } = drag;
    mark(null);
    card.classList.remove("is-dragged");
    card.style.transform = "";
    drag = null;
    const to = over?.dataset.term;
    if (isMoving && e.type === "pointerup" && to && to !== card.dataset.from) plan.moveCourse(card.dataset.code, card.dataset.from, to);
  }

  grid.addEventListener("pointerdown", (e) => {
    const card = e.target.closest(".card");
    if (!card || e.button !== 0 || e.pointerType === "touch" || e.target.closest("button")) return;
    drag = { card, x: e.clientX, y: e.clientY, isMoving: false, over: null };
  });
  document.addEventListener("pointermove", (e) => {
    if (!drag) return;
    const dx = e.clientX - drag.x, dy = e.clientY - drag.y;
    if (!drag.isMoving && Math.hypot(dx, dy) < threshold) return;
    drag.isMoving = true;
    drag.card.classList.add("is-dragged");
    drag.card.style.transform = `translate(${dx}px, ${dy}px)`;
    mark(termAt(e.clientX, e.clientY) ?? null);
    e.preventDefault();
  });
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
  document.addEventListener("keydown", (e) => { if (e.key === "Escape" && drag) end(e); });
}
