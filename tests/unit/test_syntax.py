import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from matinee.model.errors import ScriptInvalidError
from matinee.model.script import MAX_SCRIPT_BYTES, Language
from matinee.usecases.syntax import Parsed, Parser

TYPESCRIPT, JAVASCRIPT = Language.TYPESCRIPT, Language.JAVASCRIPT
N = MAX_SCRIPT_BYTES


@pytest.fixture(scope="module")
def parser(babel: Path) -> Parser:
    return Parser(babel)


def refusal(parser: Parser, script: str, language: Language | None = None) -> tuple[int, int, str]:
    with pytest.raises(ScriptInvalidError) as refused:
        parser.parse(script, language)
    extra = refused.value.extra
    return extra["line"], extra["column"], extra["message"]


#: Accepted by Playwright 1.65.1 in a `.ts` file, each tried with its own compiler.
ACCEPTED = [
    "import { test, expect } from '@playwright/test';\ntest('a', async ({ page }) => { await page.goto('/'); });",
    "const { test } = require('@playwright/test'); test('a', () => {});",
    "import data from './d.json' with { type: 'json' };",
    "import data from './d.json' assert { type: 'json' };",
    "import fs = require('fs');",
    "import { type Page } from 'p'; import type { X } from 'y'; export type { A } from 'b';",
    "export = 5;",
    "enum E { A = 'x'.length, 'b-c' = 1 } const enum F { A }",
    "namespace N { export const a = 1 }",
    "abstract class A { declare x: number; private z?: string; #p = 1; static { } accessor q = 1; abstract b(): void }",
    "@dec export class A { constructor(private x: number) {} @a.b() m() {} }",
    "let x = <any>y; let z = y as const satisfies T; let v = a?.[0]!.b;",
    "const f = <T,>(x: T) => x; const g = async <T>(x: T): Promise<T> => x;",
    "type A<T> = T extends infer U extends string ? U : never; type X = { readonly [K in keyof T]-?: T[K] };",
    "function f(x: unknown): asserts x is number; function f(x?: any) {}",
    "let a = 1_000; a ??= 2; a ||= 3; a?.b?.[c]?.(); a ** 2; 10n; /(?<n>a)\\k<n>/v; try {} catch {}",
    "using a = null;",
    "#!/usr/bin/env node\nlet a = 1",
    "\ufefflet a = 1",
    "let ünï = '😀', \\u{61}bc = 1; '\u2028'",
    "label: for (const x of []) { continue label }",
    ";;;",
    "// nothing but a comment",
]


@pytest.mark.parametrize("script", ACCEPTED)
def test_what_playwright_accepts_is_accepted(parser: Parser, script: str) -> None:
    assert Parsed(TYPESCRIPT, module=False) == parser.parse(script)


@pytest.mark.parametrize("script", ["const e = <div>hi</div>;", "const e = <><a.b c='1' {...x}/></>;"])
def test_a_script_that_is_no_typescript_may_be_javascript(parser: Parser, script: str) -> None:
    """JSX is the one thing that Playwright reads in `.js` and not in `.ts`."""
    assert Parsed(JAVASCRIPT, module=False) == parser.parse(script)


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("let a = = 1", (1, 9, "Unexpected token")),
        ("test('a', () => {\n  foo(;\n})", (2, 7, "Unexpected token")),
        ("let a;\r\nlet b = ;", (2, 9, "Unexpected token")),
        ("let a = '😀'; let b = ;", (1, 23, "Unexpected token")),
        ("let a = 1\u2028let b = ;", (2, 9, "Unexpected token")),
        ("let a; let a;", (1, 12, "Identifier 'a' has already been declared.")),
        ("'unterminated", (1, 1, "Unterminated string constant.")),
        ("test('a', async () => {", (1, 24, "Unexpected token")),
        ("function f() { await x }", (1, 16, None)),
        ("with (a) {}", (1, 1, "'with' in strict mode.")),
        ("a |> b", (1, 3, "Playwright does not know this syntax (pipelineOperator)")),
        ("let a\u200b = 1", (1, 6, "Unexpected character '\u200b'.")),
    ],
)
def test_a_fault_is_named_with_its_place(parser: Parser, script: str, fault: tuple[int, int, str | None]) -> None:
    """Line and column count from 1, columns in UTF-16 units as editors do."""
    line, column, message = refusal(parser, script)

    assert fault == (line, column, message if fault[2] else None)


def test_without_a_language_the_fault_is_typescripts(parser: Parser) -> None:
    assert refusal(parser, "let x: = 1", TYPESCRIPT) == refusal(parser, "let x: = 1")


def test_a_language_that_is_given_is_held_to(parser: Parser) -> None:
    assert (1, 6, "Missing semicolon.") == refusal(parser, "let x: number = 1", JAVASCRIPT)


@pytest.mark.parametrize(
    "script",
    [
        "const x = await Promise.resolve(1);",
        "for await (const x of []) {}",
        "await using x = null;",
        "console.log(import.meta.url)",
        "import './x'; const f = () => { class A { b = import . meta . url } }",
    ],
)
@pytest.mark.parametrize("language", Language)
def test_only_a_module_has_top_level_await_and_import_meta(parser: Parser, script: str, language: Language) -> None:
    assert Parsed(language, module=True) == parser.parse(script, language)


@pytest.mark.parametrize(
    "script",
    [
        "import x from 'y'; export const z = 1;",  # Playwright compiles these to CommonJS
        "const f = async () => { await 1; for await (const x of y) {} };",
        "function F() { return new.target.meta; } // import.meta, await",
    ],
)
def test_nothing_else_makes_a_module(parser: Parser, script: str) -> None:
    assert Parsed(TYPESCRIPT, module=False) == parser.parse(script)


@pytest.mark.parametrize(
    "script",
    [
        "[" * N,
        "(" * N,
        "`${" * (N // 3),
        "a=>" * (N // 3) + "1",
        "!" * (N - 1) + "a",
        "a+" * (N // 2 - 1) + "a",
        "<a>" * (N // 3),
        "x" + " as any" * (N // 10),
    ],
    ids=["brackets", "parentheses", "templates", "arrows", "nots", "sums", "elements", "casts"],
)
def test_nesting_beyond_the_parsers_stack_is_left_to_playwright(parser: Parser, script: str) -> None:
    assert Parsed(TYPESCRIPT, module=False) == parser.parse(script)


@pytest.mark.parametrize("script", ["x" * N, '"' + "x" * (N - 2) + '"', "0," * (N // 2 - 1) + "0", "f();" * (N // 4)])
def test_a_megabyte_in_one_line_is_read(parser: Parser, script: str) -> None:
    assert Parsed(TYPESCRIPT, module=False) == parser.parse(script)


def test_a_script_that_takes_the_parser_for_ever_is_let_through_in_seconds(parser: Parser) -> None:
    """Babel tries generic arrow functions anew at each level: its time doubles with every `<T>(`."""
    begun = time.monotonic()

    assert Parsed(TYPESCRIPT, module=False) == parser.parse("async <T>(" * 30)
    assert time.monotonic() - begun < 20


def test_a_parser_that_broke_is_built_anew(parser: Parser) -> None:
    parser.parse("async <T>(" * 30)

    assert (1, 9, "Unexpected token") == refusal(parser, "let a = ;")


def test_threads_share_a_parser(parser: Parser) -> None:
    scripts = ["await 1", "let a"] * 50

    with ThreadPoolExecutor(8) as threads:
        assert [True, False] * 50 == [parsed.module for parsed in threads.map(parser.parse, scripts)]


def test_two_parsers_in_one_process_do_not_crash_it(parser: Parser, babel: Path) -> None:
    """V8 does, if threads that know nothing of each other create and end its engines."""
    other = Parser(babel)
    with ThreadPoolExecutor(2) as threads:
        answers = threads.map(lambda each: each.parse("await 1").module, [parser, other, Parser(babel)])

    assert [True] * 3 == list(answers)


def test_a_script_is_data_to_the_parser(parser: Parser) -> None:
    """It is handed over as a string: nothing in it is ever executed."""
    parser.parse("globalThis.module = 1; while (true) {}")

    assert Parsed(TYPESCRIPT, module=False) == parser.parse("'); throw 1; ('")
