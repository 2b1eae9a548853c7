/** docs/reference/detection-functions.md: the functions that a Python body may define. */
import { FUNCTIONS } from '../../src/model/alerts/finding.ts'
import { authorName, DETECTION_FUNCTIONS, type FunctionDescription } from './detection-functions.ts'

export function detectionFunctionsPage(): string {
  const rows = FUNCTIONS.map((name) => {
    const { returns, absent } = DETECTION_FUNCTIONS[name]
    return `| [\`${authorName(name)}()\`](#${authorName(name)}) | ${returns} | ${absent} |`
  })
  const overview = ['| function | returns | when it is absent |', '|---|---|---|', ...rows].join('\n')
  const sections = FUNCTIONS.map((name) => sectionOf(authorName(name), DETECTION_FUNCTIONS[name]))
  return `${INTRODUCTION}\n\n${overview}\n\n${CALLS}\n\n${sections.join('\n\n')}\n`
}

function sectionOf(name: string, description: FunctionDescription): string {
  const { signature, purpose, returns, absent, limit, failed, notes = [], examples } = description
  const rows = examples.map(({ python, result }) => `| \`return ${python}\` | ${result} |`)
  return [
    `## ${name}`,
    `\`\`\`python\n${signature}: ...\n\`\`\``,
    purpose,
    [
      `- **Returns:** ${returns}.`,
      `- **When it is absent:** ${absent}`,
      `- **When it raises or returns another type:** ${failed}`,
      `- **Limit:** ${limit}`,
      ...notes.map((note) => `- ${note}`),
    ].join('\n'),
    ['| the body says | the alert gets |', '|---|---|', ...rows].join('\n'),
  ].join('\n\n')
}

const INTRODUCTION = `# Detection functions

A detection is a YAML spec and a Python body. This page lists every function that the body may define. Only \`rule()\`, or \`policy()\` of a policy, is required. Simple detections and correlation rules have no body: the [YAML keys](yaml-keys.md) \`AlertTitle\`, \`DynamicSeverities\`, \`GroupBy\` and \`AlertContext\` stand for these functions there.`

const CALLS = `## How the functions are called

- **Argument.** Each function gets one argument. Of a rule it is the event, a read-only [\`PantherEvent\`](../python-runtime.md#the-event). Of a policy it is the resource, a plain \`dict\`.
- **When.** In \`run\`, \`rule()\` is called for each event whose log type is in \`LogTypes\` and which passes \`InlineFilters\`. The other functions are called only when it matches, in the order of the table above. In \`test\`, all functions are called in each case.
- **Time.** All functions of one event share one time limit, [\`limits.timeMs\`](../settings.md) (2 seconds). When it ends, the function that runs fails with \`TimeLimitExceeded\`, and so do the functions after it.
- **Errors.** A function that raises, or returns another type than the table says, does not stop the others. The alert is made with the values that this page names. In \`run\` there is one more alert, of the type \`RULE_ERROR\` (\`SCHEDULED_RULE_ERROR\`, \`POLICY_ERROR\`), with the traceback; see [its route](../routing.md#errors-and-system-alerts). In \`test\` the case fails. Where the case expects no alert, only an error of \`rule()\` fails it.
- **Names.** A name that is not callable, for example \`title = "text"\`, counts as absent. Other functions and constants of the body are yours.
- **Isolation.** A function has no files, no network and no processes; see [what it can import and call](../python-runtime.md).`
