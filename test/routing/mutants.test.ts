// biome-ignore-all lint/suspicious/noTemplateCurlyInString: parts of the resolver's text
/** Changes the resolver in one place at a time: the truth table must reject each of these wrong resolvers. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { firstBreach, neighboursOf, type Resolve, readRows } from './truth-table.ts'

const RESOLVER = join(import.meta.dirname, '..', '..', 'src', 'routing', 'resolve-route.ts')

/** Each entry has a name, a text that occurs exactly once in the resolver, and its replacement. */
const MUTANTS: readonly (readonly [name: string, from: string, to: string])[] = [
  [
    'OutputIds beat destinations()',
    `byDestinationsFunction(request, registry, trace) ??
        byOutputIds(request, registry, trace) ??`,
    `byOutputIds(request, registry, trace) ??
        byDestinationsFunction(request, registry, trace) ??`,
  ],
  [
    'severity beats OutputIds',
    `byOutputIds(request, registry, trace) ??
        bySeverity(request, registry, trace)
      )`,
    `bySeverity(request, registry, trace) ??
        byOutputIds(request, registry, trace)
      )`,
  ],
  ['an empty list has no opinion', 'return { level, suppressed: true }\n      }', 'return null\n      }'],
  ['SKIP is ignored', 'if (names.includes(SKIP)) {', 'if (false) {'],
  [
    'SKIP together with names suppresses nothing',
    'names.includes(SKIP)',
    'names.every((name) => name === SKIP)',
  ],
  ['SKIP silences errors', "alertGroup(request.kind) === 'ALERT'", 'true'],
  ['SKIP in OutputIds is dropped', 'maySuppress ? request.outputIds :', 'false ? request.outputIds :'],
  ['strict is inverted', "filtered === 'strict' && strict", "filtered === 'strict' && !strict"],
  [
    'strict counts for nothing',
    "applyFilters(named, request, 'strict')",
    "applyFilters(named, request, 'none')",
  ],
  [
    'filters hold on explicit lists',
    "applyFilters(named, request, 'strict')",
    "applyFilters(named, request, 'all')",
  ],
  [
    'filters do not hold by severity',
    "applyFilters(recipients, request, 'all')",
    "applyFilters(recipients, request, 'strict')",
  ],
  [
    'a disabled destination is reached',
    'const filter = enabled ? isFiltered &&',
    'const filter = true ? isFiltered &&',
  ],
  [
    'an unknown list widens to severity',
    'return { level, destinations: reached }\n}\n\nfunction pickNamed',
    'return reached.length > 0 ? { level, destinations: reached } : bySeverity(request, registry, trace)\n}\n\nfunction pickNamed',
  ],
  [
    'one unknown name voids the list',
    'return { level, destinations: reached }\n}\n\nfunction pickNamed',
    'return { level, destinations: unknown.length > 0 ? [] : reached }\n}\n\nfunction pickNamed',
  ],
  ['unknown names are not reported', 'for (const name of unknown) {', 'for (const name of []) {'],
  ['ids are not known', 'new Map([...byId, ...destinations', 'new Map([...destinations'],
  ['a name and its id are two', 'named.add(destination)', 'named.add({ ...destination })'],
  [
    'the fallback is skipped',
    'if (reached.length > 0) {\n    trace.problem',
    'if (false) {\n    trace.problem',
  ],
  [
    'a disabled fallback is used',
    'findDestination(registry, name)?.enabled',
    'findDestination(registry, name)',
  ],
  [
    'an unrouted alert has no problem',
    "trace.problem('nobody', 'no destination accepts this alert, and no",
    "trace.step('nowhere', 'no destination accepts this alert, and no",
  ],
  [
    'the eleventh is cut',
    'for (const name of new Set(names)) {',
    'for (const name of [...new Set(names)].slice(0, 10)) {',
  ],
  [
    'a failed destinations() suppresses',
    "trace.problem('destinations-error', `destinations() failed: ${result.message}`)\n      return null",
    "trace.problem('destinations-error', `destinations() failed: ${result.message}`)\n      return { level, suppressed: true }",
  ],
  [
    'None suppresses',
    "trace.step(level, false, 'destinations() returned None')\n      return null",
    "trace.step(level, false, 'destinations() returned None')\n      return { level, suppressed: true }",
  ],
  [
    'destinations() is heard for errors',
    'return byOutputIds(request, registry, trace) ?? bySeverity(',
    'return byDestinationsFunction(request, registry, trace) ?? byOutputIds(request, registry, trace) ?? bySeverity(',
  ],
  [
    'a generated severity counts as static',
    "source === 'generated' ? 'generated-severity'",
    "source === 'generated' ? 'static-severity'",
  ],
  [
    'system alerts go by severity',
    'byAlertType(request, registry, trace)\n  }',
    'bySeverity(request, registry, trace)\n  }',
  ],
  ['without alertTypes system alerts are accepted', "alertGroup(request.kind) !== 'SYSTEM'", 'true'],
  ['the log type filter is upside down', 'logTypes && !anyGlobMatches', 'logTypes && anyGlobMatches'],
  ['the alert type filter is forgotten', "if (!typeAccepted) return 'alertTypes'", ''],
]

const rows = readRows()
const source = readFileSync(RESOLVER, 'utf8')
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-mutants-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** The text as a module of its own; what it imports stays where it is. */
async function resolverOf(text: string, name: string): Promise<Resolve> {
  const home = pathToFileURL(RESOLVER)
  const rooted = stripTypeScriptTypes(text).replace(
    /from '(\.[^']+)'/g,
    (_, path: string) => `from '${new URL(path, home).href}'`,
  )
  const file = join(folder, `${name.replace(/\W+/g, '-')}.mjs`)
  writeFileSync(file, rooted)
  const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { resolveRoute: Resolve }
  return module.resolveRoute
}

describe('the truth table', () => {
  it('accepts the unchanged resolver that is loaded in this way', async () => {
    expect(firstBreach(await resolverOf(source, 'unchanged'), rows, neighboursOf)).toBeNull()
  })

  it.each(MUTANTS)('rejects the wrong resolver: %s', async (name, from, to) => {
    expect(source.split(from), 'the text to be replaced occurs exactly once').toHaveLength(2)
    const mutant = await resolverOf(
      source.replace(from, () => to),
      name,
    )
    expect(firstBreach(mutant, rows, neighboursOf)).not.toBeNull()
  })
})
