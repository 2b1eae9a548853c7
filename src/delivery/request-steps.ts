/** The steps of a type's exchange for a message, and each request as it is sent. Pure. */
import { wireBody } from '../core/wire-body.ts'
import type {
  Answer,
  DeliveryNotice,
  DestinationType,
  ExchangeDestination,
  HttpDestination,
  Message,
  Outgoing,
  Receipt,
} from '../destinations/_destination.ts'
import { usesHttp } from '../destinations/_destination.ts'
import type { TokenSettings } from '../destinations/parts/credentials/oauth2-token.ts'
import { Bug } from '../errors.ts'
import type { HttpRequest, Transport } from '../model/ports.ts'
import { maskSecrets } from './http/redaction.ts'
import { signature } from './http/signature.ts'
import { applyTemplates } from './templates.ts'

export type Options = Readonly<Record<string, unknown>>
export type Steps = Generator<Outgoing, Receipt, Answer>

/** The options that `defineDestination` adds to every type that speaks HTTP. */
interface SharedOptions {
  readonly transport?: Transport & { readonly signingSecret?: string; readonly oauth2?: TokenSettings }
}

export function transportOf(options: Options): NonNullable<SharedOptions['transport']> {
  return (options as SharedOptions).transport ?? {}
}

/** A single request is the shortest exchange. */
export function requestSteps(
  type: HttpDestination | ExchangeDestination,
  message: Message,
  options: Options,
): Steps {
  return 'exchange' in type
    ? type.exchange(message, options as never)
    : single(type.request(message, options as never))
}

function* single(request: Outgoing): Steps {
  return (yield request).receipt
}

/** Signalbox sets these headers, whatever the type set. The signature covers the body as it is sent. */
export function withStandardHeaders(
  request: Outgoing,
  message: Message,
  options: Options,
  version: string,
): HttpRequest {
  const { method, url, headers, body, compression } = request
  const { signingSecret } = transportOf(options)
  const standardHeaders: Record<string, string> = {
    'user-agent': `Signalbox/${version}`,
    'idempotency-key': message.idempotencyKey,
    ...(signingSecret && signature(signingSecret, message.at, wireBody(request))),
  }
  const otherHeaders = Object.entries(headers).filter(([name]) => !(name.toLowerCase() in standardHeaders))
  const all = { ...Object.fromEntries(otherHeaders), ...standardHeaders }
  return { method, url, headers: all, body, ...(compression && { compression }) }
}

/** The token takes the place of what the type itself put there. */
export function withToken(request: HttpRequest, token: string): HttpRequest {
  const others = Object.entries(request.headers).filter(([name]) => name.toLowerCase() !== 'authorization')
  return { ...request, headers: { ...Object.fromEntries(others), authorization: `Bearer ${token}` } }
}

/** The first request of the exchange, or the payload of a type without HTTP. */
export type Preview = (HttpRequest | { readonly note: string; readonly payload: object }) & {
  readonly notes?: readonly string[]
}

/** Previews the request. Literal values of secret options are masked. */
export function previewRequest(
  type: DestinationType,
  plain: Message,
  options: Options,
  version: string,
): Preview {
  const masked = maskSecrets(type.options, options)
  const { message, notes: made } = applyTemplates(plain, type, masked)
  if (!usesHttp(type)) {
    const { notes = [], ...payload } = type.payload(message, masked as never) as object & DeliveryNotice
    return { note: `${type.type}: ${type.summary}`, payload, ...withNotes([...made, ...notes]) }
  }
  const first = requestSteps(type, message, masked).next()
  if (first.done) throw new Bug(`the type ${type.type} makes no request`)
  const request = withStandardHeaders(first.value, message, masked, version)
  const { oauth2 } = transportOf(masked)
  return {
    ...(oauth2 === undefined ? request : withToken(request, `<access token of ${oauth2.tokenUrl}>`)),
    ...withNotes([...made, ...(first.value.notes ?? [])]),
  }
}

function withNotes(notes: readonly string[]): { notes?: readonly string[] } {
  return notes.length > 0 ? { notes } : {}
}
