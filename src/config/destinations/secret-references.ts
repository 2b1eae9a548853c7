/** `${env:X}` and `${file:PATH}` inside text: the one grammar of references. */

const REFERENCE = /\$\$\{|\$\{(?:(env|file):([^{}]+)|([^{}]*))(\}?)/g

export interface SecretReference {
  readonly kind: 'env' | 'file'
  readonly name: string
  /** The text of the whole reference. */
  readonly text: string
}

/** The references of a text, and texts that look like references and are invalid. */
export function findReferences(text: string): { references: SecretReference[]; malformed: string[] } {
  const references: SecretReference[] = []
  const malformed: string[] = []
  for (const match of text.matchAll(REFERENCE)) {
    const [whole, kind, name, , end] = match
    if (whole === '$${') continue
    if (kind && name?.trim() && end)
      references.push({ kind: kind as 'env' | 'file', name: name.trim(), text: whole })
    else malformed.push(whole)
  }
  return { references, malformed }
}

/** True for a malformed reference, too, which is reported separately. */
export function holdsReference(value: unknown): boolean {
  if (typeof value !== 'string') return false
  const { references, malformed } = findReferences(value)
  return references.length + malformed.length > 0
}

/** Replaces references; `$${` stands for `${`. What is malformed stays as it is. */
export function replaceReferences(text: string, replace: (reference: SecretReference) => string): string {
  return text.replace(REFERENCE, (whole: string, kind?: string, name?: string, _?: string, end?: string) => {
    if (whole === '$${') return '${'
    if (!kind || !name?.trim() || !end) return whole
    return replace({ kind: kind as 'env' | 'file', name: name.trim(), text: whole })
  })
}

type Options = Readonly<Record<string, unknown>>

/** Applies `change` to every text in the options. */
export function mapTexts(value: Options, change: (text: string) => string): Options {
  const map = (part: unknown): unknown => {
    if (typeof part === 'string') return change(part)
    if (Array.isArray(part)) return part.map(map)
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, map(inner)]))
  }
  return map(value) as Options
}

/** Every text in the options. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

/** True if the text is one reference and nothing else. */
export function isReference(text: string): boolean {
  const { references, malformed } = findReferences(text)
  return references.length === 1 && malformed.length === 0 && references[0]!.text === text
}
