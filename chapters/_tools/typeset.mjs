// Typeset formulas with KaTeX: one JSON request a line on stdin, one JSON answer a line on stdout.
import { createInterface } from "node:readline";
import katex from "katex";

// KaTeX repeats the TeX source inside the MathML; search results would show it.
const SOURCE = /<annotation encoding="application\/x-tex">[^<]*<\/annotation>/g;

createInterface({ input: process.stdin }).on("line", (line) => {
  const { tex, display } = JSON.parse(line);
  let answer;
  try {
    const options = { displayMode: display, throwOnError: true, strict: "error" };
    answer = { html: katex.renderToString(tex, options).replace(SOURCE, "") };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
});
