/** Opens the sources that `--from` and signalbox.yaml name, and hands each what it needs. */
import { resolve } from 'node:path'
import { loaderOf } from '../core/catalog.ts'
import { didYouMean } from '../core/did-you-mean.ts'
import { UserError } from '../errors.ts'
import { SOURCE_TYPES } from '../sources/_catalog.ts'
import type { Source, SourceSpec, SourceType } from '../sources/_source.ts'
import { parseSourceSpec } from '../sources/_source-spec.ts'

export interface OpenedSource {
  readonly spec: SourceSpec
  readonly source: Source
}

interface NamedSources {
  /** `--from` texts; relative paths start where the command was called. */
  readonly from: readonly string[]
  /** Those of signalbox.yaml, used where no `--from` is given; relative paths start at the project. */
  readonly configured: readonly string[]
  readonly projectRoot: string
  /** One more, `HOST:PORT`. */
  readonly http: string | undefined
}

export async function openSources({
  from,
  configured,
  projectRoot,
  http,
}: NamedSources): Promise<OpenedSource[]> {
  const named = from.length > 0 ? from : configured.map((text) => inProject(text, projectRoot))
  const all = [...named, ...(http === undefined ? [] : [`http://${http}`])]
  if (all.length === 0) {
    throw new UserError('there is no source to read events from', {
      hint: 'name one with --from, for example --from stdin, or under `sources` in signalbox.yaml',
    })
  }
  const specs = all.map(parseSourceSpec)
  const names = specs.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice) throw new UserError(`the source ${twice} is named twice`)
  return Promise.all(specs.map(async (spec) => ({ spec, source: (await typeOf(spec)).open(spec) })))
}

function inProject(text: string, projectRoot: string): string {
  return text.startsWith('file:') ? `file:${resolve(projectRoot, text.slice('file:'.length))}` : text
}

function typeOf({ scheme }: SourceSpec): Promise<SourceType> {
  const load = loaderOf(SOURCE_TYPES, scheme)
  if (load) return load()
  const names = Object.keys(SOURCE_TYPES)
  throw new UserError(`unknown source "${scheme}"`, {
    hint: `${didYouMean(scheme, names)}known: ${names.join(', ')}`,
  })
}
