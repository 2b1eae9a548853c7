/** The stage of groups: the first alert calls a person, and later ones are updates of it. The store knows which is the first. Pure. */
import { durationText } from '../core/duration-text.ts'
import type { DestinationGroup } from '../model/project/destination-handling.ts'
import { valuesOfKeys } from './group-values.ts'
import type { StageInput, StageResult } from './stage.ts'

export function groupStage({ alert, sends, rules }: StageInput): StageResult | null {
  const groupOf = (name: string) => rules.destinations.get(name)?.group ?? null
  if (!sends.some(({ destination }) => groupOf(destination) !== null)) return null
  const decisions = sends.map((send) => {
    const { destination, how } = send
    const group = groupOf(destination)
    const step = { stage: 'group', destination, by: '' } as const
    if (group === null || how === 'digest' || how === 'none') {
      return { send, step: { ...step, did: 'passed', reason: 'it has no group' } as const }
    }
    // A graver alert must call, although one of a lower severity has called before.
    const by = ['severity', alert.severity.value, ...valuesOfKeys(group.by, alert)]
    return {
      send: { ...send, group: { by, forMs: group.forMs } },
      step: { ...step, did: 'gathered', reason: reasonOf(group) } as const,
    }
  })
  return { sends: decisions.map(({ send }) => send), steps: decisions.map(({ step }) => step) }
}

/** `by detection, severity: the first is sent, others within 10 min are updates of it and do not escalate`. */
function reasonOf({ by, forMs }: DestinationGroup): string {
  const keys = [...new Set([...by, 'severity'])].join(', ')
  return `by ${keys}: the first is sent, others within ${durationText(forMs)} are updates of it and do not escalate`
}
