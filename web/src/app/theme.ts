/** How Matinee looks: one violet, system letters, compact. */
import { createTheme, type MantineColorsTuple } from "@mantine/core";

const violet: MantineColorsTuple = [
  "#f3f0ff",
  "#e4ddfc",
  "#c8bbf5",
  "#ab97ef",
  "#9278ea",
  "#7f63e2",
  "#6a4fd8",
  "#5940bf",
  "#4c36a6",
  "#3e2b8c",
];

export const theme = createTheme({
  colors: { violet },
  primaryColor: "violet",
  primaryShade: { light: 6, dark: 6 },
  autoContrast: true,
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace",
  headings: { fontWeight: "650" },
});
