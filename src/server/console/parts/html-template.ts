/** A template of HTML: every value is text unless it is HTML that this template has made. Pure. */
import { Bug } from '../../../errors.ts'
import { visibleText } from './visible-text.ts'

/** Text that is HTML, which `html` and `raw` make. */
export class Html {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

/** What a place of a template accepts. `null`, `undefined` and `false` are left out. */
export type HtmlValue = Html | string | number | null | undefined | false | readonly HtmlValue[]

/** An attribute whose value is a URL, and nothing of it is written yet. */
const URL_ATTRIBUTE = /\s(?:href|src|action|formaction)="$/
/** An attribute without quotes, whose value could begin another attribute. */
const UNQUOTED = /=\s*$/
/** The content of these elements is no text, so no value may be placed there. */
const NOT_TEXT = /<(?:script|style)\b[^>]*>[^<]*$/i

export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let text = strings[0]!
  values.forEach((value, i) => {
    const before = strings[i]!
    if (UNQUOTED.test(before)) throw new Bug('a value of the template is in an attribute without quotes')
    if (NOT_TEXT.test(before)) throw new Bug('a value of the template is in a script or style element')
    text += URL_ATTRIBUTE.test(before) ? escapeHtml(safeUrl(String(value))) : markupOf(value)
    text += strings[i + 1]!
  })
  return new Html(text)
}

/** Takes markup as it is. Only drawings of `src/drawings`, which escape what they are given, may be passed. */
export function raw(markup: string): Html {
  return new Html(markup)
}

function markupOf(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return ''
  if (value instanceof Html) return value.toString()
  if (Array.isArray(value)) return value.map(markupOf).join('')
  return escapeHtml(String(value))
}

/** A path of this server, or an address of http or https; anything else leads nowhere. */
function safeUrl(url: string): string {
  return /^(?:[/?](?![/\\])|[?#]|\/$)/.test(url) || isWebAddress(url) ? url : '#'
}

export function isWebAddress(url: string): boolean {
  return /^https?:\/\//i.test(url) && URL.canParse(url)
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return visibleText(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!)
}
