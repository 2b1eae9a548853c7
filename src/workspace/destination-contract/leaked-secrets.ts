/** Finds secrets in outputs. */

/** Returns the secrets that a text contains: verbatim, within JSON, or within base64. */
export function leaked(secrets: readonly string[], text: string): string[] {
  const decoded = [...text.matchAll(/[A-Za-z0-9+/_-]{8,}/g)].map(([token]) =>
    Buffer.from(token, 'base64').toString('latin1'),
  )
  const texts = [text, ...decoded]
  return secrets.filter((secret) =>
    [secret, JSON.stringify(secret).slice(1, -1)].some((form) => texts.some((each) => each.includes(form))),
  )
}
