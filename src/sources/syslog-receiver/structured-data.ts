/** Parses the structured data of RFC 5424. Pure. */

type Parameters = Record<string, string | string[]>

/** One parameter: a name, and a value in which `"`, `\` and `]` are escaped. */
const PARAMETER = / +([!#-<>-\\^-~]+)="((?:[^"\\\]]|\\[\s\S])*)"/y
const ELEMENT_ID = /\[([!#-<>-\\^-~]+)/y

interface StructuredData {
  /** The parameters by the ids of the elements; null for `-`. A name that is repeated has a list of its values. */
  readonly data: Readonly<Record<string, Parameters>> | null
  /** The text after the structured data. */
  readonly rest: string
}

/** Returns null for text that does not begin with structured data. */
export function parseStructuredData(text: string): StructuredData | null {
  if (text === '-' || text.startsWith('- ')) return { data: null, rest: text.slice(2) }
  const elements = new Map<string, Map<string, string | string[]>>()
  let at = 0
  while (text[at] === '[') {
    const id = matchAt(ELEMENT_ID, text, at)
    if (id === null) return null
    at += id[0].length
    const parameters = elements.get(id[1]!) ?? new Map<string, string | string[]>()
    elements.set(id[1]!, parameters)
    for (let found = matchAt(PARAMETER, text, at); found; found = matchAt(PARAMETER, text, at)) {
      at += found[0].length
      addValue(parameters, found[1]!, found[2]!.replaceAll(/\\(["\\\]])/g, '$1'))
    }
    const close = /^ *\]/.exec(text.slice(at, at + 16))
    if (!close) return null
    at += close[0].length
  }
  if (elements.size === 0 || (at < text.length && text[at] !== ' ')) return null
  const data = Object.fromEntries([...elements].map(([id, values]) => [id, Object.fromEntries(values)]))
  return { data, rest: text.slice(at + 1) }
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

function addValue(parameters: Map<string, string | string[]>, name: string, value: string): void {
  const known = parameters.get(name)
  if (known === undefined) parameters.set(name, value)
  else if (typeof known === 'string') parameters.set(name, [known, value])
  else known.push(value)
}
