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

export { leaked } from '../../src/workspace/destination-contract/leaked-secrets.ts'
