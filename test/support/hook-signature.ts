/** Signs requests of hooks as the providers do, by the HMAC of Python: the code under test signs nothing here. */
import { execFileSync } from 'node:child_process'

const SCRIPT =
  'import hmac,sys; print(hmac.new(sys.argv[1].encode(),sys.stdin.buffer.read(),"sha256").hexdigest())'

function hmac(secret: string, text: string): string {
  return execFileSync('python3', ['-c', SCRIPT, secret], { input: text, encoding: 'utf8' }).trim()
}

export function slackHeaders(secret: string, body: string, at: number): Record<string, string> {
  const timestamp = String(Math.floor(at / 1_000))
  return {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': `v0=${hmac(secret, `v0:${timestamp}:${body}`)}`,
  }
}

export function pagerDutyHeaders(secret: string, body: string): Record<string, string> {
  return { 'content-type': 'application/json', 'x-pagerduty-signature': `v1=${hmac(secret, body)}` }
}

export function jiraHeaders(secret: string, body: string): Record<string, string> {
  return { 'content-type': 'application/json', 'x-hub-signature': `sha256=${hmac(secret, body)}` }
}
