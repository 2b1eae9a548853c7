/** Small projects in temporary folders. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type LoadOptions, loadProject } from '../../src/config/load.ts'
import type { Catalog } from '../../src/core/catalog.ts'
import { DESTINATION_TYPES } from '../../src/destinations/_catalog.ts'
import type { DestinationType } from '../../src/destinations/_destination.ts'

export type Files = Readonly<Record<string, string | Uint8Array>>

/** Writes the files. The folder is removed when the test has ended. */
export function projectWith(files: Files): string {
  const parent = mkdtempSync(join(tmpdir(), 'signalbox-config-'))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  const root = join(parent, 'project')
  mkdirSync(root)
  for (const [path, content] of Object.entries(files)) write(join(root, path), content)
  return root
}

export function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

export function load(files: Files, options: Partial<LoadOptions> = {}) {
  return loadProject({ root: projectWith(files), destinationTypes: TYPES, ...options })
}

/** The destination types of these projects. */
export const TYPES = {
  alertmanager: DESTINATION_TYPES.alertmanager!,
  jira: DESTINATION_TYPES.jira!,
  msteams: DESTINATION_TYPES.msteams!,
  pagerduty: DESTINATION_TYPES.pagerduty!,
  s3: DESTINATION_TYPES.s3!,
  slack: DESTINATION_TYPES.slack!,
  sentinel: DESTINATION_TYPES.sentinel!,
  hook: async () => (await import('./destination-types/hook.ts')).default,
  quiet: async () => (await import('./destination-types/quiet.ts')).default,
  ringing: async () => (await import('./destination-types/ringing.ts')).default,
  ending: async () => (await import('./destination-types/ending.ts')).default,
} as unknown as Catalog<DestinationType>

export const BODY = 'def rule(event):\n    return True\n'

/** A sound rule; `extra` is appended, keys of `replace` take the place of the rule's own. */
export function rule(id: string, extra = '', replace: Readonly<Record<string, string>> = {}): string {
  const keys = {
    AnalysisType: 'rule',
    Filename: 'body.py',
    RuleID: id,
    Enabled: 'true',
    Severity: 'High',
    LogTypes: '[AWS.CloudTrail]',
    ...replace,
  }
  const lines = Object.entries(keys).map(([key, value]) => `${key}: ${value}\n`)
  return lines.join('') + extra
}

export const REGISTRY = `version: 1
fallback: [inbox]
destinations:
  - name: soc-slack
    id: 5c2f0a3e
    type: hook
    severities: [high, CRITICAL]
    options: { url: "\${env:URL}" }
  - name: inbox
    type: quiet
`
