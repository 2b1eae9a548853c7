/** A real SMTP server that offers STARTTLS and takes one user, and a parser of mails that is not of its make. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

const pem = (name: string) => readFileSync(join(import.meta.dirname, 'tls', name), 'utf8')

export const SMTP_PASSWORD = 'T0KEN-of-smtp'

export interface MailServer {
  readonly port: number
  readonly mails: ParsedMail[]
  /** The mails as they were received. */
  readonly raw: Buffer[]
  readonly signedIn: string[]
  readonly encrypted: boolean[]
  /** The names in EHLO. */
  readonly greeted: string[]
  close(): Promise<void>
}

/** @param accepted the password or access token that it takes. */
export async function startMail(over: SMTPServerOptions = {}, accepted = SMTP_PASSWORD): Promise<MailServer> {
  const mails: ParsedMail[] = []
  const raw: Buffer[] = []
  const signedIn: string[] = []
  const encrypted: boolean[] = []
  const greeted: string[] = []
  const smtp = new SMTPServer({
    key: pem('server.key'),
    cert: pem('server.pem'),
    authOptional: true,
    onAuth({ username, password, accessToken }, _session, done) {
      const given = accessToken ?? password
      if (given !== accepted) return done(new Error('wrong password'))
      signedIn.push(username ?? '')
      return done(null, { user: username })
    },
    onData(stream, session, done) {
      encrypted.push(session.secure)
      greeted.push(session.hostNameAppearsAs)
      readMail(stream).then(([bytes, mail]) => {
        raw.push(bytes)
        mails.push(mail)
        done()
      }, done)
    },
    ...over,
  })
  smtp.on('error', () => {})
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
  const { port } = smtp.server.address() as { port: number }
  return {
    port,
    mails,
    raw,
    signedIn,
    encrypted,
    greeted,
    close: () => new Promise((resolve) => smtp.close(() => resolve())),
  }
}

async function readMail(stream: AsyncIterable<Buffer>): Promise<[Buffer, ParsedMail]> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  return [bytes, await simpleParser(bytes)]
}

/** A mail as Python's parser understands it. */
export interface MailOfPython {
  readonly defects: readonly string[]
  /** ISO time; null: the header is no date. */
  readonly date: string | null
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly counts: Readonly<Record<string, number>>
  readonly to: readonly string[]
  /** Texts by content type. */
  readonly bodies: Readonly<Record<string, string>>
}

export function parseWithPython(mail: Buffer): MailOfPython {
  const script = join(import.meta.dirname, 'parse-mail.py')
  return JSON.parse(
    execFileSync('python3', [script], { input: mail, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }),
  ) as MailOfPython
}
