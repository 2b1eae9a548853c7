/** Replaces secrets and personal data in the JSON text of an event by pseudonyms. Equal values get equal pseudonyms. Pure. */
import { createHmac } from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'

export interface MaskRules {
  readonly secrets: boolean
  readonly personal: boolean
  /** The names of fields, at any depth, whose values are masked as well. */
  readonly fields: readonly string[]
}

/** Returns the text with pseudonyms; everything else in it stays as it is, long numbers included. */
export type Masker = (json: string) => string

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],]|[^"{}[\],]+/gs
const SECRET_FIELD =
  /(?:password|passwd|passphrase|secret|secret_?access_?key|token|api_?key|authorization|cookie|private_?key|credentials?)$/i
const SECRETS =
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bxox[a-z]-[\w-]{10,}|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)|(?<=\bBearer )[\w.~+/-]{8,}=*/g
const EMAIL = /[\w.!#$%&'*+/=?^`{|}~-]+@[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.[a-z]{2,}/gi
const IPV4 = /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)/g
const IPV6 = /(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:.])/gi
/** Addresses inside of a network say nothing about a person, and detections distinguish them. */
const INSIDE_IPV4 = /^(?:0\.|10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/
const INSIDE_IPV6 = /^(?:::1?$|f[cd]|fe[89ab])/i
/** A shorter value is masked in its own field only, because it occurs by chance in other texts. */
const MIN_VALUE_CHARS = 3

/** What stands around a token: the object or list, and the name of the field that contains it. */
interface Level {
  readonly isObject: boolean
  field: string
  awaitsName: boolean
}

/** @param key with the same key, equal values of several events have the same pseudonym. */
export function createMasker(rules: MaskRules, key: Buffer): Masker {
  const named = new Set(rules.fields)
  const hash = (text: string) => createHmac('sha256', key).update(text).digest()
  const isMasked = (field: string) => named.has(field) || (rules.secrets && SECRET_FIELD.test(field))
  const whole = (text: string) => (text === '' ? text : `masked-${hash(text).toString('hex', 0, 4)}`)

  const maskText = (text: string, known: ReadonlyMap<string, string>): string => {
    let masked = text
    if (rules.secrets) masked = masked.replace(SECRETS, whole)
    if (rules.personal) {
      masked = masked
        .replace(EMAIL, (mail) => `user-${hash(mail.toLowerCase()).toString('hex', 0, 4)}@example.com`)
        .replace(IPV4, (address) => maskIPv4(address, hash))
        .replace(IPV6, (address) => maskIPv6(address, hash))
    }
    for (const [value, pseudonym] of known) masked = replaceWords(masked, value, pseudonym)
    return masked
  }

  return (json) => {
    const known = new Map<string, string>()
    walk(json, (token, field, isName) => {
      if (isName || !isMasked(field) || !token.startsWith('"')) return token
      const value = JSON.parse(token) as string
      if (value.length >= MIN_VALUE_CHARS) known.set(value, whole(value))
      return token
    })
    return walk(json, (token, field, isName) => {
      if (!token.startsWith('"')) return !isName && isMasked(field) ? maskNumber(token, hash) : token
      const value = JSON.parse(token) as string
      const masked = !isName && isMasked(field) ? whole(value) : maskText(value, known)
      return masked === value ? token : JSON.stringify(masked)
    })
  }
}

/** Calls the function with each name and each scalar value of a JSON text, and returns the text with the results. */
function walk(json: string, each: (token: string, field: string, isName: boolean) => string): string {
  const levels: Level[] = []
  return json.replace(TOKENS, (token) => {
    const level = levels.at(-1)
    const field = level?.field ?? ''
    switch (token) {
      case '{':
      case '[':
        levels.push({ isObject: token === '{', field, awaitsName: token === '{' })
        return token
      case '}':
      case ']':
        levels.pop()
        return token
      case ',':
        if (level?.isObject) level.awaitsName = true
        return token
    }
    if (!token.startsWith('"')) return /[^\s:]/.test(token) ? each(token, field, false) : token
    if (!level?.awaitsName) return each(token, field, false)
    level.awaitsName = false
    level.field = JSON.parse(token) as string
    return each(token, level.field, true)
  })
}

function replaceWords(text: string, value: string, pseudonym: string): string {
  let result = ''
  let from = 0
  for (let at = text.indexOf(value); at !== -1; at = text.indexOf(value, at + value.length)) {
    const isWord = !/\w/.test(text[at - 1] ?? '') && !/\w/.test(text[at + value.length] ?? '')
    if (!isWord) continue
    result += text.slice(from, at) + pseudonym
    from = at + value.length
  }
  return result + text.slice(from)
}

type Hash = (text: string) => Buffer

/** `null`, `true` and `false` stay. */
function maskNumber(token: string, hash: Hash): string {
  return token.replace(/-?\d[\d.eE+-]*/, (number) => String(hash(number).readUInt32BE() % 1_000_000))
}

/** The addresses of 198.18.0.0/15 belong to no network. */
function maskIPv4(address: string, hash: Hash): string {
  if (!isIPv4(address) || INSIDE_IPV4.test(address)) return address
  const bytes = hash(address)
  return `198.${18 + (bytes[0]! & 1)}.${bytes[1]}.${bytes[2]}`
}

/** The addresses of 2001:db8::/32 are those of documentation. */
function maskIPv6(address: string, hash: Hash): string {
  if (!isIPv6(address) || INSIDE_IPV6.test(address)) return address
  const hex = hash(address.toLowerCase()).toString('hex', 0, 4)
  return `2001:db8::${hex.slice(0, 4)}:${hex.slice(4)}`
}

/** @param names `secrets`, `personal` and names of fields. */
export function maskRulesOf(names: readonly string[]): MaskRules {
  return {
    secrets: names.includes('secrets'),
    personal: names.includes('personal'),
    fields: names.filter((name) => name !== 'secrets' && name !== 'personal'),
  }
}
