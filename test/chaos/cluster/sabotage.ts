/** Removes one protection of the product, so that a run must find its absence. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A text of the product, and what stands in its place. */
interface Change {
  /** A file, or a folder whose files are searched. */
  readonly path: string
  readonly sound: string
  readonly broken: string
}

const MIGRATIONS = 'src/store/postgres/migrations'

/** Races are short. A sabotage that only opens one also makes it longer; the wait alone does no harm. */
const WAIT_MS = 300

export const SABOTAGES: Readonly<Record<string, readonly Change[]>> = {
  /** A commit compares neither the owner nor the version of its cursor. */
  'blind-cursor': [
    { path: MIGRATIONS, sound: 'c.owner = h.owner AND c.version = h.version', broken: 'true' },
  ],
  /** The cursor is committed before the effects of its events, which are committed a moment later. */
  'early-cursor': [
    {
      path: 'src/pipeline/pipeline.ts',
      sound: `    const expected = { ...planner.expected, cursors, items: cached.expected }
`,
      broken: `    if (claim !== null && plan.cursors.length > 0) {
      const early = { ...EMPTY_PLAN, cursors: plan.cursors }
      const nothing = { groups: new Map(), limiters: new Map(), items: new Map() }
      const { answer } = await store.apply(early, { ...nothing, cursors })
      claim.record(answer, true)
      if (answer === 'fenced') throw new Error('fenced')
      plan.cursors = []
      cursors.set(claim.source, claim.expected)
      await new Promise((resolve) => setTimeout(resolve, ${5 * WAIT_MS}))
    }
    const expected = { ...planner.expected, cursors, items: cached.expected }
`,
    },
  ],
  /** Each daemon decides by its own project alone which destinations are gone. */
  'own-registry': [
    {
      path: MIGRATIONS,
      sound:
        "known := ARRAY(SELECT DISTINCT jsonb_array_elements_text(v->'knownKeys') FROM jsonb_array_elements(voices) AS t(v));",
      broken: "known := ARRAY(SELECT jsonb_array_elements_text(registry->'member'->'knownKeys'));",
    },
    { path: MIGRATIONS, sound: 'IF own_generation = newest THEN', broken: 'IF true THEN' },
    { path: 'src/delivery/delivery.ts', sound: 'INTERVAL_MS = 10_000', broken: 'INTERVAL_MS = 500' },
    {
      path: MIGRATIONS,
      sound: "since <= now_ms - (registry->>'orphanAfterMs')::double precision",
      broken: 'true',
    },
  ],
  /** Signals get their numbers before the end of their commit, so that a lower one can come after a higher one. */
  'early-numbers': [
    {
      path: MIGRATIONS,
      sound:
        "UPDATE counter SET value = value + many WHERE name = 'signal' RETURNING value INTO last_number;",
      broken: `last_number := nextval('early_number');
    PERFORM pg_sleep(random() * ${(2 * WAIT_MS) / 1_000});`,
    },
    {
      path: MIGRATIONS,
      sound: '-- Numbers are given last,',
      broken: 'CREATE SEQUENCE early_number INCREMENT 100000 START 100000;\n-- Numbers are given last,',
    },
    {
      path: 'src/store/postgres/signal-rows.ts',
      sound: "SELECT value FROM counter WHERE name = 'signal'",
      broken: 'SELECT last_value AS value FROM early_number',
    },
  ],
  /** A cached item is written whatever another daemon has written meanwhile. */
  'blind-counter': [
    { path: MIGRATIONS, sound: "WHERE coalesce(t.version, '') <> e.version", broken: 'WHERE false' },
    {
      path: MIGRATIONS,
      sound:
        "WHERE item.expected IS NULL OR t.version = item.expected OR (item.expected = '' AND t.expires_at <= now_ms);",
      broken: ';',
    },
  ],
}

/** Returns a copy of the checkout without the protection. */
export function sabotagedCheckout(checkout: string, kind: string): string {
  const texts = sabotagedTexts(checkout, kind)
  const copy = mkdtempSync(join(tmpdir(), 'signalbox-sabotaged-'))
  for (const name of ['src', 'bin', 'package.json'])
    cpSync(join(checkout, name), join(copy, name), { recursive: true })
  symlinkSync(join(checkout, 'node_modules'), join(copy, 'node_modules'))
  for (const [path, text] of texts) writeFileSync(join(copy, path), text)
  return copy
}

/** The changed files by their paths. Throws if the product does not have a text any more. */
export function sabotagedTexts(checkout: string, kind: string): ReadonlyMap<string, string> {
  const changes = SABOTAGES[kind]
  if (!changes) throw new Error(`unknown sabotage ${kind}: use ${Object.keys(SABOTAGES).join(', ')}`)
  const texts = new Map<string, string>()
  for (const { path, sound, broken } of changes) {
    const at = join(checkout, path)
    const paths = statSync(at).isDirectory() ? readdirSync(at).map((name) => join(path, name)) : [path]
    const textOf = (file: string) => texts.get(file) ?? readFileSync(join(checkout, file), 'utf8')
    const found = paths.filter((file) => textOf(file).includes(sound))
    if (found.length === 0) throw new Error(`the text to change is not in ${path} any more: ${sound}`)
    for (const file of found)
      texts.set(
        file,
        textOf(file).replaceAll(sound, () => broken),
      )
  }
  return texts
}
