/** Finds table names after FROM and JOIN that panther_analysis_tool rejects. */

/** Words after FROM and JOIN that are not tables. */
const NO_TABLE = new Set(['lateral', 'table', 'values', 'select', 'unnest', 'dual', 'identifier'])
/** Functions with a FROM of their own, as in `extract(hour from t)`. */
const WITH_FROM = new Set(['extract', 'trim', 'substring', 'position', 'overlay'])
const LOOKS_FOR_TABLE = new Set(['from', 'join'])

const TOKEN =
  /(--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\]|\\.|'')*'|\$\$[\s\S]*?\$\$)|((?:[A-Za-z_][\w$]*|"[^"]*")(?:\s*\.\s*(?:[A-Za-z_][\w$]*|"[^"]*"))*)|\S/g

/** Names that are not of three parts, in the schema `public` or in `snowflake.account_usage`; each once, as written. */
export function nonStandardTables(sql: string): string[] {
  const tokens = [...sql.matchAll(TOKEN)].flatMap(([text, dropped]) => (dropped === undefined ? [text] : []))
  const words = tokens.map((token) => token.replaceAll(/["\s]/g, '').toLowerCase())
  const own = queryNames(words)
  const found = new Set<string>()
  tableIndexes(words).forEach((index) => {
    const name = words[index]!
    if (!own.has(name) && !isKnownForm(name)) found.add(tokens[index]!)
  })
  return [...found]
}

function isKnownForm(name: string): boolean {
  const parts = name.split('.')
  if (parts.length !== 3) return false
  return parts[1] === 'public' || (parts[0] === 'snowflake' && parts[1] === 'account_usage')
}

/** The names of common table expressions: `name as (`, `name (columns) as (`. */
function queryNames(words: readonly string[]): Set<string> {
  const names = new Set<string>()
  words.forEach((word, index) => {
    if (word !== 'as' || words[index + 1] !== '(') return
    let before = index - 1
    if (words[before] === ')') while (before > 0 && words[before] !== '(') before--
    names.add(words[words[before] === '(' ? before - 1 : before] ?? '')
  })
  return names
}

function tableIndexes(words: readonly string[]): number[] {
  const indexes: number[] = []
  /** The word before each open bracket. */
  const brackets: string[] = []
  words.forEach((word, index) => {
    if (word === '(') brackets.push(words[index - 1] ?? '')
    else if (word === ')') brackets.pop()
    if (!LOOKS_FOR_TABLE.has(word) || WITH_FROM.has(brackets.at(-1) ?? '')) return
    const next = words[index + 1] ?? ''
    if (/^[a-z_]/.test(next) && !NO_TABLE.has(next) && words[index - 1] !== 'distinct')
      indexes.push(index + 1)
  })
  return indexes
}
