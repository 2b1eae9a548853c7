/**
 * WORKER THREAD. The part of Python's regular expressions that a guard can decide, written out for JavaScript.
 * Only whether they match is asked, on texts of ASCII characters. Nothing interrupts a regular expression in
 * JavaScript, so each has a price.
 */

import { isAscii } from './guard-values.ts'

const IGNORE_CASE = 2
const MULTILINE = 8
const DOT_ALL = 16
const ASCII = 256
const MAX_PATTERN_CHARS = 5_000
const MAX_TEXT_CHARS = 20_000
/** Attempts of one match: the product of what each quantifier may try, at every position of the text. */
const MAX_ATTEMPTS = 1_000_000

export type PatternMode = 'search' | 'match' | 'fullmatch'

export interface Pattern {
  /** null: it could take too long on this text. */
  test(text: string): boolean | null
}

const CERTAIN = 0

class Untranslatable extends Error {}

/** null: the pattern has something that is not translated. */
export function translatePattern(pattern: string, flags: number, mode: PatternMode): Pattern | null {
  if ((flags & ~(IGNORE_CASE | MULTILINE | DOT_ALL | ASCII)) !== 0) return null
  if (pattern.length > MAX_PATTERN_CHARS || !isAscii(pattern)) return null
  try {
    const translation = new Translation(pattern, flags)
    const source = translation.whole()
    const anchored = mode === 'search' ? source : `^(?:${source})${mode === 'fullmatch' ? '$' : ''}`
    const expression = new RegExp(anchored, translation.ignoresCase ? 'i' : '')
    const prefix = translation.prefix()
    const { spans } = translation
    const isCheap = (text: string) => {
      if (text.length > MAX_TEXT_CHARS) return false
      if (mode !== 'search') return attemptsOf(spans, text.length, 1) <= MAX_ATTEMPTS
      // The places at which a match can begin are counted only where that matters.
      if (attemptsOf(spans, text.length, text.length + 1) <= MAX_ATTEMPTS) return true
      const starts = occurrences(text, prefix, expression.ignoreCase)
      return attemptsOf(spans, text.length, starts) <= MAX_ATTEMPTS
    }
    return { test: (text) => (isCheap(text) ? expression.test(text) : null) }
  } catch {
    return null
  }
}

/** A quantifier that can end at one position only (`CERTAIN`) is not tried again; all of them together read the text once. */
function attemptsOf(spans: readonly number[], length: number, starts: number): number {
  let attempts = spans.includes(CERTAIN) ? starts * (length + 1) : starts
  for (const span of spans) if (span !== CERTAIN) attempts *= Math.min(span, length + 1)
  return attempts
}

/** The number of positions at which a match can begin. */
function occurrences(text: string, prefix: string, ignoresCase: boolean): number {
  if (prefix === '') return text.length + 1
  return ignoresCase ? text.toLowerCase().split(prefix.toLowerCase()).length : text.split(prefix).length
}

const CLASSES: Readonly<Record<string, string>> = { d: '0-9', w: 'A-Za-z0-9_' }
const CONTROLS: Readonly<Record<string, string>> = {
  n: '\\n',
  t: '\\t',
  r: '\\r',
  f: '\\f',
  v: '\\v',
  a: '\\x07',
}

class Translation {
  /** How many lengths each quantifier may try. */
  readonly spans: number[] = []
  ignoresCase: boolean
  readonly #pattern: string
  readonly #flags: number
  #at = 0

  constructor(pattern: string, flags: number) {
    const inline = /^\(\?([ims]+)\)/.exec(pattern)
    const letters: Record<string, number> = { i: IGNORE_CASE, m: MULTILINE, s: DOT_ALL }
    this.#pattern = inline ? pattern.slice(inline[0].length) : pattern
    this.#flags = (inline?.[1] ?? '').split('').reduce((all, letter) => all | letters[letter]!, flags)
    this.ignoresCase = (this.#flags & IGNORE_CASE) !== 0
  }

  whole(): string {
    const source = this.#alternatives()
    if (this.#at < this.#pattern.length) throw new Untranslatable()
    return source
  }

  #alternatives(): string {
    const found = [this.#sequence()]
    while (this.#take('|')) found.push(this.#sequence())
    return found.join('|')
  }

  #sequence(): string {
    let source = ''
    while (this.#at < this.#pattern.length && !'|)'.includes(this.#peek())) source += this.#quantified()
    return source
  }

  #quantified(): string {
    const before = this.spans.length
    const start = this.#at
    const atom = this.#atom()
    const isAssertion = '^$'.includes(this.#pattern[start]!) || /^\\[AZ]/.test(this.#pattern.slice(start))
    const quantifier = /^(?:[*+?]|\{(\d*)(,?)(\d*)\})/.exec(this.#pattern.slice(this.#at))
    if (!quantifier || quantifier[0] === '{}' || quantifier[0] === '{,}') {
      if (quantifier) throw new Untranslatable()
      return atom
    }
    this.#at += quantifier[0].length
    const [least, most] = boundsOf(quantifier)
    const isRepeated = most > 1
    if (isAssertion || least > most) throw new Untranslatable()
    if (isRepeated && this.spans.length > before && !this.#isCertainGroup(atom, before)) {
      throw new Untranslatable()
    }
    const isLazy = this.#take('?')
    const isCertain = isRepeated && this.#cannotContinue(atom)
    this.spans.push(isCertain ? CERTAIN : most === Number.POSITIVE_INFINITY ? most : most - least + 1)
    if ('*+?{'.includes(this.#peek() || ' ')) throw new Untranslatable()
    const bound = most === Number.POSITIVE_INFINITY ? '' : String(most)
    return `${atom}{${least},${bound}}${isLazy ? '?' : ''}`
  }

  /** Whether each round of a repeated group ends at one position only, so that rounds do not multiply. */
  #isCertainGroup(atom: string, before: number): boolean {
    return !atom.includes('|') && this.spans.slice(before).every((span) => span === CERTAIN)
  }

  /** Literal text at the beginning that every match has. */
  prefix(): string {
    const found = /^(?:[A-Za-z0-9_:/ ,=@"'<>-]|\\[./])*(?![*?{+])/.exec(this.#pattern)?.[0] ?? ''
    const isAlternative = this.#pattern.includes('|')
    if (isAlternative) return ''
    // What a quantifier follows may be absent.
    const rest = this.#pattern.slice(found.length)
    const certain = /^[*?{+]/.test(rest) ? found.replace(/\\?.$/, '') : found
    return certain.replaceAll('\\', '')
  }

  /** Whether what follows begins with a sign that the repeated atom, a single sign itself, cannot be. */
  #cannotContinue(atom: string): boolean {
    const isSingle = /^(?:\[[^\]]*\]|[A-Za-z0-9_]|\\x[0-9a-f]{2})$/.test(atom)
    const next = /^(?:([A-Za-z0-9_:/ ,=@"'<>-])|\\([^A-Za-z0-9]|s(?=\+|[^*?{]|$)))(?![*?{])/.exec(
      this.#pattern.slice(this.#at),
    )
    if (!isSingle || !next) return false
    const signs = next[2] === 's' ? ' \t\n\r\f\v\x1c\x1d\x1e\x1f' : (next[1] ?? next[2]!)
    const single = new RegExp(`^${atom}$`, this.ignoresCase ? 'i' : '')
    return !signs.split('').some((sign) => single.test(sign))
  }

  #atom(): string {
    const sign = this.#next()
    if (sign === '(') return this.#group()
    if (sign === '[') return this.#class()
    if (sign === '.') return (this.#flags & DOT_ALL) !== 0 ? '[^]' : '[^\\n]'
    if (sign === '^') return (this.#flags & MULTILINE) !== 0 ? '(?<![^\\n])' : '^'
    if (sign === '$') return (this.#flags & MULTILINE) !== 0 ? '(?![^\\n])' : '(?=\\n?$)'
    if (sign === '\\') return this.#escape()
    if ('*+?{'.includes(sign)) throw new Untranslatable()
    return literal(sign)
  }

  #group(): string {
    if (this.#take('?') && !this.#take(':')) {
      const name = /^P<[A-Za-z_]\w*>/.exec(this.#pattern.slice(this.#at))
      if (!name) throw new Untranslatable()
      this.#at += name[0].length
    }
    const inner = this.#alternatives()
    if (!this.#take(')')) throw new Untranslatable()
    return `(?:${inner})`
  }

  #escape(): string {
    const sign = this.#next()
    if (sign === 'A') return '^'
    if (sign === 'Z') return '$'
    const members = this.#members(sign)
    if (members) return `[${members}]`
    if ('DWS'.includes(sign)) return `[^${this.#members(sign.toLowerCase())}]`
    return this.#escapedLiteral(sign)
  }

  #members(sign: string): string | undefined {
    if (sign !== 's') return CLASSES[sign]
    return (this.#flags & ASCII) !== 0 ? ' \\t\\n\\r\\f\\v' : ' \\t\\n\\r\\f\\v\\x1c-\\x1f'
  }

  #escapedLiteral(sign: string): string {
    if (CONTROLS[sign]) return CONTROLS[sign]
    if (sign === 'x') {
      const digits = /^[0-7][0-9A-Fa-f]/.exec(this.#pattern.slice(this.#at))
      if (!digits) throw new Untranslatable()
      this.#at += 2
      return `\\x${digits[0]}`
    }
    if (/[A-Za-z0-9]/.test(sign)) throw new Untranslatable()
    return literal(sign)
  }

  #class(): string {
    const isNegated = this.#take('^')
    let members = ''
    for (let isFirst = true; isFirst || this.#peek() !== ']'; isFirst = false) members += this.#member()
    this.#at++
    return `[${isNegated ? '^' : ''}${members}]`
  }

  #member(): string {
    const from = this.#classSign()
    if (this.#peek() !== '-' || this.#pattern[this.#at + 1] === ']') return from
    this.#at++
    const to = this.#classSign()
    // A range of classes is an error in Python.
    if (from.length > 4 || to.length > 4) throw new Untranslatable()
    return `${from}-${to}`
  }

  #classSign(): string {
    const sign = this.#next()
    // Doubled signs are reserved for set operations.
    if ('&|~-['.includes(sign) && this.#peek() === sign) throw new Untranslatable()
    if (sign === '[' && this.#peek() === ':') throw new Untranslatable()
    if (sign !== '\\') return literal(sign)
    const escaped = this.#next()
    return this.#members(escaped) ?? this.#escapedLiteral(escaped)
  }

  #peek(): string {
    return this.#pattern[this.#at] ?? ''
  }

  #next(): string {
    const sign = this.#pattern[this.#at++]
    if (sign === undefined) throw new Untranslatable()
    return sign
  }

  #take(sign: string): boolean {
    if (this.#peek() !== sign) return false
    this.#at++
    return true
  }
}

function boundsOf([text, least, comma, most]: RegExpExecArray): [number, number] {
  if (text === '*') return [0, Number.POSITIVE_INFINITY]
  if (text === '+') return [1, Number.POSITIVE_INFINITY]
  if (text === '?') return [0, 1]
  const from = least ? Number(least) : 0
  if (!comma) return [from, from]
  return [from, most ? Number(most) : Number.POSITIVE_INFINITY]
}

/** Written so that it means itself inside and outside of a class. */
function literal(sign: string): string {
  return /[A-Za-z0-9_]/.test(sign) ? sign : `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`
}
