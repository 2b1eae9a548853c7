/** Checks over all specs: ids are unique, a log type has one enabled data model, and packs name what exists. */
import { nearest } from '../../core/did-you-mean.ts'
import type { ProblemList } from '../files/problems.ts'
import { AWS_RESOURCE_TYPES } from '../schemas/resource-types.ts'
import { nodeAt } from '../yaml/schema-check.ts'
import { child } from '../yaml/yaml.ts'
import { memberNames } from './correlation-members.ts'
import { nodeOf, type Spec } from './spec.ts'
import { nonStandardTables } from './table-names.ts'

/** Reports duplicates in the later file, by the order of paths. */
export function crossCheck(specs: readonly Spec[], isWhole: boolean, problems: ProblemList): void {
  checkIds(specs, problems)
  checkTags(specs, problems)
  checkResourceTypes(specs, problems)
  checkTables(specs, problems)
  checkDataModels(specs, problems)
  // A part of the project does not show what is missing.
  if (!isWhole) return
  checkPacks(specs, problems)
  checkMembers(specs, problems)
}

function checkIds(specs: readonly Spec[], problems: ProblemList): void {
  const first = new Map<string, Spec>()
  for (const spec of specs) {
    const other = first.get(spec.id)
    if (!other) first.set(spec.id, spec)
    else {
      problems.error(spec.source, spec.idOffset, {
        code: 'duplicate-id',
        message: `duplicate id "${spec.id}": already used in ${other.source.file}:${other.source.locationAt(other.idOffset).line}`,
        hint: 'choose an id that is unique over all types of content',
      })
    }
  }
}

/** Reports tags that differ only in case. The schema reports exact duplicates. */
function checkTags(specs: readonly Spec[], problems: ProblemList): void {
  for (const spec of specs) {
    if (!hasCaseDuplicates(spec.value.Tags)) continue
    const tags = nodeOf(spec, 'Tags')
    if (tags?.kind !== 'sequence') continue
    const seen = new Map<string, string>()
    for (const tag of tags.items) {
      if (tag.kind !== 'scalar') continue
      const other = seen.get(tag.text.toLowerCase())
      if (other !== undefined && other !== tag.text) {
        problems.error(spec.source, tag.offset, {
          code: 'duplicate-item',
          message: `the tags "${other}" and "${tag.text}" differ only in case`,
        })
      }
      seen.set(tag.text.toLowerCase(), tag.text)
    }
  }
}

function hasCaseDuplicates(tags: unknown): boolean {
  return Array.isArray(tags) && new Set(tags.map((tag) => String(tag).toLowerCase())).size < tags.length
}

/** A policy on a type that does not exist never sees a resource. */
function checkResourceTypes(specs: readonly Spec[], problems: ProblemList): void {
  for (const spec of specs) {
    const { ResourceTypes: types } = spec.value
    if (spec.type !== 'policy' || !Array.isArray(types) || !types.some(isMistyped)) continue
    const node = nodeOf(spec, 'ResourceTypes')
    for (const item of node?.kind === 'sequence' ? node.items : []) {
      if (item.kind !== 'scalar' || !isMistyped(item.text)) continue
      const near = nearest(item.text, AWS_RESOURCE_TYPES)
      problems.error(spec.source, item.offset, {
        code: 'unknown-resource-type',
        message: `unknown AWS resource type ${item.text}`,
        hint: near ? `did you mean "${near}"?` : null,
      })
    }
  }
}

function isMistyped(type: unknown): boolean {
  return typeof type === 'string' && type.startsWith('AWS.') && !AWS_RESOURCE_TYPES.has(type)
}

/** Warns about table names. Queries never run here, so this is no error. */
function checkTables(specs: readonly Spec[], problems: ProblemList): void {
  for (const spec of specs.filter(({ type }) => type === 'scheduled_query')) {
    for (const key of ['Query', 'SnowflakeQuery']) {
      const sql = spec.value[key]
      const tables = typeof sql === 'string' ? nonStandardTables(sql) : []
      if (tables.length === 0) continue
      problems.warning(spec.source, nodeOf(spec, key)!.offset, {
        code: 'table-name',
        message: `panther_analysis_tool rejects the table names of this query: ${tables.join(', ')}`,
        hint: 'write DATABASE.public.TABLE, or snowflake.account_usage.TABLE',
      })
    }
  }
}

function checkDataModels(specs: readonly Spec[], problems: ProblemList): void {
  const models = new Map<unknown, Spec>()
  for (const spec of specs) {
    const { LogTypes: logTypes } = spec.value
    if (spec.type !== 'datamodel' || spec.value.Enabled !== true) continue
    if (!Array.isArray(logTypes) || problems.hasError(spec.source.file)) continue
    for (const [at, logType] of logTypes.entries()) {
      const other = models.get(logType)
      if (!other) models.set(logType, spec)
      else if (other !== spec) {
        problems.error(spec.source, nodeAt(spec.node, `/LogTypes/${at}`).offset, {
          code: 'duplicate-data-model',
          message: `${String(logType)} already has an enabled data model in ${other.source.file}`,
          hint: 'set Enabled: false in one of the two',
        })
      }
    }
  }
}

/** A correlation rule whose member does not exist waits for signals that do not exist. */
function checkMembers(specs: readonly Spec[], problems: ProblemList): void {
  const ids = new Set(specs.map((spec) => spec.id))
  for (const spec of specs) {
    if (spec.type !== 'correlation_rule' || problems.hasError(spec.source.file)) continue
    for (const rule of memberNames(spec)) {
      if (ids.has(rule.text)) continue
      const near = nearest(rule.text, ids)
      problems.warning(spec.source, rule.offset, {
        code: 'unknown-member',
        message: `unknown rule "${rule.text}": this step never happens`,
        hint: near ? `did you mean "${near}"?` : null,
      })
    }
  }
}

/** True for a pack whose ids all exist: its text is not parsed again. */
function namesOnly(ids: ReadonlySet<string>, definition: unknown): boolean {
  const { IDs: members } = (definition ?? {}) as { IDs?: unknown }
  return Array.isArray(members) && members.every((id) => ids.has(id as string))
}

function checkPacks(specs: readonly Spec[], problems: ProblemList): void {
  const ids = new Set(specs.map((spec) => spec.id))
  for (const spec of specs) {
    if (spec.type !== 'pack' || namesOnly(ids, spec.value.PackDefinition)) continue
    const members = child(child(spec.node, 'PackDefinition'), 'IDs')
    if (members?.kind !== 'sequence') continue
    for (const member of members.items) {
      if (member.kind !== 'scalar' || ids.has(member.text)) continue
      const near = nearest(member.text, ids)
      problems.error(spec.source, member.offset, {
        code: 'unknown-pack-member',
        message: `unknown id "${member.text}"`,
        hint: near ? `did you mean "${near}"?` : null,
      })
    }
  }
}
