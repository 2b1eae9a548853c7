/** The sessions of people who have signed in with a token. They end with the process. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

export const SESSION_TTL_MS = 12 * 3_600_000
/** The oldest session of a token ends when there are more, so that one token ends no session of another. */
const MAX_SESSIONS_PER_TOKEN = 100
const ID_BYTES = 32

interface Session {
  /** It is checked for every request, so that a token that was removed ends its sessions. */
  readonly token: string
  readonly endsAt: number
}

export class Sessions {
  readonly #sessions = new Map<string, Session>()
  readonly #key = randomBytes(ID_BYTES)

  /** Returns the id of the session, which is the value of the cookie. */
  begin(token: string, now: number): string {
    const id = randomBytes(ID_BYTES).toString('base64url')
    this.#sessions.set(id, { token, endsAt: now + SESSION_TTL_MS })
    const ofToken = [...this.#sessions].flatMap(([each, session]) => (session.token === token ? [each] : []))
    if (ofToken.length > MAX_SESSIONS_PER_TOKEN) this.#sessions.delete(ofToken[0]!)
    return id
  }

  tokenOf(id: string, now: number): string | null {
    const session = this.#sessions.get(id)
    if (!session) return null
    if (session.endsAt > now) return session.token
    this.#sessions.delete(id)
    return null
  }

  end(id: string): void {
    this.#sessions.delete(id)
  }

  /** What the forms of a session carry. No other site can compute it. @param subject the id of the session, or the name of who acts without one. */
  forgeryToken(subject: string): string {
    return createHmac('sha256', this.#key).update(subject).digest('base64url')
  }

  isForgeryToken(subject: string, given: string): boolean {
    const expected = Buffer.from(this.forgeryToken(subject))
    const bytes = Buffer.from(given)
    return bytes.length === expected.length && timingSafeEqual(bytes, expected)
  }
}
