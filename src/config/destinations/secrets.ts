/** Resolves secrets when they are sent, and redacts them from texts. Nothing here is ever logged. */
import { resolve } from 'node:path'
import { UserError } from '../../errors.ts'
import { readProjectFile } from '../../files/project-file.ts'
import type { RevealedOptions, Secrets } from '../../model/ports.ts'
import type { Destination, Registry } from '../../model/project/destination.ts'
import {
  findReferences,
  mapTexts,
  replaceReferences,
  type SecretReference,
  textsIn,
} from './secret-references.ts'

interface SecretLocations {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly projectRoot: string
  /** Folders beside the project that `${file:}` may read. */
  readonly secretsDirs?: readonly string[]
}

export interface ProjectSecrets extends Secrets {
  /** The missing secrets of the enabled destinations, one line each: `soc-slack: ${env:X} is not set`. */
  missing(registry: Registry): Promise<readonly string[]>
  /** Absolute paths of the files that the enabled destinations read. */
  files(destinations: readonly Destination[]): readonly string[]
}

const MAX_SECRET_BYTES = 64 * 1024

export function createSecrets(locations: SecretLocations): ProjectSecrets {
  // The environment is read at the start; later changes have no effect.
  const frozen = { ...locations, environment: { ...locations.environment } }
  return {
    reveal: (options) => reveal(options, frozen),
    missing: (registry) => findMissing(registry, frozen),
    files: (destinations) => filesOf(destinations, frozen),
  }
}

async function reveal(
  options: Readonly<Record<string, unknown>>,
  locations: SecretLocations,
): Promise<RevealedOptions> {
  const values = new Map<string, string>()
  for (const reference of textsIn(options).flatMap((text) => findReferences(text).references)) {
    if (values.has(reference.text)) continue
    const found = lookUp(reference, locations)
    if ('reason' in found) {
      const hint = reference.kind === 'env' ? `set ${reference.name} in the environment` : undefined
      throw new UserError(`${reference.text} ${found.reason}`, { code: 'missing-secret', hint })
    }
    values.set(reference.text, found.value)
  }
  const revealed = mapTexts(options, (text) => replaceReferences(text, ({ text: key }) => values.get(key)!))
  return { options: revealed, redact: redactor(values.values()) }
}

async function findMissing(registry: Registry, locations: SecretLocations): Promise<string[]> {
  const lacking: string[] = []
  for (const destination of registry.destinations.filter((one) => one.enabled)) {
    const references = textsIn(destination.options).flatMap((text) => findReferences(text).references)
    for (const [text, reference] of new Map(references.map((one) => [one.text, one]))) {
      const found = lookUp(reference, locations)
      if ('reason' in found) lacking.push(`${destination.name}: ${text} ${found.reason}`)
    }
  }
  return lacking
}

function filesOf(destinations: readonly Destination[], locations: SecretLocations): string[] {
  return destinations
    .filter(({ enabled }) => enabled)
    .flatMap(({ options }) => textsIn(options).flatMap((text) => findReferences(text).references))
    .flatMap((reference) => {
      const found = lookUp(reference, locations)
      return 'value' in found && found.path !== undefined ? [found.path] : []
    })
}

/** Options for a preview: every reference reads `<secret>`. */
export function placeholders(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return mapTexts(options, (text) => replaceReferences(text, () => '<secret>'))
}

type Lookup = { readonly value: string; readonly path?: string } | { readonly reason: string }

function lookUp({ kind, name }: SecretReference, locations: SecretLocations): Lookup {
  if (kind === 'file') return readSecret(name, locations)
  const value = locations.environment[name]
  if (value === undefined) return { reason: 'is not set' }
  return value === '' ? { reason: 'is empty' } : { value }
}

/** Relative paths start at the project, then at each of the secrets folders. */
function readSecret(name: string, { projectRoot, secretsDirs = [] }: SecretLocations): Lookup {
  const folders = [projectRoot, ...secretsDirs]
  for (const folder of folders) {
    const path = resolve(folder, name)
    const read = readProjectFile(path, { folders, maxBytes: MAX_SECRET_BYTES })
    if ('bytes' in read) return secretIn(read.bytes, path)
    if (read.code === 'missing-file' || read.code === 'broken-link') continue
    if (read.code !== 'outside-project') return read
    return { reason: 'is outside the project and the --secrets-dir directories' }
  }
  return { reason: 'does not exist' }
}

function secretIn(bytes: Buffer, path: string): Lookup {
  const value = bytes.toString('utf8').replace(/\r?\n$/, '')
  return value === '' ? { reason: 'is empty' } : { value, path }
}

const MIN_REDACTED_LENGTH = 4

/** Each secret, also as it looks inside a URL, a form or JSON text. Longer ones first, so that no rest remains. */
function redactor(secrets: Iterable<string>): (text: string) => string {
  const forms = new Set<string>()
  for (const secret of secrets) {
    for (const form of [secret, ...encodedForms(secret)]) {
      if (form.length >= MIN_REDACTED_LENGTH) forms.add(form)
    }
  }
  const ordered = [...forms].sort((a, b) => b.length - a.length)
  return (text) => ordered.reduce((rest, form) => rest.replaceAll(form, '<secret>'), text)
}

function encodedForms(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1)
  const form = new URLSearchParams([['', secret]]).toString().slice(1)
  const url = URL.canParse(secret) ? [new URL(secret).href] : []
  return [encodeUri(secret, encodeURIComponent), encodeUri(secret, encodeURI), form, json, ...url]
}

/** Lone surrogates cannot be encoded, so they cannot appear encoded either. */
function encodeUri(secret: string, encode: (text: string) => string): string {
  return encode(secret.toWellFormed())
}
