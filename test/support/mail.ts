/** A real SMTP server that offers STARTTLS and takes one user. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

const pem = (name: string) => readFileSync(join(import.meta.dirname, 'tls', name), 'utf8')

export const SMTP_PASSWORD = 'T0KEN-of-smtp'

export interface MailServer {
  readonly port: number
  readonly mails: ParsedMail[]
  readonly signedIn: string[]
  readonly encrypted: boolean[]
  close(): Promise<void>
}

export async function startMail(over: SMTPServerOptions = {}): Promise<MailServer> {
  const mails: ParsedMail[] = []
  const signedIn: string[] = []
  const encrypted: boolean[] = []
  const smtp = new SMTPServer({
    key: pem('server.key'),
    cert: pem('server.pem'),
    authOptional: true,
    onAuth({ username, password }, _session, done) {
      if (password !== SMTP_PASSWORD) return done(new Error('wrong password'))
      signedIn.push(username ?? '')
      return done(null, { user: username })
    },
    onData(stream, session, done) {
      encrypted.push(session.secure)
      simpleParser(stream).then((mail) => {
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
    signedIn,
    encrypted,
    close: () => new Promise((resolve) => smtp.close(() => resolve())),
  }
}
