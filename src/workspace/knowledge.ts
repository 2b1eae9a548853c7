/** What is known of a body's routing without running it: so far only whether it decides at all. */
import type { Detection } from '../model/detection.ts'
import type { Knowledge } from '../routing/possible.ts'

const ANYTHING = { values: [], closed: false }

export function knowledgeOf({ body }: Detection): Knowledge {
  const decides = (name: string) =>
    new RegExp(`^\\s*(?:def ${name}\\(|${name}\\s*=)`, 'm').test(body?.source ?? '')
  return {
    severity: decides('severity') ? ANYTHING : null,
    destinations: decides('destinations') ? ANYTHING : null,
  }
}
