/** Which language the editor should take a script for; what it runs as, the API finds out by parsing it. */
import type { Language } from "../api/types";

/** Give JavaScript for CommonJS, whose looseness TypeScript would call errors. */
export function languageOf(script: string): Language {
  const commonJs = /^[^/\n]*\brequire\(/m.test(script) && !/^\s*import\s/m.test(script);
  return commonJs ? "javascript" : "typescript";
}
