import pytest

from matinee.model.errors import ScriptInvalidError
from matinee.model.script import MAX_SCRIPT_BYTES, Language, check, file_name
from matinee.model.variables import MAX_VARIABLES, MAX_VARIABLES_BYTES, check_variables


@pytest.mark.parametrize("script", ["a", "ä" * (MAX_SCRIPT_BYTES // 2), "a\n\n", "\u2028 a"])
def test_a_script_within_the_rules_is_let_through(script: str) -> None:
    check(script)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("ä" * (MAX_SCRIPT_BYTES // 2) + "a", "1,000,001 bytes"),
        ("a\nb\0", "NUL byte in line 2"),
        ("a\n\nb\ud800", "surrogate pair in line 3"),
    ],
)
def test_a_script_against_the_rules_is_refused_with_the_rule(script: str, told: str) -> None:
    with pytest.raises(ScriptInvalidError, match=told):
        check(script)


def test_the_files_name_tells_playwright_what_the_script_is() -> None:
    names = {file_name(language, module=module) for language in Language for module in (False, True)}

    assert {"script.spec.ts", "script.spec.mts", "script.spec.js", "script.spec.mjs"} == names


def test_ordinary_variables_are_let_through() -> None:
    check_variables({"USER_NAME": "ada", "_x1": "", "PATHS": "a:b", "HOMEPAGE": "line\nline", "DEBUG": "pw:api"})


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("NODE_OPTIONS", "Node.js"),
        ("node_options", "Node.js"),
        ("PATH", "search for programs"),
        ("HOME", "run's folder"),
        ("LD_PRELOAD", "dynamic loader"),
        ("PLAYWRIGHT_BROWSERS_PATH", "Playwright"),
        ("PWDEBUG", "Playwright"),
        ("1A", "no variable's name"),
        ("A-B", "no variable's name"),
        ("", "no variable's name"),
        ("A=B", "no variable's name"),
        ("Ä", "no variable's name"),
    ],
)
def test_a_variable_that_is_not_the_scripts_to_give_is_refused(name: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        check_variables({name: "x"})


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({f"V{n}": "" for n in range(MAX_VARIABLES + 1)}, "101 variables"),
        ({"A": "x" * MAX_VARIABLES_BYTES}, "bytes together"),
        ({"A": "\x01" * (MAX_VARIABLES_BYTES // 5)}, "bytes together"),
        ({"SECRET": "hush\0"}, "the value of SECRET has a NUL"),
    ],
    ids=["many", "long", "escaped", "nul"],
)
def test_variables_that_cannot_travel_are_refused_without_their_values(variables: dict[str, str], told: str) -> None:
    with pytest.raises(ValueError, match=told) as refused:
        check_variables(variables)

    assert "hush" not in str(refused.value)
