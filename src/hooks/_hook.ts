/** The contract of a hook: how the requests of one provider are signed, and what they report. Hooks are pure. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { ClosedReason } from '../model/alerts/alert-status.ts'
import type { HookSettings } from '../model/project/hook-settings.ts'

export type HookHeaders = Readonly<Record<string, string | undefined>>

/** How a provider names the alert of an act. */
export type AlertReference =
  | { readonly by: 'alert'; readonly id: string }
  /** The idempotency key of the delivery that created the record at the provider. */
  | { readonly by: 'delivery'; readonly id: string }
  /** The provider's record. An earlier request has named its delivery, see `RecordOfDelivery`. */
  | { readonly by: 'record'; readonly id: string }

interface ActOfProvider {
  /** Signed, and the same when the provider repeats the request. Empty: the body of the request identifies the act. */
  readonly id: string
  readonly alert: AlertReference
  /** Who acted; the name can be empty. */
  readonly actor: { readonly id: string; readonly name: string }
  readonly note: string
}

/** A hook can do nothing else, whatever a request says. */
export type HookAct = ActOfProvider &
  (
    | { readonly verb: 'acknowledge' }
    | { readonly verb: 'comment' }
    | { readonly verb: 'resolve'; readonly reason: ClosedReason }
  )

/** The record of a provider that a delivery has created. Later requests may name only the record. */
export interface RecordOfDelivery {
  readonly record: string
  readonly delivery: string
}

export interface HookReading {
  readonly acts: readonly HookAct[]
  readonly records?: readonly RecordOfDelivery[]
  /** The answer that the provider needs in the place of an empty one. */
  readonly answer?: Readonly<Record<string, unknown>>
  /** True: a person reads the answer, so that it says what came of the acts. */
  readonly isAnswered?: boolean
}

export interface Hook {
  /** Checks the signature over the bytes of the body. Returns why it is not valid; null: it is. */
  verify(headers: HookHeaders, body: Buffer, secret: string, now: number): string | null
  /** Reads a request whose signature is valid. Null: it has not the form that the provider documents. */
  read(body: string, settings: Pick<HookSettings, 'closedReasons' | 'ignoreUsers'>): HookReading | null
}

/** The key of a delivery, which providers keep as the key or mark of their record. */
export const DELIVERY_KEY = /^[0-9a-f]{32}$/

/** Compares a signature in hexadecimal digits in a time that does not depend on where it differs. */
export function isSignedBy(secret: string, signed: readonly (string | Buffer)[], given: string): boolean {
  const hmac = createHmac('sha256', secret)
  for (const part of signed) hmac.update(part)
  const expected = hmac.digest()
  if (!/^[0-9a-f]{64}$/i.test(given)) return false
  return timingSafeEqual(expected, Buffer.from(given, 'hex'))
}

/** Returns the object of a JSON text; null: it is none. */
export function objectOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return asObject(JSON.parse(text))
  } catch {
    return null
  }
}

export function asObject(value: unknown): Readonly<Record<string, unknown>> | null {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Readonly<Record<string, unknown>>) : null
}

/** Returns the value at a path of keys; undefined: there is none. */
export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let present: unknown = value
  for (const key of path) {
    const object = asObject(present)
    if (object === null || !Object.hasOwn(object, key)) return undefined
    present = object[key]
  }
  return present
}

/** Returns the text at a path of keys; empty: there is none. */
export function textAtPath(value: unknown, ...path: readonly string[]): string {
  const found = valueAt(value, ...path)
  return typeof found === 'string' ? found : ''
}
