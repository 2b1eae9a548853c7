/** Sends small requests of sources to AWS. */
import { describeNetworkFailure, networkErrorCode } from '../core/network-failure.ts'
import { messageOf, RetryableError } from '../errors.ts'
import type { HttpRequest, HttpResponse } from '../model/ports.ts'

/** Rejects with a RetryableError if there is no answer. A redirect is no answer. */
export async function sendAwsRequest(
  { method, url, headers, body }: HttpRequest,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const content = method === 'GET' ? {} : { body }
  try {
    const response = await fetch(url, { method, headers, signal, redirect: 'error', ...content })
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    }
  } catch (cause) {
    // The message of `fetch` itself says nothing.
    const inner = cause instanceof Error ? (cause.cause ?? cause) : cause
    const reason = describeNetworkFailure(networkErrorCode(cause)) ?? messageOf(inner)
    throw new RetryableError(`${new URL(url).host} does not answer: ${reason}`, { cause })
  }
}
