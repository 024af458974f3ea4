/** Monaco, set up once: the editor with all its features, TypeScript and JavaScript, their workers. Load it lazily. */

// All features: the TypeScript language imports them anyhow (monaco's internal/common/workers.js), only later.
import "monaco-editor/features/register.all";
import "monaco-editor/languages/definitions/javascript/register";
import "monaco-editor/languages/definitions/typescript/register";
import * as monaco from "monaco-editor/editor";
import editorWorker from "monaco-editor/editor/editor.worker?worker&url";
import {
  javascriptDefaults,
  ModuleKind,
  ModuleResolutionKind,
  ScriptTarget,
  typescriptDefaults,
} from "monaco-editor/languages/features/typescript/register";
import typescriptWorker from "monaco-editor/languages/features/typescript/ts.worker?worker&url";
import { patiently } from "./patiently";
import { define } from "./themes";

self.MonacoEnvironment = {
  getWorker: async (_id, label) => {
    const address = label === "typescript" || label === "javascript" ? typescriptWorker : editorWorker;
    if (import.meta.env.DEV) {
      return new Worker(address, { type: "module" });
    }
    // A worker whose script does not come is broken for as long as the page lives, so it is not left to ask for it.
    const script = await patiently(async () => (await fetch(address)).text());
    return new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  },
};

/** Every file is a module, whatever is in it: so `await` may stand at its top, and two scripts share no names. */
const FORCED = 3;
/** Offers to rewrite CommonJS, or to add types to it: Playwright takes it as it is. */
const NO_NEED = [7044, 7045, 7047, 80001, 80002, 80005];

for (const defaults of [typescriptDefaults, javascriptDefaults]) {
  defaults.setCompilerOptions({
    allowJs: defaults === javascriptDefaults, // what has no ending is JavaScript then, and else TypeScript
    allowNonTsExtensions: true,
    allowSyntheticDefaultImports: true,
    esModuleInterop: true,
    module: ModuleKind.ESNext,
    moduleDetection: FORCED,
    moduleResolution: ModuleResolutionKind.NodeJs,
    noEmit: true,
    resolveJsonModule: true,
    skipLibCheck: true,
    strict: false,
    target: ScriptTarget.ESNext,
  });
  defaults.setDiagnosticsOptions({ diagnosticCodesToIgnore: NO_NEED });
}

// The types are longer than the editor is: it need not wait for them.
void patiently(() => import("./libraries")).then(({ libraries }) => {
  typescriptDefaults.setExtraLibs(libraries);
  javascriptDefaults.setExtraLibs(libraries);
});

define(monaco.editor);

export { monaco };
