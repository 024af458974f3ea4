/** The types that scripts are written against, as text for TypeScript's worker, where it looks for them. */
import testIndex from "../../node_modules/@playwright/test/index.d.ts?raw";
import test from "../../node_modules/playwright/types/test.d.ts?raw";
import protocol from "../../node_modules/playwright-core/types/protocol.d.ts?raw";
import structs from "../../node_modules/playwright-core/types/structs.d.ts?raw";
import core from "../../node_modules/playwright-core/types/types.d.ts?raw";
import node from "./node.txt?raw";

const FILES: Readonly<Record<string, string>> = {
  "@playwright/test/index.d.ts": testIndex,
  "playwright/test.d.ts": 'export * from "./types/test";\nexport { default } from "./types/test";\n',
  "playwright/types/test.d.ts": test,
  "playwright-core/index.d.ts": 'export * from "./types/types";\n',
  "playwright-core/types/types.d.ts": core,
  "playwright-core/types/structs.d.ts": structs,
  "playwright-core/types/protocol.d.ts": protocol,
  "@types/node/index.d.ts": node,
};

export const libraries = Object.entries(FILES).map(([path, content]) => ({
  content,
  filePath: `file:///node_modules/${path}`,
}));
