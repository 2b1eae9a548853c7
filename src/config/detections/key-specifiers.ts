/** Keys of events as specs write them: `Key`, `DeepKey`, `KeyPath`, and templates that hold paths. */
import type { Key, KeyStep, Template } from '../../model/project/match-expression.ts'
import { child, toValue } from '../yaml/yaml.ts'
import type { YamlNode } from '../yaml/yaml-tree.ts'

const KEY_FORMS = ['Key', 'DeepKey', 'KeyPath'] as const
export type KeyForm = (typeof KEY_FORMS)[number]

/** The form that a mapping uses; undefined: it names no key. */
export function keyFormOf(node: YamlNode): KeyForm | undefined {
  return KEY_FORMS.find((form) => child(node, form) !== undefined)
}

/** The key, or what is wrong with it. */
export function readKey(form: KeyForm, node: YamlNode): Key | string {
  const value = toValue(node)
  if (form === 'DeepKey') {
    const isList = Array.isArray(value) && value.length > 0 && value.every(isStep)
    return isList ? value : 'DeepKey must be a list of names and indexes'
  }
  if (typeof value !== 'string' || value === '') return `${form} must be text`
  return form === 'Key' ? [value] : readPath(value)
}

function isStep(value: unknown): value is string | number {
  return typeof value === 'string' || Number.isInteger(value)
}

/** `a.b[0].c[*]`; a name that holds dots or brackets stands in quotes: `a["b.c"]`. */
export function readPath(path: string): Key | string {
  const steps: KeyStep[] = []
  const step = /(?:^|\.)([^.[\]]+)|\[(-?\d+)\]|\[(\*)\]|\[(?:"([^"]*)"|'([^']*)')\]/y
  const text = path.replace(/^\$\.?/, '')
  while (step.lastIndex < text.length) {
    const [whole, name, index, every, double, single] = step.exec(text) ?? []
    if (whole === undefined) return `invalid path "${path}": expected a path such as a.b[0].c`
    if (every) steps.push(null)
    else steps.push(index === undefined ? (name ?? double ?? single)! : Number(index))
  }
  return steps.length > 0 ? steps : `invalid path "${path}": expected a path such as a.b[0].c`
}

/** `text {a.b} text`; what is wrong with it as a text. */
export function readTemplate(template: string): Template | string {
  const texts: string[] = []
  const keys: Key[] = []
  let end = 0
  for (const match of template.matchAll(/\{([^{}]*)\}/g)) {
    const key = readPath(match[1]!.trim())
    if (typeof key === 'string') return key
    texts.push(template.slice(end, match.index))
    keys.push(key)
    end = match.index + match[0].length
  }
  return { texts: [...texts, template.slice(end)], keys }
}
