/**
 * What a plain YAML scalar means: the dialect of detection files, which is YAML 1.2 with the numbers of 1.1.
 * Answers in JSON text, so that `53.0` and integers beyond 2^53 keep their digits.
 */

const INTEGER = /^([-+]?)(?:0b(_*[01][01_]*)|0x(_*[0-9a-fA-F][0-9a-fA-F_]*)|(0[0-7_]*|[1-9][0-9_]*))$/
/** A dot is compulsory and an exponent needs its sign: `1e3` is text. */
const FLOAT = /^(?:([-+]?)([0-9][0-9_]*)\.([0-9_]*)|\.([0-9][0-9_]*))((?:[eE][-+][0-9]+)?)$/
const SEXAGESIMAL_FLOAT = /^([-+]?)([0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)$/
const INFINITY = /^([-+]?)\.(?:inf|Inf|INF)$/
const NOT_A_NUMBER = /^\.(?:nan|NaN|NAN)$/

const WORDS: ReadonlyMap<string, string> = new Map([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, 'null'] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, 'true'] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, 'false'] as const),
])

/** JSON text of null, a boolean or a number; undefined when the scalar is text. */
export function plainJson(text: string): string | undefined {
  const first = text.charCodeAt(0)
  const numeric = (first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46
  return numeric ? numberJson(text) : WORDS.get(text)
}

/** `.nan`: JSON has no word for it. */
export function isNotANumber(text: string): boolean {
  return text.charCodeAt(0) === 46 && NOT_A_NUMBER.test(text)
}

function numberJson(text: string): string | undefined {
  const integer = INTEGER.exec(text)
  if (integer) return integerJson(integer)
  const float = FLOAT.exec(text)
  if (float) return floatJson(float)
  const infinity = INFINITY.exec(text)
  // The shortest number that every JSON reader takes for infinity.
  if (infinity) return infinity[1] === '-' ? '-1e999' : '1e999'
  if (isNotANumber(text)) return 'null'
  const sexagesimal = SEXAGESIMAL_FLOAT.exec(text)
  return sexagesimal ? sexagesimalJson(sexagesimal[1]!, sexagesimal[2]!) : undefined
}

function integerJson([, sign, binary, hex, decimal]: RegExpExecArray): string {
  const digits =
    decimal !== undefined
      ? wholeNumber(decimal)
      : BigInt(binary !== undefined ? `0b${bare(binary)}` : `0x${bare(hex!)}`).toString()
  return sign === '-' && digits !== '0' ? `-${digits}` : digits
}

function floatJson([, sign, whole, fraction, bareFraction, exponent]: RegExpExecArray): string {
  const digits = `${wholeNumber(whole ?? '0')}.${bare(fraction ?? bareFraction ?? '') || '0'}${exponent}`
  return sign === '-' ? `-${digits}` : digits
}

function sexagesimalJson(sign: string, text: string): string {
  const value = bare(text)
    .split(':')
    .reduce((total, part) => total * 60 + Number(part), 0)
  const digits = String(value)
  return (sign === '-' ? '-' : '') + (/[.e]/.test(digits) ? digits : `${digits}.0`)
}

function bare(digits: string): string {
  return digits.replaceAll('_', '')
}

function wholeNumber(digits: string): string {
  return bare(digits).replace(/^0+(?=.)/, '') || '0'
}
