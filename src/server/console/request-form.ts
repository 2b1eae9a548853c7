/** Reads the body of a form. */
import { createHash, randomUUID } from 'node:crypto'

export const MAX_FORM_BYTES = 256 * 1024

export class FormFields {
  readonly #fields: URLSearchParams

  constructor(body: unknown) {
    this.#fields = new URLSearchParams(Buffer.isBuffer(body) ? body.toString('utf8') : '')
  }

  /** Returns the value without spaces around it; empty if the form has none. Lines of a text end with a line feed. */
  text(name: string): string {
    return (this.#fields.get(name) ?? '').replaceAll('\r\n', '\n').trim()
  }

  get encoded(): string {
    return this.#fields.toString()
  }

  all(name: string): readonly string[] {
    return this.#fields.getAll(name)
  }
}

/** The same form of the same page has the same id, so that a double click acts once; other fields are another request. */
export function formRequestId(subject: string, url: string, form: FormFields): string {
  const page = form.text('_form') || randomUUID()
  const digest = createHash('sha256').update(JSON.stringify([subject, url, page, form.encoded]))
  return `console:${digest.digest('base64url')}`
}

/** The page to return to: a path of this server, or the given one. */
export function returnPath(given: string, otherwise: string): string {
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(given) ? given : otherwise
}
