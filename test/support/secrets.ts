/** Implements the port for secrets with a plain record. `${env:X}` is read at every call, so a test can rotate it. */

import { UserError } from '../../src/errors.ts'
import type { Secrets } from '../../src/model/ports.ts'

export function testSecrets(environment: Readonly<Record<string, string>>): Secrets {
  return {
    reveal: async (options) => {
      const used: string[] = []
      const text = JSON.stringify(options).replace(/\$\{env:(\w+)\}/g, (_, name: string) => {
        const value = environment[name]
        if (value === undefined) throw new UserError(`the environment variable ${name} is not set`)
        used.push(value)
        return value
      })
      return {
        options: JSON.parse(text) as Record<string, unknown>,
        redact: (line) => used.reduce((rest, value) => rest.replaceAll(value, '<secret>'), line),
      }
    },
  }
}

/** `${env:NAME}` as it stands in destinations.yaml. */
export function envReference(name: string): string {
  return `\${env:${name}}`
}

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
