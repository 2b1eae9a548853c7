/** Carries out what a person did with an alert at a provider, as the commands do. */
import { createHash } from 'node:crypto'
import { readableText } from '../../core/readable-text.ts'
import { truncateText } from '../../core/truncate-text.ts'
import type { HookAct, RecordOfDelivery } from '../../hooks/_hook.ts'
import { type Destination, destinationKey, type Registry } from '../../model/project/destination.ts'
import type { HookName, HookSettings, HooksSettings } from '../../model/project/hook-settings.ts'
import { EMPTY_PLAN, NOTHING_EXPECTED, type Store } from '../../store/store.ts'
import { type AlertAct, type ChangedAlert, changeAlert } from '../alerts/change-alert.ts'

/** What came of one act. `unknown`: no alert, or not one of the hook's destination. */
export type HookOutcome = 'done' | 'unchanged' | 'late' | 'repeated' | 'unknown'

export interface AnsweringHook {
  readonly name: HookName
  readonly settings: Pick<HookSettings, 'destination'>
  readonly registry: Pick<Registry, 'destinations'>
}

type AnswerStore = Pick<Store, 'alert' | 'audit' | 'read' | 'commit' | 'deliveries' | 'kv' | 'now'>

const MAX_NOTE_CHARS = 1_990
const MAX_NAME_CHARS = 100
/** The provider's record is looked up by its id for so long. */
const RECORD_KEPT_MS = 400 * 24 * 60 * 60_000

const OUTCOMES: Record<ChangedAlert['result'], HookOutcome> = {
  changed: 'done',
  commented: 'done',
  unchanged: 'unchanged',
  late: 'late',
  repeated: 'repeated',
}

/** @param body the signed bytes, which identify an act that has no id. */
export async function answerAlert(
  store: AnswerStore,
  hook: AnsweringHook,
  act: HookAct,
  body: Buffer,
): Promise<HookOutcome> {
  const found = await findAlert(store, hook, act.alert)
  if (found === null) return 'unknown'
  const id = act.id || createHash('sha256').update(body).digest('hex')
  const actor = {
    name: actorName(hook.name, act.actor),
    via: `hook:${hook.name}`,
    report: `hook:${hook.name} ${id} ${act.verb}`,
    ...(found.origin !== null && { origin: found.origin }),
  }
  const { result } = await changeAlert(store, found.alertId, alertAct(act), actor, store.now())
  return OUTCOMES[result]
}

function alertAct(act: HookAct): AlertAct {
  const note = truncateText(readableText(act.note), MAX_NOTE_CHARS)
  return act.verb === 'resolve' ? { verb: 'resolve', reason: act.reason, note } : { verb: act.verb, note }
}

/** `slack:U123 (ann)`. */
function actorName(hook: HookName, { id, name }: HookAct['actor']): string {
  const shown = (text: string) => truncateText(readableText(text).replace(/\s+/g, ' ').trim(), MAX_NAME_CHARS)
  return name === '' ? `${hook}:${shown(id)}` : `${hook}:${shown(id)} (${shown(name)})`
}

interface FoundAlert {
  readonly alertId: string
  /** The key of the destination that shows the act already; null: it shows nothing until it gets an update. */
  readonly origin: string | null
}

async function findAlert(
  store: AnswerStore,
  hook: AnsweringHook,
  reference: HookAct['alert'],
): Promise<FoundAlert | null> {
  if (reference.by === 'alert') return findSentAlert(store, hook, reference.id)
  const id = reference.by === 'delivery' ? reference.id : await deliveryOfRecord(store, hook, reference.id)
  if (id === null) return null
  const [delivery] = await store.deliveries({ id, limit: 1 })
  const [alertId] = delivery?.alertIds ?? []
  const isOwn = destinationsOf(hook).some((each) => destinationKey(each) === delivery?.destinationKey)
  if (!delivery || alertId === undefined || !isOwn || (await store.alert(alertId)) === null) return null
  return { alertId, origin: delivery.destinationKey }
}

/** A message in Slack does not show that a button was pressed, so it gets the update, too. */
async function findSentAlert(
  store: AnswerStore,
  hook: AnsweringHook,
  alertId: string,
): Promise<FoundAlert | null> {
  if ((await store.alert(alertId)) === null) return null
  if (hook.settings.destination === null) return { alertId, origin: null }
  const keys = destinationsOf(hook).map(destinationKey)
  const sent = await Promise.all(
    keys.map((destination) => store.deliveries({ alertId, destination, limit: 1 })),
  )
  return sent.flat().length > 0 ? { alertId, origin: null } : null
}

/** The destinations whose alerts a hook may change. */
function destinationsOf({ name, settings, registry }: AnsweringHook): readonly Destination[] {
  return registry.destinations.filter((each) => isOfHook(each, name, settings))
}

function isOfHook(
  { type, name: given }: Pick<Destination, 'type' | 'name'>,
  hook: HookName,
  { destination }: Pick<HookSettings, 'destination'>,
): boolean {
  return type === hook && (destination === null || destination === given)
}

function recordKey(hook: HookName, record: string): string {
  return `hook:${hook}:record:${record}`
}

async function deliveryOfRecord(
  store: AnswerStore,
  { name }: AnsweringHook,
  record: string,
): Promise<string | null> {
  const key = recordKey(name, record)
  const item = (await store.kv([key])).get(key)
  return item === undefined ? null : (JSON.parse(item.value) as string)
}

/** Keeps which delivery has created a record, for requests that name only the record. */
export async function keepRecords(
  store: AnswerStore,
  hook: AnsweringHook,
  records: readonly RecordOfDelivery[],
): Promise<void> {
  for (const { record, delivery } of records) {
    if ((await deliveryOfRecord(store, hook, record)) === delivery) continue
    const known = await store.deliveries({ id: delivery, limit: 1 })
    if (known.length === 0) continue
    const item = {
      key: recordKey(hook.name, record),
      value: JSON.stringify(delivery),
      expiresAt: store.now() + RECORD_KEPT_MS,
    }
    await store.commit({ ...EMPTY_PLAN, kv: [item] }, NOTHING_EXPECTED)
  }
}

/** Whether the hook of a destination is configured. Only the messages of Slack have controls. */
export function isAnswerable(
  { type, name }: Pick<Destination, 'type' | 'name'>,
  hooks: HooksSettings,
): boolean {
  return hooks.slack !== undefined && isOfHook({ type, name }, 'slack', hooks.slack)
}
