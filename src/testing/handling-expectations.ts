/** Compares the expected handling of an alert with the handling that the case has. Pure. */
import { durationText } from '../core/duration-text.ts'
import { instantText } from '../core/instant.ts'
import type { Handling, PlannedSend } from '../model/alerts/handling.ts'
import type { ExpectedEscalationStep } from '../model/project/detection.ts'

/** Returns the destinations that differ, with what they have instead; undefined: all are as expected. */
export function differingDelivery(
  expected: Readonly<Record<string, string>>,
  handling: Handling,
): Readonly<Record<string, string>> | undefined {
  const differing = Object.entries(expected).flatMap(([destination, text]) => {
    const actual = deliveryText(destination, handling)
    return isSameDelivery(text, actual) ? [] : [[destination, actual] as const]
  })
  return differing.length > 0 ? Object.fromEntries(differing) : undefined
}

function deliveryText(destination: string, handling: Handling): string {
  const send = handling.sends.find((each) => each.destination === destination)
  if (!send) return 'not a destination of the alert'
  switch (send.how) {
    case 'now':
      return 'now'
    case 'at':
      return `at ${instantText(send.at)}`
    case 'digest':
      return 'digest'
    case 'none':
      return hiddenText(send, handling)
  }
}

function hiddenText({ destination }: PlannedSend, { steps }: Handling): string {
  const last = steps.findLast((step) => step.destination === destination && step.did !== 'passed')
  if (last?.stage === 'silence') return 'silenced'
  return last?.stage === 'inhibition' ? 'inhibited' : 'elsewhere'
}

/** The same time can be written with another offset. */
function isSameDelivery(expected: string, actual: string): boolean {
  if (expected === actual) return true
  const [from, to] = [expected, actual].map((text) => Date.parse(text.replace(/^at /, '')))
  return from === to
}

/** Returns the planned steps if they differ; undefined: they are as expected. */
export function differingEscalation(
  expected: readonly ExpectedEscalationStep[],
  { escalations }: Handling,
): readonly object[] | undefined {
  const planned = escalations.filter(({ kind }) => kind === 'step')
  const isSame =
    planned.length === expected.length &&
    expected.every(({ afterMs, to, unless }, i) => {
      const step = planned[i]!
      const sameTo = to.length === step.to.length && to.every((name) => step.to.includes(name))
      return afterMs === step.afterMs && sameTo && (unless === undefined || unless === step.unless)
    })
  if (isSame) return undefined
  return planned.map(({ afterMs, to, unless }) => ({ after: durationText(afterMs), to, unless }))
}
