/** The alerts with which the contract suite builds requests: a usual one, the smallest, the largest and a hostile one. */
import { buildMessage } from '../../delivery/delivery-message.ts'
import type { Message } from '../../destinations/_destination.ts'
import { type AlertDraft, notificationJson } from '../../model/alerts/alert.ts'
import { HOSTILE_TEXT } from './hostile-texts.ts'

/** The time of every alert. */
export const CONTRACT_TIME = Date.parse('2026-01-01T00:00:00Z')

/** The alert of the docs pages: every field says something. */
export const SAMPLE_ALERT = {
  detection: 'AWS.Root.ConsoleLogin',
  kind: 'RULE',
  severity: { value: 'HIGH', source: 'static' },
  title: 'Root user signed in to account 123456789012',
  name: 'AWS root console login',
  description: 'The root user of an AWS account signed in to the console.',
  runbook: 'Ask the owner of the account; if the owner does not know of it, rotate the credentials.',
  reference: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html',
  tags: ['AWS', 'Identity'],
  context: '{"account":123456789012,"sourceIp":"198.51.100.7","mfaUsed":false}',
  version: '3kTMd8QeYw0nB5xLr2Zf7uVh1CsJ9aPg',
} as const satisfies Partial<AlertDraft>

/** Every part that may be empty is empty. */
export const EMPTY_ALERT = {
  title: '',
  name: '',
  description: '',
  runbook: '',
  reference: '',
  tags: [],
  context: '{}',
} as const satisfies Partial<AlertDraft>

/** One character of several code points, so that a careless cut shows. */
const FAMILY = '👩‍👩‍👧‍👦'

/**
 * The texts have the greatest length that the pipeline allows, or more, and consist of characters that a careless cut
 * divides.
 */
export function longAlert(): Partial<AlertDraft> {
  const long = `&<>"\\{code}\`\`\`*_|[${FAMILY.repeat(300)}`
  const context = JSON.stringify({ text: FAMILY.repeat(7_000), more: '{code}'.repeat(500) })
  const texts = { title: long, name: long, description: long, runbook: long, reference: long }
  return { ...texts, tags: Array<string>(50).fill('tägg'), context }
}

export function hostileAlert(): Partial<AlertDraft> {
  const text = HOSTILE_TEXT
  const context = JSON.stringify({ text, [text]: [text] })
  const texts = { title: text, name: text, description: text, runbook: text, reference: text }
  return { ...texts, tags: [text], context }
}

/** What no message shows. */
const UNSEEN = {
  dedup: 'root',
  logTypes: ['AWS.CloudTrail'],
  route: { level: 'static-severity', destinations: [], suppressed: false, trace: [], problems: [] },
  rowId: 'row-1',
} as const satisfies Partial<AlertDraft>

export const CONTRACT_DELIVERY = 'd'.repeat(32)

/** The alert of the suite as the store has it. */
export function alertRow(
  over: Partial<AlertDraft>,
  link: string,
): { notification: string; reference: string } {
  const draft = { ...SAMPLE_ALERT, ...UNSEEN, ...over }
  const notification = notificationJson(draft, 'a1e27ab1e0fa11ed5b1eda0d0be5ca1e', CONTRACT_TIME, link)
  return { notification, reference: draft.reference }
}

/** A message for a destination called `target`. */
export function contractMessage(
  over: Partial<AlertDraft> = {},
  link = 'https://soc.example.com/a?b=1&c=2',
): Message {
  return buildMessage(alertRow(over, link), {
    destination: 'target',
    deliveryId: CONTRACT_DELIVERY,
    at: CONTRACT_TIME,
    repeated: false,
  })
}
