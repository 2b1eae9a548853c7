/** Signs timestamp and body with HMAC-SHA256. The timestamp lets a receiver reject replays. Pure. */
import { createHmac } from 'node:crypto'

export function signature(secret: string, atMs: number, body: string | Buffer): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1_000))
  const digest = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex')
  return { 'x-signalbox-timestamp': timestamp, 'x-signalbox-signature': `sha256=${digest}` }
}
