/** Builds schemas of options that many types have. */
import { env, file } from '../_options.ts'

/** The schema of a URL that is itself the credential. */
export function secretUrl(variable: string, description: string): object {
  return { type: 'string', pattern: '^https?://', secret: true, examples: [env(variable)], description }
}

export function secretText(variable: string, description: string): object {
  return { type: 'string', minLength: 1, secret: true, examples: [env(variable)], description }
}

export function googleCredentials(example: string): object {
  return {
    type: 'string',
    minLength: 1,
    secret: true,
    examples: [file(example)],
    description:
      "JSON of a service account's key or of workload identity federation; else the application default credentials.",
  }
}

/** The schema of the base URL of a provider, for regions, self-hosted editions and proxies. */
export function apiUrl(provider: string, description: string, examples: readonly string[] = []): object {
  return {
    type: 'string',
    pattern: '^https?://',
    default: provider,
    ...(examples.length > 0 && { examples }),
    description,
  }
}

export function text(description: string, example?: unknown, more: object = {}): object {
  return {
    type: 'string',
    minLength: 1,
    ...(example !== undefined && { examples: [example] }),
    description,
    ...more,
  }
}
