/** What the text of a body tells of its routing. */
import type { Detection } from '../model/detection.ts'
import type { Engine } from '../model/evaluation.ts'
import type { Knowledge } from '../routing/possible.ts'

export function knowledgeOf({ body }: Detection, _engine: Engine): Knowledge {
  const open = { values: [], closed: false }
  return {
    severity: /^def severity\(/m.test(body?.source ?? '') ? open : null,
    destinations: /^def destinations\(/m.test(body?.source ?? '') ? open : null,
  }
}
