/** Monaco's two schemes on Mantine's grounds; the colours that are changed were below 4.5 : 1 on them. */
import type { editor } from "monaco-editor/editor";

export const LIGHT = "matinee-light";
export const DARK = "matinee-dark";

export function define(monaco: typeof editor): void {
  monaco.defineTheme(LIGHT, {
    base: "vs",
    inherit: true,
    rules: [{ token: "comment", foreground: "4d6b4d" }],
    colors: { "editor.background": "#ffffff", "editorLineNumber.foreground": "#5c6370" },
  });
  monaco.defineTheme(DARK, {
    base: "vs-dark",
    inherit: true,
    rules: [{ token: "comment", foreground: "8fb573" }],
    colors: { "editor.background": "#1f1f1f", "editorLineNumber.foreground": "#a6adb8" },
  });
}
