/**
 * PostgreSQL refuses the character U+0000 and half surrogate pairs, which events can contain. Both are written as an
 * escape that begins with a character of the private use area, and that character itself, too.
 */

const ESCAPE = '\uE000'
const SPECIAL = /[\0\uE000]|\p{Surrogate}/gu
const ESCAPED = /\uE000(0|e|u[0-9a-f]{4})/g

export function encodeText(text: string): string {
  if (!text.includes('\0') && !text.includes(ESCAPE) && text.isWellFormed()) return text
  return text.replace(SPECIAL, (char) => {
    if (char === '\0') return `${ESCAPE}0`
    return char === ESCAPE ? `${ESCAPE}e` : `${ESCAPE}u${char.charCodeAt(0).toString(16)}`
  })
}

export function decodeText(text: string): string {
  if (!text.includes(ESCAPE)) return text
  return text.replace(ESCAPED, (_, escaped: string) => {
    if (escaped === '0') return '\0'
    return escaped === 'e' ? ESCAPE : String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
  })
}

/** Returns the JSON text of a value, whose texts are encoded. Keys of objects are not. */
export function encodeJson(value: unknown): string {
  const json = JSON.stringify(value)
  // JSON.stringify escapes these characters, so a text without such escapes has none of them.
  if (!json.includes('\\u0000') && !json.includes('\\ud') && !json.includes(ESCAPE)) return json
  return JSON.stringify(value, (_, each) => (typeof each === 'string' ? encodeText(each) : each))
}

export function decodeJson(json: string): unknown {
  if (!json.includes(ESCAPE)) return JSON.parse(json)
  return JSON.parse(json, (_, each) => (typeof each === 'string' ? decodeText(each) : each))
}
