#!/usr/bin/env python3
"""Writes completions of the command line for bash, zsh and fish from the help of the program.

FOLDER gets tessera (for bash), _tessera (for zsh) and tessera.fish.
"""

import argparse
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # leaves no folders beside the scripts
import cli_help  # noqa: E402  pylint: disable=wrong-import-position

COMMENT = "# Written by scripts/make_completions.py from the help of the program.\n"

BASH = """\
# bash completion of tessera
{comment}
# Sets what may follow an option or, with "argument", stands where no option does: `words`, and
# `paths`, the action of compgen for files or folders. Returns 1 for an option without a value.
_tessera_value() {{
  words="" paths=""
  case "$1 $2" in
{values}
    *) return 1 ;;
  esac
}}

# Sets `options`: those of a command, or those of the program and its commands.
_tessera_options() {{
  case "$1" in
{options}
  esac
}}

_tessera() {{
  local command="" current option paths words options prefix="" i
  COMPREPLY=()
  current="${{COMP_WORDS[COMP_CWORD]}}"
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ "${{COMP_WORDS[i]}}" != -* ]]; then
      command="${{COMP_WORDS[i]}}"
      break
    fi
  done
  # Readline takes "--name=value" for three words, unless told otherwise.
  option="${{COMP_WORDS[COMP_CWORD - 1]}}"
  if [[ "$current" == "=" ]]; then
    current=""
  elif [[ "$option" == "=" ]] && ((COMP_CWORD > 1)); then
    option="${{COMP_WORDS[COMP_CWORD - 2]}}"
  elif [[ "$current" == --*=* ]]; then
    option="${{current%%=*}}" prefix="${{current%%=*}}=" current="${{current#*=}}"
  fi
  if ! {{ [[ "$option" == -* ]] && _tessera_value "$command" "$option"; }}; then
    if [[ "$current" == -* ]] || ! _tessera_value "$command" argument; then
      _tessera_options "$command"
      words="$options" paths=""
    fi
  fi
  mapfile -t COMPREPLY < <(
    compgen -P "$prefix" -W "$words" -- "$current"
    [[ -n "$paths" ]] && compgen -P "$prefix" -A "$paths" -- "$current"
  )
  if [[ -n "$paths" ]]; then
    compopt -o filenames 2>/dev/null
  fi
  return 0
}}

complete -F _tessera tessera
"""

ZSH = """\
#compdef tessera
{comment}
{functions}
_tessera() {{
  local curcontext="$curcontext" state line
  typeset -A opt_args
  _arguments -C \\
{arguments} \\
    '1: :_tessera_commands' \\
    '*:: :->arguments' && return
  if [[ $state == arguments ]]; then
    case $line[1] in
{cases}
    esac
  fi
}}

_tessera_commands() {{
  local -a commands=(
{commands}
  )
  _describe -t commands 'command' commands
}}

_tessera "$@"
"""

FISH = """\
# fish completion of tessera
{comment}
# Whether the command is the one given, or none has been given.
function __fish_tessera_command
    for word in (commandline -opc)[2..]
        if not string match -q -- '-*' $word
            test "$word" = "$argv[1]"
            return
        end
    end
    test (count $argv) -eq 0
end

complete -c tessera -f
{lines}
"""


def short_name(command):
    return command.name.partition(" ")[2]


def single_quoted(text):
    """The text as a word of bash and zsh."""
    return "'" + text.replace("'", "'\\''") + "'"


def bash_values(program):
    """Cases of _tessera_value, of options with the same value together."""
    patterns = {}
    for command in program.commands:
        for option in [*command.options, *command.arguments]:
            if option.metavar:
                for name in option.names or ["argument"]:
                    pattern = single_quoted(f"{short_name(command)} {name}")
                    patterns.setdefault((option.words, option.paths), []).append(pattern)
    lines = []
    for (words, paths), names in patterns.items():
        value = f'words="{" ".join(words)}" paths="{paths}"'
        lines.append("    " + " | \\\n      ".join(names) + f")\n      {value}\n      ;;")
    return "\n".join(lines)


def bash_options(program):
    lines = []
    for command in program.commands:
        names = [name for option in command.options for name in option.names]
        lines.append(f'    {short_name(command)}) options="{" ".join(names)}" ;;')
    names = [short_name(command) for command in program.commands]
    names += [name for option in program.options for name in option.names]
    lines.append(f'    "") options="{" ".join(names)}" ;;')
    lines.append('    *) options="" ;;')
    return "\n".join(lines)


def bash(program):
    return BASH.format(
        comment=COMMENT, values=bash_values(program), options=bash_options(program)
    )


def zsh_text(text, special):
    return re.sub(f"([{re.escape(special)}\\\\])", r"\\\1", text)


def zsh_action(option):
    """What _arguments completes a value by."""
    files = {"file": "_files", "directory": "_files -/", "": ""}[option.paths]
    words = " ".join(option.words)
    if words and files:
        return f'{{_alternative "words\\:value\\:({words})" "files\\:file\\:{files}"}}'
    return f"({words})" if words else files or " "


def zsh_option(option, program):
    """A specification of _arguments."""
    value = ""
    if option.metavar:
        value = f":{zsh_text(option.metavar, ':')}:{zsh_action(option)}"
    ending = {True: ("+", "="), False: ("", "")}[bool(option.metavar)]
    names = [name + ending[name.startswith("--")] for name in option.names]
    text = single_quoted(f"[{zsh_text(option.brief, '][:')}]{value}")
    if option in program.options or "--help" in option.names:
        before = "'(- *)'"
    elif option.repeatable:
        before = "'*'"
    else:
        before = f"'({' '.join([*option.names, *option.excludes])})'"
    return before + (names[0] if len(names) == 1 else "{" + ",".join(names) + "}") + text


def zsh_argument(option):
    number = "*" if option.repeatable else "1"
    return single_quoted(f"{number}:{option.metavar}:{zsh_action(option)}")


def zsh_function(command, program):
    specifications = [zsh_option(option, program) for option in command.options]
    specifications += [zsh_argument(argument) for argument in command.arguments]
    lines = " \\\n    ".join(specifications)
    return f"_tessera_{short_name(command)}() {{\n  _arguments \\\n    {lines}\n}}\n"


def zsh(program):
    names = [short_name(command) for command in program.commands]
    commands = [
        "    " + single_quoted(f"{short_name(command)}:{zsh_text(command.description, ':')}")
        for command in program.commands
    ]
    return ZSH.format(
        comment=COMMENT,
        functions="\n".join(zsh_function(command, program) for command in program.commands),
        arguments=" \\\n".join("    " + zsh_option(option, program) for option in program.options),
        cases="\n".join(f"      {name}) _tessera_{name} ;;" for name in names),
        commands="\n".join(commands),
    )


def fish_text(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish_value(option):
    """Flags of `complete` that say what follows."""
    if not option.metavar:
        return []
    if option.paths == "directory":
        return ["-x", "-a", "'(__fish_complete_directories)'"]
    words = ["-a", fish_text(" ".join(option.words))] if option.words else []
    return (["-r", "-F"] if option.paths else ["-x"]) + words


def fish_option(option, condition):
    words = ["complete", "-c", "tessera", "-n", condition]
    for name in option.names:
        words += ["-l", name[2:]] if name.startswith("--") else ["-s", name[1:]]
    return " ".join([*words, *fish_value(option), "-d", fish_text(option.brief)])


def fish(program):
    lines = [fish_option(option, "__fish_tessera_command") for option in program.options]
    for command in program.commands:
        name, text = short_name(command), fish_text(command.description)
        lines.append(f"complete -c tessera -n __fish_tessera_command -a {name} -d {text}")
    for command in program.commands:
        condition = f"'__fish_tessera_command {short_name(command)}'"
        if any(argument.paths for argument in command.arguments):
            lines.append(f"complete -c tessera -n {condition} -F")
        lines += [fish_option(option, condition) for option in command.options]
    return FISH.format(comment=COMMENT, lines="\n".join(lines))


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tessera", metavar="TESSERA", help="the program, build/bin/tessera")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    program = cli_help.read_program(arguments.tessera)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name, write in {"tessera": bash, "_tessera": zsh, "tessera.fish": fish}.items():
        (arguments.folder / name).write_text(write(program), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
