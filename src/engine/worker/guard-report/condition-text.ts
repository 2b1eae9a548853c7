/** WORKER THREAD. Index conditions as Python expressions. */
import type { FieldPath, IndexCondition } from '../event-index/index-condition.ts'
import { pythonText } from './python-text.ts'

export function conditionText({ path, kind, values, letterCase }: IndexCondition): string {
  const field = fieldText(path)
  const text = letterCase === null ? field : `${field}.${letterCase}()`
  const [only] = values
  switch (kind) {
    case 'present':
      return `${field} is present`
    case 'equal':
      return values.length === 1 ? `${text} == ${pythonText(only)}` : `${text} in (${listed(values)})`
    case 'contains':
      return values.map((value) => `${pythonText(value)} in ${text}`).join(' or ')
    case 'prefix':
    case 'suffix': {
      const method = kind === 'prefix' ? 'startswith' : 'endswith'
      return `${text}.${method}(${values.length === 1 ? pythonText(only) : `(${listed(values)})`})`
    }
  }
}

const MAX_LISTED = 12

function listed(values: IndexCondition['values']): string {
  const shown = values.slice(0, MAX_LISTED).map(pythonText)
  return [...shown, ...(values.length > MAX_LISTED ? ['…'] : [])].join(', ')
}

function fieldText({ keys }: FieldPath): string {
  const names = keys.map((key) => JSON.stringify(key)).join(', ')
  return keys.length === 1 ? `event.get(${names})` : `event.deep_get(${names})`
}
