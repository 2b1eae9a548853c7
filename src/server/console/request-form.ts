/** Reads the body of a form. */
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

  all(name: string): readonly string[] {
    return this.#fields.getAll(name)
  }
}

/** The page to return to: a path of this server, or the given one. */
export function returnPath(given: string, otherwise: string): string {
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(given) ? given : otherwise
}
