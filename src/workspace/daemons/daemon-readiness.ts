/** Asks a running daemon over HTTP whether it accepts events, for `signalbox ready`. */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describeNetworkFailure, networkErrorCode } from '../../core/network-failure.ts'
import { messageOf, UserError } from '../../errors.ts'
import { readProjectFile } from '../../files/project-file.ts'

const READY_PATH = '/readyz'
const MAX_CA_BYTES = 1024 * 1024
/** A longer answer does not come from a daemon. */
const MAX_ANSWER_BYTES = 64 * 1024
const ASK_INTERVAL_MS = 500

export interface ReadinessAnswer {
  readonly ok: boolean
  /** Why the daemon is not ready, one sentence each. */
  readonly reasons: readonly string[]
}

interface ReadinessQuery {
  readonly url: URL
  /** The time for one request and its answer. */
  readonly timeoutMs: number
  /** PEM text of the authorities that replace those of Node, for an https: address. */
  readonly ca?: string
}

/** The address that is asked: `/readyz`, unless the text has a path. The text can hold a password, so no error quotes it. */
export function readinessUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new UserError('the argument is not an http: or https: address', {
      code: 'invalid-argument',
      hint: 'write it as in http://127.0.0.1:8080',
    })
  if (url.pathname === '/') url.pathname = READY_PATH
  return url
}

/** The PEM text of a file that the user named. */
export function readAuthorities(path: string): string {
  const read = readProjectFile(resolve(path), { folders: null, maxBytes: MAX_CA_BYTES })
  if ('bytes' in read) return read.bytes.toString('utf8')
  throw new UserError(`cannot read the certificates ${path}: the file ${read.reason}`, {
    code: 'unreadable-file',
  })
}

/** Asks until the daemon is ready or `waitMs` have passed. @returns the last answer. */
export async function awaitReadiness(query: ReadinessQuery, waitMs: number): Promise<ReadinessAnswer> {
  const end = performance.now() + waitMs
  for (;;) {
    const answer = await askReadiness(query)
    const leftMs = end - performance.now()
    if (answer.ok || leftMs <= 0) return answer
    await sleep(Math.min(ASK_INTERVAL_MS, leftMs))
  }
}

async function askReadiness({ url, timeoutMs, ca }: ReadinessQuery): Promise<ReadinessAnswer> {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const response = await get(url, { signal, ca })
    return answerOf(response.statusCode ?? 0, await bodyOf(response))
  } catch (error) {
    if (signal.aborted) return refused(`no answer within ${timeoutMs} ms`)
    return refused(describeNetworkFailure(networkErrorCode(error)) ?? messageOf(error))
  }
}

function get(
  url: URL,
  options: { readonly signal: AbortSignal; readonly ca: string | undefined },
): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((done, failed) => {
    // Without an agent the connection ends with the answer.
    request(url, { ...options, agent: false }, done)
      .on('error', failed)
      .end()
  })
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    // Leaving the loop closes the connection.
    if (length > MAX_ANSWER_BYTES) break
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Only the JSON of a daemon counts: a proxy or another program also answers with 200. */
function answerOf(status: number, body: string): ReadinessAnswer {
  const content = jsonOf(body) as { readonly ok?: unknown; readonly reasons?: unknown } | null
  if (typeof content?.ok !== 'boolean')
    return refused(`the answer with status ${status} is not one of Signalbox`)
  const reasons = Array.isArray(content.reasons) ? content.reasons.map(String) : []
  if (content.ok && status === 200) return { ok: true, reasons }
  return { ok: false, reasons: reasons.length > 0 ? reasons : [`the answer has status ${status}`] }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function refused(reason: string): ReadinessAnswer {
  return { ok: false, reasons: [reason] }
}
