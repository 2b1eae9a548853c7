/** docs/reference/problem-codes.md: every problem code with its severity, cause and fix. */
import { PROBLEM_GROUPS } from './problem-descriptions.ts'

export function problemCodesPage(): string {
  const sections = Object.entries(PROBLEM_GROUPS).map(([title, codes]) => {
    const rows = Object.entries(codes).map(
      ([code, { severity, cause, fix }]) =>
        `| <a id="${code}"></a>\`${code}\` | ${severity} | ${cause} | ${fix} |`,
    )
    return [`## ${title}`, '', '| code | severity | cause | fix |', '|---|---|---|---|', ...rows].join('\n')
  })
  return `${INTRODUCTION}\n\n${sections.join('\n\n')}\n`
}

const INTRODUCTION = `# Problem codes

Each problem that \`validate\`, \`test\`, \`watch\` and \`run\` print ends with its code in brackets:

\`\`\`
detections/a.yml:6:1 error unknown key "Severty" [unknown-key]
\`\`\`

The codes are stable. The wording of messages may change.

- An **error** keeps its file out of the project, except in test cases and in \`.expect.yml\` files. \`validate\` and \`test\` exit 1.
- A **warning** changes no exit code, unless you pass \`--fail-on-warnings\` or \`--max-warnings\`, or list its code in [\`warnings.error\`](../settings.md#warnings).
- **info** is no fault.

To hide a warning, list its code in [\`warnings.off\`](../settings.md#warnings). A finding about routing can also be hidden on its line, with the comment \`# signalbox-ignore: CODE\`, see [routing](../routing.md#lint).`
