/** `destinations add` adds a destination, from options in scripts or from prompts in a terminal. */
import { declaredDestinations } from '../../../model/project/destination.ts'
import type { Project } from '../../../model/project/project.ts'
import { addDestination } from '../../../workspace/destinations/registry.ts'
import { openProject, type WorkspaceOptions } from '../../../workspace/open-project.ts'
import { defineCommand, EXIT_FAILED, EXIT_OK } from '../../command/command.ts'
import { flag, text, withSuggestions } from '../../command/options.ts'
import { openRegistry } from '../../command/registry-session.ts'
import { openSession } from '../../command/session.ts'
import { requireConfiguration } from '../../command/soundness.ts'
import type { Prompter } from '../../prompts/prompts.ts'
import { requirePrompter } from '../../prompts/terminal.ts'
import { DRAFT_OPTIONS, draftOf } from './flags.ts'
import { type Answers, askForDestination, type GivenAnswers } from './questions.ts'
import { reportText, SEND_OPTIONS, sendTo } from './test.ts'

const NO_TERMINAL = 'destinations add requires a name and --type, or a terminal for its prompts'

export const add = defineCommand({
  arguments: { '[name]': 'name that detections use; prompted for when absent' },
  options: {
    type: withSuggestions(
      text(
        '--type <type>',
        'console, file, webhook, ..., ./path/to/your.ts or a package; prompted for when absent',
      ),
      'types',
    ),
    ...DRAFT_OPTIONS,
    fallback: flag('--fallback', 'use it as fallback for alerts that no other destination accepts'),
    sendTest: flag('--send-test', 'send the test alert afterwards'),
    ...SEND_OPTIONS,
  },
  async run({ args: [name], options }, io) {
    const session = openSession(options, io)
    const { type, fallback, sendTest } = options
    const given = { name, type, fallback, draft: draftOf(options) }
    const project = await openProject(session.workspace)
    requireConfiguration(project)
    const ask = isComplete(given) ? null : await requirePrompter(io, NO_TERMINAL)
    const answers = ask ? await answersOf(ask, given, project, session.workspace) : (given as Answers)
    if (answers === null) {
      session.printError('nothing changed')
      return EXIT_FAILED
    }
    const file = await addDestination(session.workspace, { ...answers, ...answers.draft })
    session.print(`added ${answers.name} to ${file}\n`)
    const asksForTest = () => ask?.orCancel(() => ask.confirm('Send the test alert now?', false))
    if (!sendTest && !(await asksForTest())) return EXIT_OK
    const [report] = await sendTo([answers.name], await openRegistry(options, io), options, io)
    session.print(reportText(report!, session))
    return report!.result.result === 'delivered' ? EXIT_OK : EXIT_FAILED
  },
})

function isComplete({ name, type }: GivenAnswers): boolean {
  return name !== undefined && type !== undefined
}

/** @returns null if the user cancelled the prompts. */
async function answersOf(
  ask: Prompter,
  given: GivenAnswers,
  { registry }: Project,
  workspace: WorkspaceOptions,
): Promise<Answers | null> {
  const declared = {
    names: declaredDestinations(registry).map(({ name }) => name),
    workspace,
    hasFallback: typeof registry !== 'string' && registry.fallback.length > 0,
  }
  return ask.orCancel(() => askForDestination(ask, given, declared))
}
