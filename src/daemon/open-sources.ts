/** Opens the sources that `--from` and signalbox.yaml name. */
import { resolve } from 'node:path'
import { loaderOf } from '../core/catalog.ts'
import { didYouMean } from '../core/did-you-mean.ts'
import { UserError } from '../errors.ts'
import { SOURCE_TYPES } from '../sources/_catalog.ts'
import type { PartitionedSource, Source, SourceSpec, SourceType } from '../sources/_source.ts'
import { parseSourceSpec } from '../sources/_source-spec.ts'

export interface OpenedSource {
  readonly spec: SourceSpec
  /** Idempotency keys of sources with the same space are the same keys, also at other daemons. */
  readonly keySpace: string
  readonly source: Source | PartitionedSource
}

interface NamedSources {
  /** Source specs of `--from`; relative paths start at the working directory. */
  readonly from: readonly string[]
  /** Source specs of signalbox.yaml, used if there is no `--from`; relative paths start at the project. */
  readonly configured: readonly string[]
  readonly projectRoot: string
  /** The address of one more source, `HOST:PORT`. */
  readonly http: string | undefined
}

export async function openSources({
  from,
  configured,
  projectRoot,
  http,
}: NamedSources): Promise<OpenedSource[]> {
  const named = from.length > 0 ? from : configured.map((text) => inProject(text, projectRoot))
  const texts = [...named, ...(http === undefined ? [] : [`http://${http}`])]
  if (texts.length === 0) {
    throw new UserError('no source configured', {
      code: 'no-source',
      hint: 'name one with --from, for example --from stdin, or under `sources` in signalbox.yaml',
    })
  }
  const specs = texts.map(parseSourceSpec)
  refuseDuplicates(specs.map(({ name }) => name))
  refuseDuplicates(specs.map(({ address }) => address))
  const opened = await Promise.all(
    specs.map(async (spec) => ({
      spec,
      keySpace: keySpaceOf(spec, specs),
      source: (await typeOf(spec)).open(spec),
    })),
  )
  refuseSameCursors(opened)
  return opened
}

function refuseDuplicates(names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice === undefined) return
  throw new UserError(`duplicate source ${twice}`, {
    code: 'duplicate-source',
    hint: 'name each source once',
  })
}

/**
 * A client may send its request again to another daemon, whose address differs. Only where a daemon has several sources of
 * a scheme without names, each keeps the keys of its address apart.
 */
function keySpaceOf(spec: SourceSpec, all: readonly SourceSpec[]): string {
  if (isNamed(spec)) return spec.name
  const alike = all.filter((each) => each.scheme === spec.scheme && !isNamed(each))
  return alike.length === 1 ? spec.scheme : spec.address
}

function isNamed({ name, address }: SourceSpec): boolean {
  return name !== address
}

/** Two sources with one stored name would take the partitions of each other. */
function refuseSameCursors(opened: readonly OpenedSource[]): void {
  const names = new Map<string, string>()
  for (const { spec, source } of opened) {
    if (!('list' in source)) continue
    const other = names.get(source.storedName)
    if (other !== undefined)
      throw new UserError(`${other} and ${spec.name} have the same name ${source.storedName} in the store`, {
        code: 'duplicate-source',
        hint: 'give one of them another name, for example ?name=second',
      })
    names.set(source.storedName, spec.name)
  }
}

function inProject(text: string, projectRoot: string): string {
  return text.startsWith('file:') ? `file:${resolve(projectRoot, text.slice('file:'.length))}` : text
}

function typeOf({ scheme }: SourceSpec): Promise<SourceType> {
  const load = loaderOf(SOURCE_TYPES, scheme)
  if (load) return load()
  const names = Object.keys(SOURCE_TYPES)
  throw new UserError(`unknown source "${scheme}"`, {
    code: 'unknown-source',
    hint: `${didYouMean(scheme, names)}known: ${names.join(', ')}`,
  })
}
