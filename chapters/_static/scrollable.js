// A formula too long for the window scrolls in its own box: let the keyboard reach that box.
// (The theme does the same for code.)
(() => {
  const update = () => {
    for (const box of document.querySelectorAll(".katex-display")) {
      if (box.scrollWidth > box.clientWidth) {
        box.tabIndex = 0;
      } else {
        box.removeAttribute("tabindex");
      }
    }
  };
  window.addEventListener("load", update);
  window.addEventListener("resize", update);
})();
