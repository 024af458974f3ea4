/** Colours and cursor movements that programs print for terminals. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const SEQUENCE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** Give a text without them. */
export function plain(text: string): string {
  return text.includes("\u001b") ? text.replace(SEQUENCE, "") : text;
}
