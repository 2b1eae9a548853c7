/**
 * Chooses versions that satisfy the requested requirements and those of the chosen packages. It does not backtrack: it
 * takes the newest matching version of each package, also where only an older one would satisfy all.
 */
import { explain, filter, rcompare, satisfies } from '@renovatebot/pep440'
import { UserError } from '../errors.ts'
import type { IndexFile, PackageIndex } from './index-client.ts'
import { applies, normalName, parseRequirement, type Requirement } from './requirement.ts'
import { PYTHON_VERSION, parseWheelName, readWheel, type Wheel } from './wheel.ts'

export interface Resolution {
  readonly name: string
  readonly version: string
  readonly file: string
  readonly sha256: string
  readonly wheel: Wheel
}

interface RequirementWithOrigin extends Requirement {
  /** The name of the package that has the requirement, or `you`. */
  readonly requestedBy: string
}

const MAX_ROUNDS = 50

/** @param preferred versions to keep where they still fit: those of the lock. */
export async function resolve(
  requested: readonly Requirement[],
  index: PackageIndex,
  preferred: ReadonlyMap<string, string>,
): Promise<Resolution[]> {
  const resolver = new Resolver(index, preferred)
  let requirements: RequirementWithOrigin[] = requested.map((each) => ({ ...each, requestedBy: 'you' }))
  let changing: string[] = []
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const chosen = await resolver.choose(requirements)
    const wanted = [
      ...requirements.filter(({ requestedBy }) => requestedBy === 'you'),
      ...chosen.flatMap((each) => requirementsOf(each, requirements)),
    ]
    if (sameRequirements(wanted, requirements)) return chosen.sort((a, b) => (a.name < b.name ? -1 : 1))
    changing = changedNames(requirements, wanted)
    requirements = wanted
  }
  throw new UserError(
    `could not resolve dependency versions (no backtracking after ${MAX_ROUNDS} rounds): ${changing.join(', ')}`,
    { code: 'unresolved-versions', hint: 'name exact versions, as in NAME==VERSION' },
  )
}

class Resolver {
  readonly #index: PackageIndex
  readonly #preferred: ReadonlyMap<string, string>
  readonly #files = new Map<string, Promise<IndexFile[]>>()
  readonly #wheels = new Map<string, Promise<Resolution>>()

  constructor(index: PackageIndex, preferred: ReadonlyMap<string, string>) {
    this.#index = index
    this.#preferred = preferred
  }

  /** One package for each required name. */
  async choose(requirements: readonly RequirementWithOrigin[]): Promise<Resolution[]> {
    const chosen: Resolution[] = []
    for (const [name, ofName] of Map.groupBy(requirements, (requirement) => requirement.name)) {
      const files = await cached(this.#files, name, () => this.#index.files(name))
      const file = pick(name, ofName, files, this.#preferred.get(name))
      chosen.push(await cached(this.#wheels, file.file, () => this.#fetch(name, file)))
    }
    return chosen
  }

  async #fetch(name: string, file: IndexFile): Promise<Resolution> {
    const wheel = readWheel(await this.#index.download(file), file.file)
    const { version } = parseWheelName(file.file)!
    return { name, version, file: file.file, sha256: file.sha256!, wheel }
  }
}

function cached<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? make()
  known.set(key, found)
  return found
}

function requirementsOf(
  { name, wheel }: Resolution,
  requirements: readonly RequirementWithOrigin[],
): RequirementWithOrigin[] {
  const extras = requirements.flatMap((requirement) => (requirement.name === name ? requirement.extras : []))
  return wheel.requires
    .map(parseRequirement)
    .filter((each) => applies(each, extras))
    .map((each) => ({ ...each, requestedBy: name }))
}

function sameRequirements(a: readonly RequirementWithOrigin[], b: readonly RequirementWithOrigin[]): boolean {
  const text = (requirements: readonly RequirementWithOrigin[]) =>
    JSON.stringify(requirements.map((each) => JSON.stringify(each)).sort())
  return text(a) === text(b)
}

/** The packages whose requirements differ between two rounds. */
function changedNames(
  before: readonly RequirementWithOrigin[],
  after: readonly RequirementWithOrigin[],
): string[] {
  const names = new Set([...before, ...after].map(({ name }) => name))
  const ofName = (all: readonly RequirementWithOrigin[], name: string) =>
    all.filter((each) => each.name === name)
  return [...names].filter((name) => !sameRequirements(ofName(before, name), ofName(after, name))).sort()
}

/** The preferred wheel if it matches the requirements, else the newest one that does. */
function pick(
  name: string,
  requirements: readonly RequirementWithOrigin[],
  files: readonly IndexFile[],
  preferred?: string,
): IndexFile {
  const versions = requirements
    .map((requirement) => requirement.versions)
    .filter((text) => text !== '')
    .join(',')
  const named = files.flatMap((file) => {
    const parsed = parseWheelName(file.file)
    return parsed && normalName(parsed.distribution) === name ? [{ ...parsed, file }] : []
  })
  const known = named.filter(({ version }) => explain(version) !== null)
  const allowed = new Set(
    matchingVersions(
      known.map(({ version }) => version),
      versions,
    ),
  )
  const candidates = known
    .filter(({ version, isPure, file }) => allowed.has(version) && isPure && isOffered(file, versions))
    .sort((a, b) => rcompare(a.version, b.version))
  const kept = candidates.find(({ version }) => version === preferred)
  const [best] = kept ? [kept] : candidates
  if (best) return best.file
  const isCompiled = known.some(({ version }) => allowed.has(version))
  const message = unresolvedMessage(name, requirements, { files, isCompiled })
  if (isCompiled) {
    throw new UserError(message, {
      code: 'compiled-package',
      hint: 'use a pure-Python package: only those run in the sandbox',
    })
  }
  const requesters = requirements.flatMap(({ requestedBy }) => (requestedBy === 'you' ? [] : [requestedBy]))
  throw new UserError(message, {
    code: 'no-matching-version',
    // Older versions of the requesting package are not tried.
    hint:
      requesters.length === 0
        ? 'require another version'
        : `require another version, or an older version of ${[...new Set(requesters)].join(' or ')}: the resolver tries only the newest`,
  })
}

function isOffered({ isYanked, requiresPython }: IndexFile, versions: string): boolean {
  if (isYanked && !/(?:^|,)===?/.test(versions)) return false
  return requiresPython === null || satisfies(`${PYTHON_VERSION}.0`, requiresPython)
}

/** Pre-releases only where they are asked for, or there is nothing else. */
function matchingVersions(versions: readonly string[], specifier: string): string[] {
  const all = filter([...versions], specifier || '>=0', { prereleases: true })
  const stable = all.filter((version) => !explain(version)!.is_prerelease)
  return stable.length > 0 ? stable : all
}

function unresolvedMessage(
  name: string,
  requirements: readonly RequirementWithOrigin[],
  { files, isCompiled }: { readonly files: readonly IndexFile[]; readonly isCompiled: boolean },
): string {
  const asked = requirements.flatMap(({ versions, requestedBy }) => {
    const who = requestedBy === 'you' ? '' : `${versions && ' '}(by ${requestedBy})`
    return versions || who ? [`${versions}${who}`] : []
  })
  const what = [name, asked.join(', ')].filter(Boolean).join(' ')
  if (isCompiled)
    return `${what} requires a compiled extension: no pure-Python wheel for Python ${PYTHON_VERSION}`
  const hasWheels = files.some(({ file }) => file.endsWith('.whl'))
  if (!hasWheels && files.length > 0) return `${name} has no wheel, only source archives`
  return `no version matches ${what}`
}
