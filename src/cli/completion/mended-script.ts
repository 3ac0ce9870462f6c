/** What is put in the place of what in the scripts of @bomb.sh/tab 0.0.22, by shell. */
const MENDED: Readonly<Record<string, readonly (readonly [wrong: string, right: string])[]>> = {
  zsh: [
    // A colon in a word would begin its description.
    ['comp=${comp//:/\\:}', 'comp=${comp//:/\\\\:}'],
    // Words come as they are: with -Q a space in a path would not be quoted.
    ['"completions" completions -Q ', '"completions" completions '],
  ],
  bash: [
    // A second `source` would be refused to set them.
    ['readonly ShellComp', 'ShellComp'],
    // Of `--engine=tfjs:w` the command completes `tfjs:w`, and readline only `w`; what has spaces is quoted.
    [
      'COMPREPLY=( $(compgen -W "${completions[*]}" -- "$cur") )',
      `local value=\${cur#-*=} word
    COMPREPLY=()
    for word in "\${completions[@]}"; do
        [[ "$word" != *[^[:alnum:]_./:,=+@%-]* ]] || printf -v word %q "$word"
        [[ "$word" != "$value"* ]] || COMPREPLY+=( "$word" )
    done
    if [[ "$value" == *:* && "$COMP_WORDBREAKS" == *:* ]]; then
        COMPREPLY=( "\${COMPREPLY[@]#"\${value%:*}:"}" )
    fi`,
    ],
  ],
};

/** The script of a shell with its faults mended. */
export function mended(shell: string, script: string): string {
  return (MENDED[shell] ?? []).reduce((text, [wrong, right]) => text.replaceAll(wrong, () => right), script);
}
