/** Hints for common errors of YAML, by the words of the parser. Pure. */

const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /nested mappings are not allowed/i,
    'quote a text that contains ": ", or give the keys of one mapping the same indentation',
  ],
  [/block collections are not allowed within flow/i, 'quote a text that contains ": "'],
  [
    /block sequence may not be used as an implicit map key/i,
    'give the hyphens of one list the same indentation, and look above for a line without its hyphen',
  ],
  [
    /implicit (?:map )?keys? need/i,
    'end a key with a colon on the same line, and quote a text of several lines',
  ],
  [/unexpected flow-seq-start|unexpected flow-map-start/i, 'quote a text that begins with [ or {'],
  [
    /unexpected (?:scalar|double-quoted-scalar|single-quoted-scalar) at node end/i,
    'quote the whole text if it is one text',
  ],
  [
    /flow (?:sequence|map).*(?:must|end)|expected (?:a )?(?:flow|closing)|in flow collection/i,
    'close every [ with ] and every { with }',
  ],
  [/missing closing ["']quote/i, 'close the quote, or escape a quote inside of the text'],
  [
    /tabs? .*(?:indent|not allowed)|indentation/i,
    'indent with spaces, and by the same number for the keys of one mapping',
  ],
  [
    /all (?:collection|mapping|sequence) items must start at the same column/i,
    'indent the keys of one mapping, and the hyphens of one list, by the same number of spaces',
  ],
  [
    /plain value cannot start with|reserved character/i,
    'quote a text that begins with a special character such as @, `, % or *',
  ],
  [
    /invalid escape sequence|bad .*escape/i,
    'use single quotes: inside of double quotes a backslash begins an escape',
  ],
  [/missing , (?:or|between)|missing , /i, 'separate the items between [ ] or { } with commas'],
]

export function syntaxHint(message: string): string | null {
  return HINTS.find(([words]) => words.test(message))?.[1] ?? null
}
