// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a reference as it is written
/** Checks the hooks of signalbox.yaml: their secrets are references, and their destinations exist and have their type. */
import type { Destination } from '../../model/project/destination.ts'
import { HOOK_NAMES, type HooksSettings } from '../../model/project/hook-settings.ts'
import { isReference } from '../destinations/secret-references.ts'
import type { ProblemList } from '../files/problems.ts'
import { nodeAt } from '../yaml/schema-check.ts'
import type { SettingsDocument } from './load-settings.ts'

/** @param destinations null: the registry is absent or has errors, so nothing is known of them. */
export function checkHooks(
  hooks: HooksSettings,
  { source, node }: SettingsDocument,
  destinations: readonly Destination[] | null,
  problems: ProblemList,
): void {
  for (const name of HOOK_NAMES) {
    const hook = hooks[name]
    if (hook === undefined) continue
    const at = (key: string) => nodeAt(node, `/hooks/${name}/${key}`).offset
    if (!isReference(hook.secret)) {
      problems.error(source, at('secret'), {
        code: 'bad-reference',
        message: 'the secret of a hook must not stand in the file',
        hint: 'write a reference such as ${env:NAME} or ${file:PATH}',
      })
    }
    if (hook.destination === null || destinations === null) continue
    const destination = destinations.find((each) => each.name === hook.destination)
    if (destination?.type === name) continue
    problems.error(source, at('destination'), {
      code: 'bad-value',
      message: destination
        ? `the destination "${hook.destination}" has the type ${destination.type}`
        : `there is no destination "${hook.destination}"`,
      hint: `name a destination of the type ${name}`,
    })
  }
}
