/** HMAC-SHA256 over timestamp and body. The timestamp is signed too, so that a receiver can refuse replays. Pure. */
import { createHmac } from 'node:crypto'

export function signature(secret: string, atMs: number, body: string): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1_000))
  const digest = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')
  return { 'x-signalbox-timestamp': timestamp, 'x-signalbox-signature': `sha256=${digest}` }
}
