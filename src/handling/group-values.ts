/** The values of an alert by which digests and groups are kept apart. Pure. */
import type { DigestKey } from '../model/project/destination-handling.ts'
import { textsAt } from './alert-match.ts'
import type { HandledAlert } from './stage.ts'

/** Each key with its value. */
export function valuesOfKeys(keys: readonly DigestKey[], alert: HandledAlert): string[] {
  return keys.flatMap((key) => [key, textOfKey(key, alert)])
}

/** An absent value is empty, so that alerts without it share a digest. */
function textOfKey(key: DigestKey, alert: HandledAlert): string {
  switch (key) {
    case 'detection':
      return alert.detection
    case 'severity':
      return alert.severity.value
    case 'logType':
      return textOf(alert.logTypes)
    case 'dedup':
      return alert.dedup
  }
  if (key.startsWith('context:')) {
    return textOf(textsAt(JSON.parse(alert.context), key.slice('context:'.length)))
  }
  const name = key.slice('tag:'.length)
  return textOf(alert.tags.filter((tag) => tag === name || tag.startsWith(`${name}:`)))
}

function textOf(values: readonly string[]): string {
  return JSON.stringify([...new Set(values)].sort())
}
