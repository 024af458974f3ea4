/** What the API says is wrong with an expression: where it stands, and the expression with its suggestion taken. */
import type { Fault } from "../../api/problem";

/** Split `text` around the part that is at fault: to the next blank, comma or closing bracket. */
export function around(text: string, fault: Pick<Fault, "position">): readonly [string, string, string] {
  if (!fault.position || fault.position > text.length) {
    return [text, "", ""];
  }
  const start = fault.position - 1;
  const part = /^[^\s,)]+/.exec(text.slice(start))?.[0] ?? text.charAt(start);
  return [text.slice(0, start), part, text.slice(start + part.length)];
}

/** Give the expression with the suggestion in the place of what is wrong. */
export function mended(text: string, fault: Pick<Fault, "position" | "suggestion">): string | undefined {
  const { suggestion } = fault;
  if (!suggestion) {
    return undefined;
  }
  // A call, or a macro, is an expression by itself.
  if (/^(\w+\(|@)/.test(suggestion)) {
    return suggestion;
  }
  const [before, part, after] = around(text, fault);
  if (!part) {
    return undefined;
  }
  return before + suggestion + after;
}
