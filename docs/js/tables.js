// Wide tables scroll by themselves: let the keyboard reach them, and a screen reader name them.
document.addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll(".md-typeset__scrollwrap")) {
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    const heads = [...box.querySelectorAll("th")].slice(0, 3).map((cell) => cell.textContent.trim());
    box.setAttribute("aria-label", "Table: " + heads.join(", "));
  }
});
