/** Monaco in React. Only `editor.tsx` imports it, lazily. */
import { useComputedColorScheme } from "@mantine/core";
import type { editor as monacoEditor } from "monaco-editor/editor";
import { useEffect, useEffectEvent, useRef } from "react";
import { flushSync } from "react-dom";
import type { EditorProps } from "./editor";
import classes from "./editor.module.css";
import type { Mark } from "./marks";
import { monaco } from "./monaco";
import { DARK, LIGHT } from "./themes";

const OWNER = "matinee";
const NONE: readonly Mark[] = [];
let made = 0;

export default function Code(props: Omit<EditorProps, "className">) {
  const { label, value, language = "typescript", marks = NONE, readOnly = false } = props;
  const place = useRef<HTMLDivElement>(null);
  const editor = useRef<monacoEditor.IStandaloneCodeEditor>(null);
  // What was typed and told, and has not come back as `value` yet: people type faster than React renders.
  const echoes = useRef<string[]>([]);
  const theme = useComputedColorScheme("light") === "dark" ? DARK : LIGHT;

  const changed = useEffectEvent((text: string) => {
    echoes.current.push(text);
    props.onChange?.(text);
  });
  // The key may come before what was typed has been rendered; what runs, or is saved, is what one sees.
  const catchUp = useEffectEvent((text: string) => flushSync(() => props.onChange?.(text)));
  const run = useEffectEvent(() => props.onRun?.());
  const save = useEffectEvent(() => props.onSave?.());
  const begin = useEffectEvent((node: HTMLElement) => {
    made += 1;
    // Without an ending, so that the language may change under the reader's hands.
    const model = monaco.editor.createModel(value, language, monaco.Uri.parse(`file:///script-${made}`));
    model.setEOL(monaco.editor.EndOfLineSequence.LF);
    return monaco.editor.create(node, {
      ...OPTIONS,
      model,
      theme,
      readOnly,
      domReadOnly: readOnly,
      ariaLabel: spoken(label),
    });
  });

  useEffect(() => {
    if (!place.current) {
      return;
    }
    const created = begin(place.current);
    editor.current = created;
    created.onDidChangeModelContent(() => changed(created.getValue()));
    const { CtrlCmd } = monaco.KeyMod;
    const { Enter, KeyS } = monaco.KeyCode;
    const caughtUp = (act: () => void) => () => {
      catchUp(created.getValue());
      act();
    };
    const running = { id: "run", label: "Run the script", keybindings: [CtrlCmd | Enter] };
    created.addAction({ ...running, run: caughtUp(() => run()) });
    created.addAction({ id: "save", label: "Save", keybindings: [CtrlCmd | KeyS], run: caughtUp(() => save()) });
    return () => {
      editor.current = null;
      created.getModel()?.dispose();
      created.dispose();
    };
  }, []);

  useEffect(() => {
    const model = editor.current?.getModel();
    if (model) {
      monaco.editor.setModelLanguage(model, language);
    }
  }, [language]);

  useEffect(() => monaco.editor.setTheme(theme), [theme]);

  useEffect(() => {
    editor.current?.updateOptions({ readOnly, domReadOnly: readOnly, ariaLabel: spoken(label) });
  }, [readOnly, label]);

  useEffect(() => {
    const echo = echoes.current.indexOf(value);
    if (echo >= 0) {
      echoes.current.splice(0, echo + 1);
      return;
    }
    const model = editor.current?.getModel();
    if (model && model.getValue() !== value) {
      // As an edit, so that Ctrl+Z brings back what was there.
      model.pushStackElement();
      model.pushEditOperations([], [{ range: model.getFullModelRange(), text: value }], () => null);
      model.pushStackElement();
      echoes.current = [];
    }
  }, [value]);

  useEffect(() => {
    const model = editor.current?.getModel();
    if (!model) {
      return;
    }
    monaco.editor.setModelMarkers(
      model,
      OWNER,
      marks.map((mark) => markerOf(model, mark)),
    );
    const first = marks[0];
    if (first) {
      const at = { lineNumber: first.line, column: first.column ?? 1 };
      editor.current?.setPosition(at);
      editor.current?.revealPositionInCenterIfOutsideViewport(at);
    }
  }, [marks]);

  return <div ref={place} className={classes.code} />;
}

const OPTIONS: monacoEditor.IStandaloneEditorConstructionOptions = {
  automaticLayout: true,
  bracketPairColorization: { enabled: true },
  fixedOverflowWidgets: true,
  fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace",
  fontSize: 13,
  lineNumbersMinChars: 3,
  minimap: { enabled: false },
  padding: { top: 8, bottom: 8 },
  renderLineHighlight: "line",
  scrollBeyondLastLine: false,
  stickyScroll: { enabled: false },
  scrollbar: { alwaysConsumeMouseWheel: false },
  tabSize: 2,
  wordBasedSuggestions: "off",
  wordWrap: "on",
};

function spoken(label: string): string {
  return `${label}. Press Control M to let Tab leave the editor.`;
}

function markerOf(model: monacoEditor.ITextModel, { line, column, message }: Mark): monacoEditor.IMarkerData {
  const lineNumber = Math.min(line, model.getLineCount());
  const last = model.getLineMaxColumn(lineNumber);
  const from = Math.min(column ?? model.getLineFirstNonWhitespaceColumn(lineNumber), last);
  const word = column === undefined ? null : model.getWordAtPosition({ lineNumber, column: from });
  const to = column === undefined ? last : Math.max(word?.endColumn ?? 0, from + 1);
  return {
    severity: monaco.MarkerSeverity.Error,
    message,
    startLineNumber: lineNumber,
    startColumn: from === last && from > 1 ? from - 1 : from,
    endLineNumber: lineNumber,
    endColumn: to,
  };
}
